#include "api/contract_rows.h"
#include "api/nouns.h"

#include "store/execution.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *parsed(struct text stored)
{
    json_t *value = stored.size > 0 ? json_parse(stored, NULL) : NULL;
    return value != NULL ? value : json_null();
}

static int64_t original_data(const struct execution *execution)
{
    return execution->original_id != 0 ? execution->original_id : execution->request_id;
}

static json_t *execution_json(const struct execution *execution)
{
    json_t *moment = json_moment(execution->created_at);
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:O}", "id", call_id(ID_EXECUTION, execution->id), "team_id",
        call_id(ID_PROJECT, execution->project_id), "transformation_id",
        call_id(ID_TRANSFORMATION, execution->transformation_id), "webhook_id",
        call_id(ID_CONNECTION, execution->connection_id), "original_event_data_id",
        call_id(ID_EVENT_DATA, original_data(execution)), "issue_id", call_id(ID_ISSUE, execution->issue_id), "log_level",
        execution_log_level_name(execution->log_level), "logs", parsed(execution->logs), "created_at", moment,
        "updated_at", moment);
}

/* What it ran on: the request, or what the execution before made of it; null when that is gone. */
static json_t *original_json(struct call *call, const struct execution *execution)
{
    struct request request;
    struct event data = {.project_id = call->project_id, .request_id = execution->request_id,
                         .execution_id = execution->original_id};
    return execution->request_id != 0 && store_read_event_data(call->reader, call->arena, &data, &request, NULL)
               ? data_request_json(call, &request) : json_null();
}

/* What it ran on and what came of it. */
json_t *execution_whole_json(struct call *call, struct execution *execution)
{
    struct error error = {0};
    if (!store_read_execution_result(call->reader, call->arena, execution, &error))
        return NULL;
    json_t *object = execution_json(execution);
    json_object_set_new(object, "original_event_data", original_json(call, execution));
    json_object_set_new(object, "transformed_event_data_id",
                        call_id(ID_EVENT_DATA, execution->has_result ? execution->id : 0));
    json_object_set_new(object, "transformed_event_data",
                        execution->has_result ? data_request_json(call, &execution->result) : json_null());
    return object;
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool execution_list(struct call *call)
{
    struct error error = {0};
    struct transformation transformation;
    struct store_page page = {0};
    struct execution *executions = NULL;
    if (!transformation_find(call, call->id, &transformation))
        return false;
    page_of(call, FIELD_TRANSFORMATION_ID, transformation.id);
    struct store_list list = page_list(call);
    if (list.limit > 0 && !store_list_executions(call->reader, call->arena, &list, &executions, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, execution_json(&executions[i]));
    return page_reply(call, models, &page);
}

static bool execution_get(struct call *call)
{
    struct error error = {0};
    struct transformation transformation;
    struct execution execution;
    int64_t key;
    if (!transformation_find(call, call->id, &transformation))
        return false;
    bool found = id_parse(ID_EXECUTION, call->second_id, &key) &&
                 store_read_execution(call->reader, call->arena, call->project_id, key, &execution, &error);
    if (!found && error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (!found || execution.transformation_id != transformation.id)
        return call_fail_missing(call, "execution", call->second_id);
    return call_reply(call, execution_whole_json(call, &execution));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const LINE_NAMES[] = {"error", "log", "warn", "info", "debug", NULL};
static const struct field_row log_line_shape[] = {ONE_OF("type", LINE_NAMES), ALWAYS("message", VALUE_TEXT), END};
const struct field_row log_line_item = {.name = "", VALUE_OBJECT, .fields = log_line_shape};
static const struct field_row execution_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("transformation_id", VALUE_TEXT),
    ALWAYS("webhook_id", VALUE_TEXT | VALUE_NULL), ALWAYS("original_event_data_id", VALUE_TEXT | VALUE_NULL),
    ONE_OF("log_level", execution_log_level_names), {"logs", VALUE_ARRAY, .required = true, .item = &log_line_item},
    PERHAPS("issue_id", VALUE_TEXT | VALUE_NULL), PERHAPS("transformed_event_data_id", VALUE_TEXT | VALUE_NULL),
    {"original_event_data", VALUE_OBJECT | VALUE_NULL, .fields = request_data_shape},
    {"transformed_event_data", VALUE_OBJECT | VALUE_NULL, .fields = request_data_shape},
    MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {{"TransformationExecution", execution_shape}, END};

static const struct parameter_row execution_parameters[] = {
    {"log_level", PARAMETER_ENUM, FIELD_LOG_LEVEL, .names = execution_log_level_names,
     .parse = execution_log_level_parse, .nullable = true},
    ID_FILTER("webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION), ID_FILTER("issue_id", FIELD_ISSUE_ID, ID_ISSUE),
    DATE_FILTER("created_at", FIELD_CREATED_AT), PAGING(by_creation, 50), END,
};

static const struct operation operations[] = {
    {"GET", "/transformations/{id}/executions", "getTransformationExecutions", "List a transformation's executions",
     execution_list, execution_parameters, NULL, "TransformationExecutionPaginatedResult"},
    {"GET", "/transformations/{id}/executions/{execution_id}", "getTransformationExecution",
     "Get an execution with its data", execution_get, NULL, NULL, "TransformationExecution"},
};
OPERATIONS(execution_operations, operations, shapes);
