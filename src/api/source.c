#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"
#include "base/random.h"
#include "model/settings.h"

/* ---- shown --------------------------------------------------------------------------------------- */

/* The form of the versions before `type` and `config`. */
static json_t *verification_json(const struct source *source, const json_t *config, bool with_auth)
{
    const json_t *auth = json_member(config, "auth");
    if (json_object_size(auth) == 0)
        return json_null();
    struct text type = json_member_text(config, "auth_type");
    if (type.data == NULL)
        type = source->type;
    json_t *lower = json_text(type);
    for (char *c = (char *)json_string_value(lower); c != NULL && *c != 0; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return json_pack("{s:o, s:o}", "type", lower, "configs",
                     with_auth ? json_incref((json_t *)auth) : json_object());
}

static json_t *member_or_null(const json_t *object, const char *name)
{
    json_t *member = json_member(object, name);
    return member != NULL ? json_incref(member) : json_null();
}

json_t *source_json(struct call *call, const struct source *source, bool with_auth)
{
    json_t *config = config_read(source->config);
    char *url = arena_printf(call->arena, "%s/e/%.*s", call->public_url, TEXT_ARGS(source->token));
    bool authenticated = verifier_would_check(source->type, config);
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "id", call_id(ID_SOURCE, source->id),
        "name", json_text(source->name), "description", json_text(source->description), "team_id",
        call_id(ID_PROJECT, source->project_id), "url", url, "type", json_text(source->type), "authenticated",
        authenticated, "verification", verification_json(source, config, with_auth), "allowed_http_methods",
        member_or_null(config, "allowed_http_methods"), "custom_response",
        member_or_null(config, "custom_response"), "disabled_at", json_moment(source->disabled_at), "updated_at",
        json_moment(source->updated_at), "created_at", json_moment(source->created_at));
    if (!with_auth || config_is_unreadable(config))
        config_hide_secrets(config);
    json_object_set_new(object, "config", config);
    return object;
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct source source;
    if (!store_read_source(call->reader, call->arena, call->project_id, id, &source, &error))
        return call_fail_error(call, &error);
    return call_reply(call, source_json(call, &source, call->query.include_auth));
}

bool source_find(struct call *call, struct text id, struct source *source)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_SOURCE, id, &key))
        return call_fail_missing(call, "source", id);
    if (!store_read_source(call->reader, call->arena, call->project_id, key, source, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "source", id)
                                             : call_fail_error(call, &error);
    return source->deleted_at == 0 || call_fail_gone(call, "source", id);
}

/* ---- changed ------------------------------------------------------------------------------------- */

/* "stripe" of the older form: a kind of authentication or the type itself. */
static void fold_verification(struct call *call, json_t *input)
{
    json_t *verification = json_member(input, "verification");
    if (json_is_object(verification)) {
        char *kind = arena_copy_string(call->arena, json_member_text(verification, "type"));
        for (char *c = kind; *c != 0; c++)
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
        json_t *configs = json_member(verification, "configs");
        json_object_set_new(verification, "auth_type", json_string(kind));
        json_object_set(verification, "auth", configs != NULL ? configs : json_null());
        json_object_set(input, "verification_auth_type", json_member(verification, "auth_type"));
        json_object_set(input, "verification_auth", json_member(verification, "auth"));
    } else if (json_is_null(verification)) {
        json_object_set_new(input, "verification_auth_type", json_null());
        json_object_set_new(input, "verification_auth", json_null());
    }
    json_object_del(input, "verification");
    config_fold(input, "verification_auth_type", "auth_type");
    config_fold(input, "verification_auth", "auth");
    config_fold(input, "allowed_http_methods", "allowed_http_methods");
    config_fold(input, "custom_response", "custom_response");
}

