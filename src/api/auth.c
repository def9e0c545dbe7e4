/* The auth members of the configs of sources and destinations: what is verified, and what is sent. */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include "api/validate.h"
#include "http/head.h"
#include "http/url.h"

enum { KEY_MOST = 255, SECRET_MOST = 4096, TOKEN_MOST = 16384 };

#define WHERE "config.auth."
#define FILLED(member, longest) {member, VALUE_TEXT, .required = true, .least = 1, .most = longest}

static const char *const PLACE_NAMES[] = {"header", "query", NULL};
static const char *const CLIENT_AUTHENTICATION_NAMES[] = {"basic", "bearer", "x-www-form-urlencoded", NULL};

#define CLIENT_AUTHENTICATION                                                                           \
    {"authentication_type", VALUE_TEXT | VALUE_NULL, .names = CLIENT_AUTHENTICATION_NAMES, .among_secrets = true}

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
    {"to", VALUE_TEXT | VALUE_NULL, .names = PLACE_NAMES, .among_secrets = true}, END,
};
static const struct field_row sent_bearer[] = {FILLED("token", SECRET_MOST), END};
static const struct field_row sent_client_credentials[] = {
    FILLED("auth_server", URL_MOST), FILLED("client_id", SECRET_MOST), FILLED("client_secret", SECRET_MOST),
    {"scope", VALUE_TEXT | VALUE_NULL, .most = SECRET_MOST},
    CLIENT_AUTHENTICATION, END,
};
static const struct field_row sent_authorization_code[] = {
    FILLED("auth_server", URL_MOST), FILLED("client_id", SECRET_MOST), FILLED("client_secret", SECRET_MOST),
    FILLED("refresh_token", TOKEN_MOST), {"scope", VALUE_TEXT | VALUE_NULL, .most = SECRET_MOST},
    CLIENT_AUTHENTICATION, END,
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

static void check_header_name(struct call *call, const json_t *auth, const char *member, const char *where)
{
    struct text name = json_member_text(auth, member);
    if (name.size == 0)
        return;
    if (!head_is_token(name))
        call_problem(call, "%s%s: must be the name of a header", where, member);
    else if (is_reserved(name))
        call_problem(call, "%s%s: %.*s is not for credentials", where, member, TEXT_ARGS(name));
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
    else if (http_url_has_user(server))
        call_problem(call, WHERE "auth_server: must hold no user and password: client_id and client_secret are sent");
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
    const char *header_name, *header_value; /* members that become part of a head */
    void (*check)(struct call *call, const json_t *auth); /* what more there is to it; NULL: nothing */
} DESTINATION_KINDS[] = {
    {"HOOKDECK_SIGNATURE", sent_signature, NULL, NULL, NULL},
    {"CUSTOM_SIGNATURE", sent_custom_signature, "key", NULL, NULL},
    {"BASIC_AUTH", sent_basic, NULL, NULL, check_user_name},
    {"API_KEY", sent_key, "key", "api_key", NULL},
    {"BEARER_TOKEN", sent_bearer, NULL, "token", NULL},
    {"OAUTH2_CLIENT_CREDENTIALS", sent_client_credentials, NULL, NULL, check_client},
    {"OAUTH2_AUTHORIZATION_CODE", sent_authorization_code, NULL, NULL, check_client},
    {"AWS_SIGNATURE", sent_aws, NULL, NULL, check_aws},
    {"GCP_SERVICE_ACCOUNT", sent_service_account, NULL, NULL, auth_check_service_account},
    {"STANDARD_WEBHOOKS", sent_standard_webhooks, NULL, NULL, auth_check_standard_webhooks},
    END,
};

static const struct auth_kind *find_kind(struct text type)
{
    for (const struct auth_kind *kind = DESTINATION_KINDS; kind->type != NULL; kind++) {
        if (type.data != NULL && text_equal(type, text_of(kind->type)))
            return kind;
    }
    return NULL;
}

static void check_members(struct call *call, const json_t *auth, const struct auth_kind *kind)
{
    bool in_query = text_equal(json_member_text(auth, "to"), TEXT("query"));
    validate_object(call, auth, kind->fields, WHERE);
    if (kind->header_name != NULL && !in_query)
        check_header_name(call, auth, kind->header_name, WHERE);
    if (kind->header_value != NULL && !in_query)
        check_header_value(call, auth, kind->header_value);
    if (kind->check != NULL)
        kind->check(call, auth);
}

/*
 * All that the rows of verify/ know, for the description; which of them a type takes is checked by its row. A test
 * holds the two against each other.
 */
#define MEMBER(member) {.name = member, .types = VALUE_TEXT | VALUE_NULL}
#define MEMBERS(member) MEMBER(member), MEMBER("previous_" member)
const struct field_row source_auth_fields[] = {
    MEMBERS("webhook_secret_key"), MEMBERS("api_key"), MEMBERS("token"), MEMBERS("public_key"), MEMBER("username"),
    MEMBERS("password"), MEMBER("header_key"), MEMBER("algorithm"), MEMBER("encoding"), MEMBER("app_key"),
    MEMBER("audience"), MEMBER("client_id"), MEMBER("client_secret"), MEMBER("dev_id"), MEMBER("environment"),
    MEMBER("log_drains_secret"), MEMBER("neon_auth_url"), MEMBER("private_key"), MEMBER("service_account_email"),
    MEMBER("store_name"), MEMBER("topic_arn"), MEMBER("verification_token"), MEMBER("verify_token"),
    MEMBER("webhook_id"), END,
};

enum { AUTH_FIELDS_MOST = 10 };

/* What the API checks of a row of schemes. */
static void read_fields(const struct scheme *scheme, struct field_row rows[AUTH_FIELDS_MOST + 1])
{
    const struct auth_field *field = scheme->fields;
    size_t count = 0;
    for (; field != NULL && field->name != NULL && count < AUTH_FIELDS_MOST; field++)
        rows[count++] = (struct field_row){
            .name = field->name, .types = VALUE_TEXT | (field->optional ? VALUE_NULL : 0u),
            .required = !field->optional, .least = field->names == NULL, .most = field->most, .names = field->names,
            .among_secrets = true,
        };
    rows[count] = (struct field_row){0};
}

static bool needs_fields(const struct scheme *scheme)
{
    const struct auth_field *field = scheme->fields;
    while (field != NULL && field->name != NULL && field->optional)
        field++;
    return field != NULL && field->name != NULL;
}

void auth_check_scheme(struct call *call, const struct scheme *scheme, const json_t *auth, const char *where)
{
    struct field_row rows[AUTH_FIELDS_MOST + 1];
    read_fields(scheme, rows);
    validate_object(call, auth, rows, where);
    for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
        if (field->header_name)
            check_header_name(call, auth, field->name, where);
    }
}

