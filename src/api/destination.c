#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"
#include "http/url.h"
#include "model/settings.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *member_or_null(const json_t *object, const char *name)
{
    json_t *member = json_member(object, name);
    return member != NULL ? json_incref(member) : json_null();
}

/* The form of the versions before `config`. */
static void add_older_members(json_t *object, const json_t *config, bool with_auth)
{
    const json_t *auth = json_member(config, "auth");
    json_object_set_new(object, "url", member_or_null(config, "url"));
    json_object_set_new(object, "cli_path", member_or_null(config, "path"));
    json_object_set_new(object, "http_method", member_or_null(config, "http_method"));
    json_object_set_new(object, "path_forwarding_disabled", member_or_null(config, "path_forwarding_disabled"));
    json_object_set_new(object, "auth_method",
                        json_pack("{s:o, s:o}", "type", member_or_null(config, "auth_type"), "config",
                                  with_auth && auth != NULL ? json_incref((json_t *)auth) : json_object()));
}

json_t *destination_json(struct call *call, const struct destination *destination, bool with_auth)
{
    json_t *config = config_read(destination->config);
    if (config_is_unreadable(config))
        config_hide_secrets(config);
    if (json_member(config, "auth_type") == NULL)
        json_object_set_new(config, "auth_type", json_string("HOOKDECK_SIGNATURE"));
    if (json_member(config, "auth") == NULL)
        json_object_set_new(config, "auth", json_object());
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "id", call_id(ID_DESTINATION, destination->id), "name",
        json_text(destination->name), "description", json_text(destination->description), "team_id",
        call_id(ID_PROJECT, destination->project_id), "type", destination_type_name(destination->type),
        "disabled_at", json_moment(destination->disabled_at), "updated_at", json_moment(destination->updated_at),
        "created_at", json_moment(destination->created_at));
    add_older_members(object, config, with_auth);
    json_object_set_new(object, "outage", outage_json(call, destination->id));
    pace_show(object, config);
    if (!with_auth)
        config_hide_secrets(config);
    json_object_set_new(object, "config", config);
    return object;
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct destination destination;
    if (!store_read_destination(call->reader, call->arena, call->project_id, id, &destination, &error))
        return call_fail_error(call, &error);
    return call_reply(call, destination_json(call, &destination, call->query.include_auth));
}

bool destination_find(struct call *call, struct text id, struct destination *destination)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_DESTINATION, id, &key))
        return call_fail_missing(call, "destination", id);
    if (!store_read_destination(call->reader, call->arena, call->project_id, key, destination, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "destination", id)
                                             : call_fail_error(call, &error);
    return destination->deleted_at == 0 || call_fail_gone(call, "destination", id);
}

/* ---- changed ------------------------------------------------------------------------------------- */