/* Lays the input over the record and checks what came of it. */
static bool merge_input(struct call *call, json_t *input, struct source *source)
{
    fold_verification(call, input);
    json_t *config = config_read(source->config);
    struct text type = json_member_text(input, "type"), name = json_member_text(input, "name");
    if (type.data != NULL)
        source->type = arena_copy_text(call->arena, type);
    if (name.data != NULL)
        source->name = arena_copy_text(call->arena, name);
    if (json_member(input, "description") != NULL) {
        struct text description = json_member_text(input, "description");
        source->description = description.data ? arena_copy_text(call->arena, description) : TEXT_NONE;
    }
    if (json_is_object(json_member(input, "config")))
        config_merge(config, json_member(input, "config"));
    auth_check_source(call, source->type, config);
    source->config = config_text(call, config);
    source->updated_at = call->now;
    json_decref(config);
    return call_check(call);
}

static bool put(struct call *call, const struct source *source)
{
    struct error error = {0};
    struct source other;
    if (store_read_source_by_name(call->reader, call->arena, call->project_id, source->name, &other, &error)) {
        if (other.id != source->id)
            return call_fail_taken(call, "source", "source", source->name, ID_SOURCE, other.id);
    } else if (error.code != ERROR_NOT_FOUND) {
        return call_fail_error(call, &error);
    }
    error = (struct error){0};
    call->changed_id = source->id;
    return store_put_source(call->transaction, source, &error) || call_fail_error(call, &error);
}

static bool make(struct call *call, json_t *input, struct source *source)
{
    char *token = arena_allocate(call->arena, RANDOM_TOKEN_DIGITS + 1);
    random_token(token, RANDOM_TOKEN_DIGITS);
    *source = (struct source){
        .id = id_new(),
        .project_id = call->project_id,
        .token = text_of(token),
        .type = TEXT("WEBHOOK"),
        .config = TEXT("{}"),
        .created_at = call->now,
    };
    return merge_input(call, input, source) && put(call, source);
}

bool source_apply(struct call *call, json_t *input, struct source *source)
{
    struct error error = {0};
    if (store_read_source_by_name(call->reader, call->arena, call->project_id, json_member_text(input, "name"),
                                  source, &error))
        return merge_input(call, input, source) && put(call, source);
    return error.code == ERROR_NOT_FOUND ? make(call, input, source) : call_fail_error(call, &error);
}

static bool change_create(struct call *call)
{
    struct source source;
    return make(call, call->body, &source);
}

static bool change_upsert(struct call *call)
{
    struct source source;
    return source_apply(call, call->body, &source);
}

static bool change_update(struct call *call)
{
    struct source source;
    return source_find(call, call->id, &source) && merge_input(call, call->body, &source) && put(call, &source);
}

static bool change_disable(struct call *call)
{
    struct source source;
    if (!source_find(call, call->id, &source))
        return false;
    if (source.disabled_at == 0)
        source.disabled_at = source.updated_at = call->now;
    return put(call, &source) && connection_disable_of(call, FIELD_SOURCE_ID, source.id, false);
}

static bool change_enable(struct call *call)
{
    struct source source;
    if (!source_find(call, call->id, &source))
        return false;
    if (source.disabled_at != 0)
        source.updated_at = call->now;
    source.disabled_at = 0;
    return put(call, &source);
}

