/* The auth members of the configs of sources and destinations: what is verified, and what is sent. */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include "api/validate.h"
#include "http/head.h"
#include "http/url.h"

enum { KEY_MOST = 255, SECRET_MOST = 4096, HEADER_MOST = 1024, TOKEN_MOST = 16384 };

#define WHERE "config.auth."
#define FILLED(member, longest) {member, VALUE_TEXT, .required = true, .least = 1, .most = longest}

static const char *const ALGORITHM_NAMES[] = {"md5", "sha1", "sha256", "sha512", NULL};
static const char *const ENCODING_NAMES[] = {"base64", "base64url", "hex", NULL};
static const char *const PLACE_NAMES[] = {"header", "query", NULL};
static const char *const CLIENT_AUTHENTICATION_NAMES[] = {"basic", "bearer", "x-www-form-urlencoded", NULL};

static const struct field_row verified_hmac[] = {
    FILLED("header_key", KEY_MOST), FILLED("webhook_secret_key", SECRET_MOST),
    {"algorithm", VALUE_TEXT | VALUE_NULL, .names = ALGORITHM_NAMES},
    {"encoding", VALUE_TEXT | VALUE_NULL, .names = ENCODING_NAMES}, END,
};
static const struct field_row verified_basic[] = {FILLED("username", KEY_MOST), FILLED("password", KEY_MOST), END};
static const struct field_row verified_key[] = {
    FILLED("header_key", KEY_MOST), FILLED("api_key", HEADER_MOST), END,
};

static const struct field_row sent_signature[] = {END};
static const struct field_row sent_custom_signature[] = {
    FILLED("key", KEY_MOST), FILLED("signing_secret", SECRET_MOST), END,
};
static const struct field_row sent_basic[] = {
    {"username", VALUE_TEXT, .required = true, .most = KEY_MOST},
    {"password", VALUE_TEXT, .required = true, .most = SECRET_MOST}, END,
};
static const struct field_row sent_key[] = {
    FILLED("key", KEY_MOST), FILLED("api_key", SECRET_MOST),
    {"to", VALUE_TEXT | VALUE_NULL, .names = PLACE_NAMES}, END,
};
static const struct field_row sent_bearer[] = {FILLED("token", SECRET_MOST), END};
static const struct field_row sent_client_credentials[] = {
    FILLED("auth_server", URL_MOST), FILLED("client_id", SECRET_MOST), FILLED("client_secret", SECRET_MOST),
    {"scope", VALUE_TEXT | VALUE_NULL, .most = SECRET_MOST},
    {"authentication_type", VALUE_TEXT | VALUE_NULL, .names = CLIENT_AUTHENTICATION_NAMES}, END,
};
static const struct field_row sent_authorization_code[] = {
    FILLED("auth_server", URL_MOST), FILLED("client_id", SECRET_MOST), FILLED("client_secret", SECRET_MOST),
    FILLED("refresh_token", TOKEN_MOST), {"scope", VALUE_TEXT | VALUE_NULL, .most = SECRET_MOST},
    {"authentication_type", VALUE_TEXT | VALUE_NULL, .names = CLIENT_AUTHENTICATION_NAMES}, END,
};
static const struct field_row sent_aws[] = {
    FILLED("access_key_id", KEY_MOST), FILLED("secret_access_key", SECRET_MOST), FILLED("region", KEY_MOST),
    FILLED("service", KEY_MOST), END,
};
static const struct field_row sent_service_account[] = {
    FILLED("service_account_key", TOKEN_MOST), {"scope", VALUE_TEXT | VALUE_NULL, .most = SECRET_MOST}, END,
};
static const struct field_row sent_standard_webhooks[] = {FILLED("secret", SECRET_MOST), END};

/* Headers that the client sets by itself, or that belong to one connection only. */
static bool is_reserved(struct text name)
{
    static const char *const names[] = {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
        "trailer", "upgrade", "expect",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_equal_ignoring_case(name, text_of(names[i])))
            return true;
    }
    return false;
}

static void check_header_name(struct call *call, const json_t *auth, const char *member)
{
    struct text name = json_member_text(auth, member);
    if (name.size == 0)
        return;
    if (!head_is_token(name))
        call_problem(call, WHERE "%s: must be the name of a header", member);
    else if (is_reserved(name))
        call_problem(call, WHERE "%s: %.*s is not for credentials", member, TEXT_ARGS(name));
}

static void check_header_value(struct call *call, const json_t *auth, const char *member)
{
    struct text value = json_member_text(auth, member);
    bool good = value.size == text_trim(value).size;
    for (size_t i = 0; i < value.size; i++)
        good &= (unsigned char)value.data[i] >= ' ' && value.data[i] != 0x7F;
    if (!good)
        call_problem(call, WHERE "%s: must hold no control characters and no space at its ends", member);
}

static void check_user_name(struct call *call, const json_t *auth)
{
    if (text_find_byte(json_member_text(auth, "username"), ':') >= 0)
        call_problem(call, WHERE "username: must hold no colon");
}

