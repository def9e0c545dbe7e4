#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/limits.h"
#include "model/execution.h"
#include "store/transformation.h"

/* ---- shown --------------------------------------------------------------------------------------- */

/* Its variables, should it have any, are shown by itself only: lists and refusals hold no secrets. */
static json_t *transformation_json(const struct transformation *transformation, bool with_env)
{
    bool shown = with_env || text_equal(transformation->env, TEXT("{}"));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", call_id(ID_TRANSFORMATION, transformation->id),
                     "team_id", call_id(ID_PROJECT, transformation->project_id), "name",
                     json_text(transformation->name), "code", json_text(transformation->code), "env",
                     shown ? config_read(transformation->env) : json_null(), "updated_at", json_moment(transformation->updated_at),
                     "created_at", json_moment(transformation->created_at));
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct transformation transformation;
    if (!store_read_transformation(call->reader, call->arena, call->project_id, id, &transformation, &error))
        return call_fail_error(call, &error);
    return call_reply(call, transformation_json(&transformation, true));
}

bool transformation_find(struct call *call, struct text id, struct transformation *transformation)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_TRANSFORMATION, id, &key))
        return call_fail_missing(call, "transformation", id);
    if (!store_read_transformation(call->reader, call->arena, call->project_id, key, transformation, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "transformation", id)
                                             : call_fail_error(call, &error);
    return transformation->deleted_at == 0 || call_fail_gone(call, "transformation", id);
}

/* ---- changed ------------------------------------------------------------------------------------- */

void transformation_check_env(struct call *call, json_t *env, const char *where)
{
    const char *name;
    json_t *value;
    if (json_object_size(env) > (size_t)limits.array_values)
        call_problem(call, "%senv: must have at most %lld members", where, (long long)limits.array_values);
    json_object_foreach(env, name, value)
    {
        if (!json_is_string(value))
            call_problem(call, "%senv.%.100s: must be a string, not %s", where, name, json_type_name(value));
    }
}

/* Lays the input over the record. */
static bool merge_input(struct call *call, json_t *input, struct transformation *transformation)
{
    struct text name = json_member_text(input, "name"), code = json_member_text(input, "code");
    json_t *env = json_member(input, "env");
    transformation_check_env(call, env, "");
    if (name.data != NULL)
        transformation->name = name;
    if (code.data != NULL)
        transformation->code = code;
    if (json_is_object(env))
        transformation->env = config_text(call, env);
    transformation->updated_at = call->now;
    return call_check(call);
}

static bool put(struct call *call, const struct transformation *transformation)
{
    struct error error = {0};
    struct transformation other;
    if (store_read_transformation_by_name(call->reader, call->arena, call->project_id, transformation->name, &other,
                                          &error)) {
        if (other.id != transformation->id)
            return call_fail(call, 409, transformation_json(&other, false),
                             "there is a transformation of the name %.*s", TEXT_ARGS(transformation->name));
    } else if (error.code != ERROR_NOT_FOUND) {
        return call_fail_error(call, &error);
    }
    error = (struct error){0};
    call->changed_id = transformation->id;
    return store_put_transformation(call->transaction, transformation, &error) || call_fail_error(call, &error);
}

bool transformation_apply(struct call *call, json_t *input, struct transformation *transformation)
{
    struct error error = {0};
    if (!store_read_transformation_by_name(call->reader, call->arena, call->project_id,
                                           json_member_text(input, "name"), transformation, &error)) {
        if (error.code != ERROR_NOT_FOUND)
            return call_fail_error(call, &error);
        *transformation = (struct transformation){.id = id_new(), .project_id = call->project_id, .env = TEXT("{}"),
                                                  .created_at = call->now};
    }
    return merge_input(call, input, transformation) && put(call, transformation);
}

static bool change_create(struct call *call)
{
    struct transformation transformation = {.id = id_new(), .project_id = call->project_id, .env = TEXT("{}"),
                                            .created_at = call->now};
    return merge_input(call, call->body, &transformation) && put(call, &transformation);
}

static bool change_upsert(struct call *call)
{
    struct transformation transformation;
    return transformation_apply(call, call->body, &transformation);
}