static bool change_delete(struct call *call)
{
    struct source source;
    if (!source_find(call, call->id, &source))
        return false;
    source.deleted_at = source.updated_at = call->now;
    return connection_disable_of(call, FIELD_SOURCE_ID, source.id, true) && put(call, &source);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool source_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool source_upsert(struct call *call)
{
    return call_write(call, change_upsert) && reply_with(call, call->changed_id);
}

static bool source_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool source_disable(struct call *call)
{
    return call_write(call, change_disable) && reply_with(call, call->changed_id);
}

static bool source_enable(struct call *call)
{
    return call_write(call, change_enable) && reply_with(call, call->changed_id);
}

static bool source_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool source_get(struct call *call)
{
    struct source source;
    return source_find(call, call->id, &source) &&
           call_reply(call, source_json(call, &source, call->query.include_auth));
}

static bool source_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct source *sources = NULL;
    if (list.limit > 0 && !store_list_sources(call->reader, call->arena, &list, &sources, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, source_json(call, &sources[i], false));
    return page_reply(call, models, &page);
}

static bool source_count(struct call *call)
{
    return page_count(call, COUNT_SOURCES);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const METHOD_NAMES[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", NULL};
static const char *const RESPONSE_KIND_NAMES[] = {"json", "text", "xml", NULL};
static const struct field_row method_item = {"", VALUE_TEXT, .names = METHOD_NAMES};
enum { CUSTOM_BODY_MOST = 1000 };

static const struct field_row custom_response_fields[] = {
    {"content_type", VALUE_TEXT, .required = true, .names = RESPONSE_KIND_NAMES},
    {"body", VALUE_TEXT, .required = true, .most = CUSTOM_BODY_MOST},
    END,
};

static const struct field_row source_config_fields[] = {
    {"allowed_http_methods", VALUE_ARRAY | VALUE_NULL, .item = &method_item},
    {"custom_response", VALUE_OBJECT | VALUE_NULL, .fields = custom_response_fields},
    {"auth_type", VALUE_TEXT | VALUE_NULL, .names = source_auth_type_names},
    {"auth", VALUE_OBJECT | VALUE_NULL, .fields = source_auth_fields},
    END,
};

static const struct field_row verification_fields[] = {
    {"type", VALUE_TEXT, .required = true, .most = TEXT_MOST},
    {.name = "configs", VALUE_OBJECT | VALUE_NULL},
    END,
};

#define SOURCE_REST                                                                                     \
    {"type", VALUE_TEXT, .names = source_type_names},                                                   \
    {"description", VALUE_TEXT | VALUE_NULL, .most = DESCRIPTION_MOST},                                 \
    {"config", VALUE_OBJECT | VALUE_NULL, .fields = source_config_fields},                              \
    {"verification", VALUE_OBJECT | VALUE_NULL, .older = true, .fields = verification_fields},          \
    {"allowed_http_methods", VALUE_ARRAY | VALUE_NULL, .older = true, .item = &method_item},            \
    {"custom_response", VALUE_OBJECT | VALUE_NULL, .older = true, .fields = custom_response_fields},    \
    END

const struct field_row source_fields[] = {
    {"name", VALUE_TEXT, .required = true, .is_name = true, .most = NAME_MOST},
    SOURCE_REST,
};
static const struct field_row source_change_fields[] = {
    {"name", VALUE_TEXT, .is_name = true, .most = NAME_MOST},
    SOURCE_REST,
};

static const struct field_row verification_shape[] = {
    ALWAYS("type", VALUE_TEXT), ALWAYS("configs", VALUE_OBJECT), END,
};
/* What it holds follows from the type; a member without a value is left out. */
static const struct field_row source_config_shape[] = {
    {"allowed_http_methods", VALUE_ARRAY, .item = &method_item},
    {"custom_response", VALUE_OBJECT, .fields = custom_response_fields},
    PERHAPS("auth_type", VALUE_TEXT), PERHAPS("auth", VALUE_OBJECT), END,
};
const struct field_row source_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("name", VALUE_TEXT), ALWAYS("description", VALUE_TEXT | VALUE_NULL),
    ALWAYS("team_id", VALUE_TEXT), ALWAYS("url", VALUE_TEXT), ONE_OF("type", source_type_names),
    ALWAYS("authenticated", VALUE_BOOLEAN),
    {"config", VALUE_OBJECT, .required = true, .fields = source_config_shape},
    {"verification", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = verification_shape},
    {"allowed_http_methods", VALUE_ARRAY | VALUE_NULL, .required = true, .item = &method_item},
    {"custom_response", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = custom_response_fields},
    MOMENT_OR_NULL("disabled_at"), MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {{"Source", source_shape}, END};

#define SOURCE_FILTERS                                                                                  \
    ID_FILTER("id", FIELD_ID, ID_SOURCE),                                                               \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = source_type_names},                                   \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT)
static const struct parameter_row source_parameters[] = {SOURCE_FILTERS, PAGING(by_name_or_date, 100), END};
static const struct parameter_row source_count_parameters[] = {SOURCE_FILTERS, END};

static const struct operation operations[] = {
    THING(source, Source, Sources, source_fields, source_change_fields),
};
OPERATIONS(source_operations, operations, shapes);