static void fold_older_members(json_t *input)
{
    const json_t *method = json_member(input, "auth_method");
    if (json_member(input, "type") == NULL) {
        if (json_member_text(input, "cli_path").data != NULL)
            json_object_set_new(input, "type", json_string("CLI"));
        else if (json_member_text(input, "url").data != NULL)
            json_object_set_new(input, "type", json_string("HTTP"));
    }
    if (method != NULL) {
        json_object_set_new(input, "auth_type", member_or_null(method, "type"));
        json_object_set_new(input, "auth", member_or_null(method, "config"));
        json_object_del(input, "auth_method");
    }
    static const char *const moves[][2] = {
        {"url", "url"}, {"cli_path", "path"}, {"http_method", "http_method"}, {"auth_type", "auth_type"},
        {"auth", "auth"}, {"path_forwarding_disabled", "path_forwarding_disabled"},
        {"rate_limit", "rate_limit"}, {"rate_limit_period", "rate_limit_period"},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        config_fold(input, moves[i][0], moves[i][1]);
}

static void check_place(struct call *call, const struct destination *destination, const json_t *config)
{
    struct text url = json_member_text(config, "url");
    if (destination->type == DESTINATION_HTTP && url.data == NULL)
        call_problem(call, "config.url: is required for a destination of type HTTP");
    else if (url.data != NULL && !http_url_is_valid(url))
        call_problem(call, "config.url: must be an absolute http or https URL");
    else if (url.data != NULL && http_url_has_user(url))
        call_problem(call, "config.url: must hold no user and password, which lists would show: auth_type BASIC_AUTH sends them");
    if (destination->type == DESTINATION_CLI && json_member_text(config, "path").data == NULL)
        call_problem(call, "config.path: is required for a destination of type CLI");
}

static bool merge_input(struct call *call, json_t *input, struct destination *destination)
{
    fold_older_members(input);
    json_t *config = config_read(destination->config);
    struct text name = json_member_text(input, "name");
    int64_t type;
    if (destination_type_parse(json_member_text(input, "type"), &type))
        destination->type = (enum destination_type)type;
    if (name.data != NULL)
        destination->name = arena_copy_text(call->arena, name);
    if (json_member(input, "description") != NULL) {
        struct text description = json_member_text(input, "description");
        destination->description = description.data ? arena_copy_text(call->arena, description) : TEXT_NONE;
    }
    if (json_is_object(json_member(input, "config"))) {
        pace_check_input(call, json_member(input, "config"));
        pace_merge(config, json_member(input, "config"));
        config_merge(config, json_member(input, "config"));
        reach_check_destination(call, json_member(input, "config"));
    }
    check_place(call, destination, config);
    auth_check_destination(call, config);
    tls_check_destination(call, destination->type, config);
    pace_check(call, config);
    destination->config = config_text(call, config);
    destination->updated_at = call->now;
    json_decref(config);
    return call_check(call);
}

static bool put(struct call *call, const struct destination *destination)
{
    struct error error = {0};
    struct destination other;
    if (store_read_destination_by_name(call->reader, call->arena, call->project_id, destination->name, &other,
                                       &error)) {
        if (other.id != destination->id)
            return call_fail_taken(call, "destination", "destination", destination->name, ID_DESTINATION, other.id);
    } else if (error.code != ERROR_NOT_FOUND) {
        return call_fail_error(call, &error);
    }
    error = (struct error){0};
    call->changed_id = destination->id;
    return store_put_destination(call->transaction, destination, &error) || call_fail_error(call, &error);
}

static bool make(struct call *call, json_t *input, struct destination *destination)
{
    *destination = (struct destination){
        .id = id_new(),
        .project_id = call->project_id,
        .type = DESTINATION_HTTP,
        .config = TEXT("{}"),
        .created_at = call->now,
    };
    return merge_input(call, input, destination) && put(call, destination);
}

bool destination_apply(struct call *call, json_t *input, struct destination *destination)
{
    struct error error = {0};
    if (store_read_destination_by_name(call->reader, call->arena, call->project_id,
                                       json_member_text(input, "name"), destination, &error))
        return merge_input(call, input, destination) && put(call, destination);
    return error.code == ERROR_NOT_FOUND ? make(call, input, destination) : call_fail_error(call, &error);
}

static bool change_create(struct call *call)
{
    struct destination destination;
    return make(call, call->body, &destination);
}

static bool change_upsert(struct call *call)
{
    struct destination destination;
    return destination_apply(call, call->body, &destination);
}

static bool change_update(struct call *call)
{
    struct destination destination;
    return destination_find(call, call->id, &destination) && merge_input(call, call->body, &destination) &&
           put(call, &destination);
}

static bool change_disable(struct call *call)
{
    struct destination destination;
    if (!destination_find(call, call->id, &destination))
        return false;
    if (destination.disabled_at == 0)
        destination.disabled_at = destination.updated_at = call->now;
    return put(call, &destination) && connection_disable_of(call, FIELD_DESTINATION_ID, destination.id, false);
}

static bool change_enable(struct call *call)
{
    struct destination destination;
    if (!destination_find(call, call->id, &destination))
        return false;
    if (destination.disabled_at != 0)
        destination.updated_at = call->now;
    destination.disabled_at = 0;
    return put(call, &destination);
}

static bool change_delete(struct call *call)
{
    struct destination destination;
    if (!destination_find(call, call->id, &destination))
        return false;
    destination.deleted_at = destination.updated_at = call->now;
    return connection_disable_of(call, FIELD_DESTINATION_ID, destination.id, true) && put(call, &destination);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool destination_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool destination_upsert(struct call *call)
{
    return call_write(call, change_upsert) && reply_with(call, call->changed_id);
}

static bool destination_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool destination_disable(struct call *call)
{
    return call_write(call, change_disable) && reply_with(call, call->changed_id);
}

static bool destination_enable(struct call *call)
{
    return call_write(call, change_enable) && reply_with(call, call->changed_id);
}

static bool destination_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool destination_get(struct call *call)
{
    struct destination destination;
    return destination_find(call, call->id, &destination) &&
           call_reply(call, destination_json(call, &destination, call->query.include_auth));
}

static bool destination_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct destination *destinations = NULL;
    if (list.limit > 0 &&
        !store_list_destinations(call->reader, call->arena, &list, &destinations, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, destination_json(call, &destinations[i], false));
    return page_reply(call, models, &page);
}

static bool destination_count(struct call *call)
{
    return page_count(call, COUNT_DESTINATIONS);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const DESTINATION_METHOD_NAMES[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
static const char *const DESTINATION_TYPE_NAMES[] = {"HTTP", "CLI", "MOCK_API", NULL};
static const char *const DESTINATION_AUTH_NAMES[] = {
    "HOOKDECK_SIGNATURE", "CUSTOM_SIGNATURE", "BASIC_AUTH", "API_KEY", "BEARER_TOKEN",
    "OAUTH2_CLIENT_CREDENTIALS", "OAUTH2_AUTHORIZATION_CODE", "AWS_SIGNATURE", "GCP_SERVICE_ACCOUNT",
    "STANDARD_WEBHOOKS", NULL,
};
enum { PEM_MOST = 65536 };
static const char *const PERIOD_NAMES[] = {"second", "minute", "hour", "concurrent", NULL};

static const struct field_row destination_tls_fields[] = {
    {"ca", VALUE_TEXT | VALUE_NULL, .most = PEM_MOST}, {"client_certificate", VALUE_TEXT | VALUE_NULL, .most = PEM_MOST},
    {"client_key", VALUE_TEXT | VALUE_NULL, .most = PEM_MOST}, END,
};
static const char *const HTTP_VERSION_NAMES[] = {"any", "1.1", "2-plain", NULL};
enum { TIMEOUT_LEAST = 10, TIMEOUT_MOST = 3600000 };
static const struct field_row destination_transport_fields[] = {
    {"http_version", VALUE_TEXT | VALUE_NULL, .names = HTTP_VERSION_NAMES},
    {"timeout", VALUE_INTEGER | VALUE_NULL, .least = TIMEOUT_LEAST, .most = TIMEOUT_MOST},
    {.name = "proxy", VALUE_BOOLEAN | VALUE_NULL}, END,
};
static const struct field_row destination_config_fields[] = {
    {"url", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {"path", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {.name = "path_forwarding_disabled", VALUE_BOOLEAN | VALUE_NULL},
    {"http_method", VALUE_TEXT | VALUE_NULL, .names = DESTINATION_METHOD_NAMES},
    {"auth_type", VALUE_TEXT | VALUE_NULL, .names = DESTINATION_AUTH_NAMES},
    {.name = "auth", VALUE_OBJECT | VALUE_NULL},
    {"tls", VALUE_OBJECT | VALUE_NULL, .fields = destination_tls_fields},
    {"transport", VALUE_OBJECT | VALUE_NULL, .fields = destination_transport_fields},
    {"rate_limit", VALUE_INTEGER | VALUE_NULL, .least = 1, .most = RATE_MOST},
    {"rate_limit_period", VALUE_TEXT | VALUE_NULL, .names = PERIOD_NAMES},
    {"delivery_policy", VALUE_OBJECT | VALUE_NULL, .fields = delivery_policy_fields},
    {"delivery_groups", VALUE_OBJECT | VALUE_NULL, .fields = delivery_groups_fields},
    {"delivery_order", VALUE_OBJECT | VALUE_NULL, .fields = delivery_order_fields},
    {"circuit_breaker", VALUE_OBJECT | VALUE_NULL, .fields = circuit_breaker_fields},
    END,
};

static const struct field_row auth_method_fields[] = {
    {"type", VALUE_TEXT, .required = true, .names = DESTINATION_AUTH_NAMES},
    {.name = "config", VALUE_OBJECT | VALUE_NULL},
    END,
};

#define DESTINATION_REST                                                                                \
    {"type", VALUE_TEXT, .names = DESTINATION_TYPE_NAMES},                                              \
    {"description", VALUE_TEXT | VALUE_NULL, .most = DESCRIPTION_MOST},                                 \
    {"config", VALUE_OBJECT | VALUE_NULL, .fields = destination_config_fields},                         \
    {"url", VALUE_TEXT | VALUE_NULL, .older = true, .most = URL_MOST},                                  \
    {"cli_path", VALUE_TEXT | VALUE_NULL, .older = true, .most = URL_MOST},                             \
    {"path_forwarding_disabled", VALUE_BOOLEAN | VALUE_NULL, .older = true},                            \
    {"http_method", VALUE_TEXT | VALUE_NULL, .older = true, .names = DESTINATION_METHOD_NAMES},         \
    {"auth_method", VALUE_OBJECT | VALUE_NULL, .older = true, .fields = auth_method_fields},            \
    {"rate_limit", VALUE_INTEGER | VALUE_NULL, .older = true, .least = 1, .most = RATE_MOST},                                          \
    {"rate_limit_period", VALUE_TEXT | VALUE_NULL, .older = true, .names = PERIOD_NAMES},               \
    {"delivery_rate", ~0u, .older = true},                                                              \
    END

const struct field_row destination_fields[] = {
    {"name", VALUE_TEXT, .required = true, .is_name = true, .most = NAME_MOST},
    DESTINATION_REST,
};
static const struct field_row destination_change_fields[] = {
    {"name", VALUE_TEXT, .is_name = true, .most = NAME_MOST},
    DESTINATION_REST,
};

static const struct field_row auth_method_shape[] = {
    ALWAYS("type", VALUE_TEXT), ALWAYS("config", VALUE_OBJECT), END,
};
static const struct field_row destination_config_shape[] = {
    PERHAPS("url", VALUE_TEXT), PERHAPS("path", VALUE_TEXT), PERHAPS("path_forwarding_disabled", VALUE_BOOLEAN),
    {"http_method", VALUE_TEXT, .names = DESTINATION_METHOD_NAMES}, ONE_OF("auth_type", DESTINATION_AUTH_NAMES),
    PERHAPS("auth", VALUE_OBJECT), PERHAPS("tls", VALUE_OBJECT),
    {"transport", VALUE_OBJECT, .fields = destination_transport_fields}, ALWAYS("rate_limit", VALUE_INTEGER | VALUE_NULL),
    ONE_OF("rate_limit_period", PERIOD_NAMES),
    {"delivery_policy", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = delivery_policy_fields},
    {"delivery_groups", VALUE_OBJECT, .fields = delivery_groups_fields},
    {"delivery_order", VALUE_OBJECT, .fields = delivery_order_fields},
    {"circuit_breaker", VALUE_OBJECT, .fields = circuit_breaker_fields}, END,
};
const struct field_row destination_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("name", VALUE_TEXT), ALWAYS("description", VALUE_TEXT | VALUE_NULL),
    ALWAYS("team_id", VALUE_TEXT), ONE_OF("type", DESTINATION_TYPE_NAMES),
    {"config", VALUE_OBJECT, .required = true, .fields = destination_config_shape},
    ALWAYS("url", VALUE_TEXT | VALUE_NULL), ALWAYS("cli_path", VALUE_TEXT | VALUE_NULL),
    ONE_OF_OR_NULL("http_method", DESTINATION_METHOD_NAMES),
    ALWAYS("path_forwarding_disabled", VALUE_BOOLEAN | VALUE_NULL),
    ALWAYS("rate_limit", VALUE_INTEGER | VALUE_NULL), ONE_OF_OR_NULL("rate_limit_period", PERIOD_NAMES),
    {"auth_method", VALUE_OBJECT, .required = true, .fields = auth_method_shape},
    {"outage", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = outage_shape},
    MOMENT_OR_NULL("disabled_at"), MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {{"Destination", destination_shape}, END};

#define DESTINATION_FILTERS                                                                             \
    ID_FILTER("id", FIELD_ID, ID_DESTINATION),                                                          \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = DESTINATION_TYPE_NAMES, .parse = destination_type_parse}, \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT), \
    {"url", PARAMETER_TEXT, FIELD_URL, .most = URL_MOST}, {"cli_path", PARAMETER_TEXT, FIELD_CLI_PATH, .most = URL_MOST}
static const struct parameter_row destination_parameters[] = {
    DESTINATION_FILTERS, PAGING(by_name_or_date, 100), END,
};
static const struct parameter_row destination_count_parameters[] = {DESTINATION_FILTERS, END};

static const struct operation operations[] = {
    THING(destination, Destination, Destinations, destination_fields, destination_change_fields),
};
OPERATIONS(destination_operations, operations, shapes);
