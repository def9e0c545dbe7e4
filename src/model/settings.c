#include "model/settings.h"

#include "base/json.h"

#define GCP_TOKEN_URI "https://oauth2.googleapis.com/token"
#define GCP_SCOPE "https://www.googleapis.com/auth/cloud-platform"

unsigned method_bit_of(struct text method)
{
    static const struct {
        const char *name;
        unsigned bit;
    } rows[] = {
        {"GET", METHOD_GET}, {"POST", METHOD_POST}, {"PUT", METHOD_PUT},
        {"PATCH", METHOD_PATCH}, {"DELETE", METHOD_DELETE}, {"HEAD", METHOD_HEAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(method, text_of(rows[i].name)))
            return rows[i].bit;
    }
    return 0;
}

const char *const SECRET_MEMBERS[] = {"auth", "tls", NULL};

bool config_is_unreadable(const json_t *config)
{
    bool unreadable = false;
    for (size_t i = 0; SECRET_MEMBERS[i] != NULL; i++) {
        const json_t *member = json_member(config, SECRET_MEMBERS[i]);
        unreadable |= member != NULL && !json_is_null(member) && !json_is_object(member);
    }
    return unreadable;
}

static json_t *parse_config(struct text config, struct error *error)
{
    json_t *object = json_parse(config.size ? config : TEXT("{}"), error);
    if (object != NULL && !json_is_object(object)) {
        json_decref(object);
        error_set(error, ERROR_INVALID, "a config must be an object");
        return NULL;
    }
    return object;
}

static struct text copy_member(struct arena *arena, const json_t *object, const char *name)
{
    struct text text = json_member_text(object, name);
    return text.data ? arena_copy_text(arena, text) : TEXT_NONE;
}

/* Generic types take every method that can carry a body; providers post. */
static unsigned default_methods(struct text type)
{
    bool generic = text_equal(type, TEXT("WEBHOOK")) || text_equal(type, TEXT("HTTP")) ||
                   text_equal(type, TEXT("PUBLISH_API"));
    return generic ? METHOD_POST | METHOD_PUT | METHOD_PATCH | METHOD_DELETE : METHOD_POST;
}

static unsigned read_methods(const json_t *config, struct text type)
{
    const json_t *list = json_member(config, "allowed_http_methods");
    if (!json_is_array(list))
        return default_methods(type);
    unsigned methods = 0;
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
        methods |= method_bit_of(text_of(json_string_value(item)));
    return methods;
}

static void read_custom_response(struct arena *arena, const json_t *config, struct source_settings *settings)
{
    static const struct {
        const char *kind, *content_type;
    } kinds[] = {{"json", "application/json"}, {"text", "text/plain"}, {"xml", "application/xml"}};
    const json_t *response = json_member(config, "custom_response");
    struct text kind = json_member_text(response, "content_type");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text_equal(kind, text_of(kinds[i].kind))) {
            settings->response_content_type = kinds[i].content_type;
            settings->response_body = copy_member(arena, response, "body");
        }
    }
}

bool source_settings_read(struct arena *arena, const struct source *source, struct source_settings *settings,
                          struct error *error)
{
    *settings = (struct source_settings){0};
    json_t *config = parse_config(source->config, error);
    if (config == NULL)
        return false;
    settings->methods = read_methods(config, source->type);
    read_custom_response(arena, config, settings);
    json_decref(config);
    return true;
}

static const struct {
    const char *name;
    enum destination_auth auth;
    const char *secret;
} DESTINATION_AUTHS[] = {
    {"HOOKDECK_SIGNATURE", DESTINATION_AUTH_SIGNATURE, ""},
    {"CUSTOM_SIGNATURE", DESTINATION_AUTH_CUSTOM_SIGNATURE, "signing_secret"},
    {"BASIC_AUTH", DESTINATION_AUTH_BASIC, ""},
    {"API_KEY", DESTINATION_AUTH_API_KEY, "api_key"},
    {"BEARER_TOKEN", DESTINATION_AUTH_BEARER, "token"},
    {"OAUTH2_CLIENT_CREDENTIALS", DESTINATION_AUTH_OAUTH2_CLIENT, ""},
    {"OAUTH2_AUTHORIZATION_CODE", DESTINATION_AUTH_OAUTH2_CODE, ""},
    {"GCP_SERVICE_ACCOUNT", DESTINATION_AUTH_GCP, ""},
    {"AWS_SIGNATURE", DESTINATION_AUTH_AWS, "secret_access_key"},
    {"STANDARD_WEBHOOKS", DESTINATION_AUTH_STANDARD_WEBHOOKS, "secret"},
};