static void check_client(struct call *call, const json_t *auth)
{
    struct text server = json_member_text(auth, "auth_server");
    if (server.size > 0 && !http_url_is_valid(server))
        call_problem(call, WHERE "auth_server: must be an absolute http or https URL");
    check_header_value(call, auth, "client_secret");
}

/* They stand in a header, between slashes. */
static void check_aws(struct call *call, const json_t *auth)
{
    static const char *const members[] = {"access_key_id", "region", "service"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct text value = json_member_text(auth, members[i]);
        if (value.size > 0 && !head_is_token(value))
            call_problem(call, WHERE "%s: must hold letters, digits and dashes only", members[i]);
    }
}

/* Names and values that go into a request's head must not be able to change its framing. */
static const struct auth_kind {
    const char *type;
    const struct field_row *fields;
    const char *telling;                    /* tells the kind when auth_type is left out; sources only */
    const char *header_name, *header_value; /* members that become part of a head */
    void (*check)(struct call *call, const json_t *auth); /* what more there is to it; NULL: nothing */
} SOURCE_KINDS[] = {
    {"HMAC", verified_hmac, "webhook_secret_key", "header_key", NULL, NULL},
    {"BASIC_AUTH", verified_basic, "password", NULL, NULL, NULL},
    {"API_KEY", verified_key, "api_key", "header_key", NULL, NULL},
    END,
}, DESTINATION_KINDS[] = {
    {"HOOKDECK_SIGNATURE", sent_signature, NULL, NULL, NULL, NULL},
    {"CUSTOM_SIGNATURE", sent_custom_signature, NULL, "key", NULL, NULL},
    {"BASIC_AUTH", sent_basic, NULL, NULL, NULL, check_user_name},
    {"API_KEY", sent_key, NULL, "key", "api_key", NULL},
    {"BEARER_TOKEN", sent_bearer, NULL, NULL, "token", NULL},
    {"OAUTH2_CLIENT_CREDENTIALS", sent_client_credentials, NULL, NULL, NULL, check_client},
    {"OAUTH2_AUTHORIZATION_CODE", sent_authorization_code, NULL, NULL, NULL, check_client},
    {"AWS_SIGNATURE", sent_aws, NULL, NULL, NULL, check_aws},
    {"GCP_SERVICE_ACCOUNT", sent_service_account, NULL, NULL, NULL, auth_check_service_account},
    {"STANDARD_WEBHOOKS", sent_standard_webhooks, NULL, NULL, NULL, auth_check_standard_webhooks},
    END,
};

/* The kind that is named, or else the one whose members were sent. */
static const struct auth_kind *find_kind(const struct auth_kind *kinds, struct text type, const json_t *auth)
{
    for (const struct auth_kind *kind = kinds; kind->type != NULL; kind++) {
        bool told = kind->telling != NULL && json_member(auth, kind->telling) != NULL;
        if (type.data != NULL ? text_equal(type, text_of(kind->type)) : told)
            return kind;
    }
    return NULL;
}

static void check_members(struct call *call, const json_t *auth, const struct auth_kind *kind)
{
    bool in_query = text_equal(json_member_text(auth, "to"), TEXT("query"));
    validate_object(call, auth, kind->fields, WHERE);
    if (kind->header_name != NULL && !in_query)
        check_header_name(call, auth, kind->header_name);
    if (kind->header_value != NULL && !in_query)
        check_header_value(call, auth, kind->header_value);
    if (kind->check != NULL)
        kind->check(call, auth);
}

/* What cannot be verified must not look as if it were. */
void auth_check_source(struct call *call, struct text source_type, const json_t *config)
{
    const json_t *auth = json_member(config, "auth");
    struct text type = json_member_text(config, "auth_type");
    bool generic = text_equal(source_type, TEXT("WEBHOOK")) || text_equal(source_type, TEXT("HTTP"));
    if (json_object_size(auth) == 0) {
        if (type.data != NULL)
            call_problem(call, "config.auth: is required with config.auth_type");
        return;
    }
    const struct auth_kind *kind = find_kind(SOURCE_KINDS, type, auth);
    if (!generic || kind == NULL) {
        struct text what = !generic ? source_type : type.data != NULL ? text_slice(type, 0, 60) : TEXT("this form");
        call_problem(call, "config.auth%s: signatures of %.*s are not verified by this version",
                     generic && type.data != NULL ? "_type" : "", TEXT_ARGS(what));
        return;
    }
    check_members(call, auth, kind);
}

void auth_check_destination(struct call *call, const json_t *config)
{
    const json_t *auth = json_member(config, "auth");
    struct text type = json_member_text(config, "auth_type");
    const struct auth_kind *kind = find_kind(DESTINATION_KINDS, type, auth);
    if (type.data == NULL) {
        if (json_object_size(auth) > 0)
            call_problem(call, "config.auth_type: is required with config.auth");
    } else if (kind == NULL) {
        call_problem(call, "config.auth_type: %.*s is not sent by this version", TEXT_ARGS(type));
    } else if (json_is_object(auth)) {
        check_members(call, auth, kind);
    } else if (kind->fields[0].name != NULL) {
        call_problem(call, "config.auth: is required with config.auth_type");
    }
}
