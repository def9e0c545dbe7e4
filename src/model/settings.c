#include "model/settings.h"

#include "base/json.h"

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
};

bool destination_settings_read(struct arena *arena, const struct destination *destination,
                               struct destination_settings *settings, struct error *error)
{
    *settings = (struct destination_settings){0};
    json_t *config = parse_config(destination->config, error);
    if (config == NULL)
        return false;
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
    settings->key = copy_member(arena, auth, "key");
    settings->key_in_query = text_equal(json_member_text(auth, "to"), TEXT("query"));
    settings->username = copy_member(arena, auth, "username");
    settings->password = copy_member(arena, auth, "password");
    delivery_policy_read(arena, config, &settings->policy);
    json_decref(config);
    return true;
}