/* What may be kept is also made into what checks requests, which tells of keys that are none. */
static void check_keys(struct call *call, struct text source_type, const json_t *config)
{
    struct error error = {0};
    struct verifier *verifier = verifier_new(source_type, config_text(call, config), &error);
    if (error.code != ERROR_NONE)
        call_problem(call, "%s", error.message);
    verifier_free(verifier);
}

static bool has_field(const struct scheme *scheme, const char *name)
{
    const struct auth_field *field = scheme->fields;
    while (field != NULL && field->name != NULL && strcmp(field->name, name) != 0)
        field++;
    return field != NULL && field->name != NULL;
}

/*
 * hookdeck-cli sends how a generic HMAC or key is made with the secret of every type: what has no meaning for this
 * one is not kept, so that nothing that is shown is without effect.
 */
static void drop_generic_members(json_t *auth, const struct scheme *scheme)
{
    static const char *const generic[] = {"header_key", "algorithm", "encoding"};
    for (size_t i = 0; !scheme->auth_type_only && i < sizeof generic / sizeof generic[0]; i++) {
        if (scheme->secret != NULL && json_member(auth, scheme->secret) != NULL && !has_field(scheme, generic[i]))
            json_object_del(auth, generic[i]);
    }
}

void auth_check_source(struct call *call, struct text source_type, json_t *config)
{
    const json_t *auth = json_member(config, "auth");
    struct error error = {0};
    const struct scheme *scheme = verifier_scheme_of(source_type, config, &error);
    if (scheme == NULL) {
        call_problem(call, "%s", error.message);
    } else if (json_object_size(auth) > 0) {
        drop_generic_members(json_member(config, "auth"), scheme);
        auth_check_scheme(call, scheme, auth, WHERE);
        if (call->problem_count == 0)
            check_keys(call, source_type, config);
    } else if (json_member_text(config, "auth_type").data != NULL && needs_fields(scheme)) {
        call_problem(call, "config.auth: is required with config.auth_type");
    }
}

void auth_check_destination(struct call *call, const json_t *config)
{
    const json_t *auth = json_member(config, "auth");
    struct text type = json_member_text(config, "auth_type");
    const struct auth_kind *kind = find_kind(type);
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