static enum client_authentication client_authentication_of(struct text name)
{
    return text_equal(name, TEXT("bearer"))                  ? CLIENT_BEARER
           : text_equal(name, TEXT("x-www-form-urlencoded")) ? CLIENT_FORM
                                                             : CLIENT_BASIC;
}

static void read_client(struct arena *arena, const json_t *auth, struct token_settings *token)
{
    token->server = copy_member(arena, auth, "auth_server");
    token->client_id = copy_member(arena, auth, "client_id");
    token->client_secret = copy_member(arena, auth, "client_secret");
    token->scope = copy_member(arena, auth, "scope");
    token->refresh_token = copy_member(arena, auth, "refresh_token");
    token->authentication = client_authentication_of(json_member_text(auth, "authentication_type"));
}

/* The key is a JSON document in a string. */
static void read_service_account(struct arena *arena, const json_t *auth, struct token_settings *token)
{
    struct text scope = json_member_text(auth, "scope");
    json_t *key = json_parse(json_member_text(auth, "service_account_key"), NULL);
    struct text server = json_member_text(key, "token_uri");
    token->server = arena_copy_text(arena, server.size > 0 ? server : TEXT(GCP_TOKEN_URI));
    token->client_id = copy_member(arena, key, "client_email");
    token->client_secret = copy_member(arena, key, "private_key");
    token->key_id = copy_member(arena, key, "private_key_id");
    token->scope = arena_copy_text(arena, scope.size > 0 ? scope : TEXT(GCP_SCOPE));
    json_decref(key);
}

static void read_tls(struct arena *arena, const json_t *config, struct tls_settings *tls)
{
    const json_t *object = json_member(config, "tls");
    tls->ca = copy_member(arena, object, "ca");
    tls->client_certificate = copy_member(arena, object, "client_certificate");
    tls->client_key = copy_member(arena, object, "client_key");
}

static void read_transport(const json_t *config, struct transport_settings *transport)
{
    const json_t *object = json_member(config, "transport"), *proxy = json_member(object, "proxy");
    http_version_parse(json_member_text(object, "http_version"), &transport->version);
    transport->timeout_ms = json_integer_value(json_member(object, "timeout"));
    transport->without_proxy = json_is_false(proxy);
}

static void read_auth(struct arena *arena, const json_t *auth, struct destination_settings *settings)
{
    settings->key = copy_member(arena, auth, settings->auth == DESTINATION_AUTH_AWS ? "access_key_id" : "key");
    settings->key_in_query = text_equal(json_member_text(auth, "to"), TEXT("query"));
    settings->username = copy_member(arena, auth, "username");
    settings->password = copy_member(arena, auth, "password");
    settings->region = copy_member(arena, auth, "region");
    settings->service = copy_member(arena, auth, "service");
    if (settings->auth == DESTINATION_AUTH_GCP)
        read_service_account(arena, auth, &settings->token);
    else
        read_client(arena, auth, &settings->token);
}

bool destination_settings_read(struct arena *arena, const struct destination *destination,
                               struct destination_settings *settings, struct error *error)
{
    *settings = (struct destination_settings){.unreadable = true};
    json_t *config = parse_config(destination->config, error);
    if (config == NULL)
        return false;
    settings->unreadable = config_is_unreadable(config);
    settings->url = copy_member(arena, config, "url");
    settings->path_forwarding_disabled = json_member_true(config, "path_forwarding_disabled");
    settings->method = copy_member(arena, config, "http_method");
    const json_t *auth = json_member(config, "auth");
    struct text type = json_member_text(config, "auth_type");
    for (size_t i = 0; i < sizeof DESTINATION_AUTHS / sizeof DESTINATION_AUTHS[0]; i++) {
        if (text_equal(type, text_of(DESTINATION_AUTHS[i].name))) {
            settings->auth = DESTINATION_AUTHS[i].auth;
            settings->secret = copy_member(arena, auth, DESTINATION_AUTHS[i].secret);
        }
    }
    read_auth(arena, auth, settings);
    read_tls(arena, config, &settings->tls);
    read_transport(config, &settings->transport);
    delivery_policy_read(arena, config, &settings->policy);
    json_decref(config);
    return true;
}