static bool change_update(struct call *call)
{
    struct transformation transformation;
    return transformation_find(call, call->id, &transformation) && merge_input(call, call->body, &transformation) &&
           put(call, &transformation);
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct transformation transformation;
    struct connection connection;
    if (!transformation_find(call, call->id, &transformation))
        return false;
    if (store_read_connection_of_transformation(call->reader, call->arena, call->project_id, transformation.id,
                                                &connection, &error)) {
        char id[ID_TEXT_SIZE];
        id_format(ID_CONNECTION, connection.id, id);
        call_problem(call, "the rules of the connection %s use the transformation: it cannot be deleted", id);
        return call_check(call);
    }
    if (error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    error = (struct error){0};
    transformation.deleted_at = transformation.updated_at = call->now;
    return store_put_transformation(call->transaction, &transformation, &error) || call_fail_error(call, &error);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool transformation_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool transformation_upsert(struct call *call)
{
    return call_write(call, change_upsert) && reply_with(call, call->changed_id);
}

static bool transformation_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool transformation_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool transformation_get(struct call *call)
{
    struct transformation transformation;
    return transformation_find(call, call->id, &transformation) &&
           call_reply(call, transformation_json(&transformation, true));
}

/* Code may be large: one by one, and no more of it in a page than the bodies of one may be. */
static json_t *whole_json(struct call *call, int64_t id)
{
    struct arena arena = {0};
    struct error error = {0};
    struct transformation transformation;
    json_t *object = NULL;
    if (!store_read_transformation(call->reader, &arena, call->project_id, id, &transformation, &error)) {
        call_fail_error(call, &error);
    } else {
        call->data_bytes += (int64_t)(transformation.code.size + transformation.env.size);
        if (call->data_bytes <= limits.api_data_bytes)
            object = transformation_json(&transformation, false);
        else
            call_problem(call, "limit: the code of so many transformations does not fit into one page, ask for fewer");
    }
    arena_free(&arena);
    return object;
}

static bool transformation_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct transformation *transformations = NULL;
    if (list.limit > 0 &&
        !store_list_transformations(call->reader, call->arena, &list, &transformations, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++) {
        if (json_array_append_new(models, whole_json(call, transformations[i].id)) != 0) {
            json_decref(models);
            return call_check(call) && call_fail(call, 500, NULL, "no memory for the reply");
        }
    }
    return page_reply(call, models, &page);
}

static bool transformation_count(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    int64_t count;
    if (!store_count_transformations(call->reader, &list, &count, &error))
        return call_fail_error(call, &error);
    return call_reply(call, json_pack("{s:I}", "count", (json_int_t)count));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row transformation_fields[] = {
    {"name", VALUE_TEXT, .required = true, .is_name = true, .most = NAME_MOST},
    {"code", VALUE_TEXT, .required = true, .most = CODE_MOST},
    {.name = "env", VALUE_OBJECT},
    END,
};
static const struct field_row transformation_change_fields[] = {
    {"name", VALUE_TEXT, .is_name = true, .most = NAME_MOST},
    {"code", VALUE_TEXT, .most = CODE_MOST},
    {.name = "env", VALUE_OBJECT},
    END,
};
static const struct field_row run_request_fields[] = {
    {"headers", VALUE_OBJECT, .required = true},
    {.name = "body", VALUE_ANY},
    {"path", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {"query", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {.name = "parsed_query", VALUE_OBJECT | VALUE_NULL},
    END,
};
static const struct field_row run_fields[] = {
    {"code", VALUE_TEXT, .most = CODE_MOST},
    {"transformation_id", VALUE_TEXT, .most = TEXT_MOST},
    {.name = "env", VALUE_OBJECT},
    {"webhook_id", VALUE_TEXT, .most = TEXT_MOST},
    {"event_id", VALUE_TEXT, .most = TEXT_MOST},
    {"request", VALUE_OBJECT, .fields = run_request_fields},
    END,
};

static const struct field_row transformation_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "team_id", VALUE_TEXT, .required = true},
    {.name = "name", VALUE_TEXT, .required = true}, {.name = "code", VALUE_TEXT, .required = true},
    {.name = "env", VALUE_OBJECT | VALUE_NULL}, MOMENT("updated_at"),
    MOMENT("created_at"), END,
};
static const struct field_row run_result_shape[] = {
    ALWAYS("headers", VALUE_OBJECT), ALWAYS("path", VALUE_TEXT), PERHAPS("query", VALUE_TEXT | VALUE_NULL),
    PERHAPS("parsed_query", VALUE_OBJECT | VALUE_NULL), PERHAPS("body", VALUE_ANY), END,
};
static const struct field_row run_shape[] = {
    ALWAYS("request_id", VALUE_TEXT | VALUE_NULL), ALWAYS("transformation_id", VALUE_TEXT | VALUE_NULL),
    ALWAYS("execution_id", VALUE_TEXT | VALUE_NULL), ONE_OF("log_level", execution_log_level_names),
    {"request", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = run_result_shape},
    {"console", VALUE_ARRAY, .required = true, .item = &log_line_item}, END,
};
static const struct shape shapes[] = {
    {"Transformation", transformation_shape}, {"TransformationExecutorOutput", run_shape}, END,
};

#define TRANSFORMATION_FILTERS                                                                          \
    ID_FILTER("id", FIELD_ID, ID_TRANSFORMATION),                                                       \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true}
static const struct parameter_row transformation_parameters[] = {
    TRANSFORMATION_FILTERS, PAGING(by_name_or_date, 100), END,
};
static const struct parameter_row transformation_count_parameters[] = {TRANSFORMATION_FILTERS, END};

static const struct operation operations[] = {
    {"GET", "/transformations", "getTransformations", "List transformations", transformation_list,
     transformation_parameters, NULL, "TransformationPaginatedResult"},
    {"POST", "/transformations", "createTransformation", "Create a transformation", transformation_create, NULL,
     transformation_fields, "Transformation"},
    {"PUT", "/transformations", "upsertTransformation", "Create a transformation or change the one of that name",
     transformation_upsert, NULL, transformation_fields, "Transformation"},
    {"GET", "/transformations/count", "getTransformationsCount", "Count transformations", transformation_count,
     transformation_count_parameters, NULL, "Count"},
    {"PUT", "/transformations/run", "testTransformation", "Try code on a request", transformation_run, NULL,
     run_fields, "TransformationExecutorOutput"},
    {"GET", "/transformations/{id}", "getTransformation", "Get a transformation", transformation_get, NULL, NULL,
     "Transformation"},
    {"PUT", "/transformations/{id}", "updateTransformation", "Change a transformation", transformation_update, NULL,
     transformation_change_fields, "Transformation"},
    {"DELETE", "/transformations/{id}", "deleteTransformation", "Delete a transformation that no connection uses",
     transformation_delete, NULL, NULL, "Deleted"},
};
OPERATIONS(transformation_operations, operations, shapes);
