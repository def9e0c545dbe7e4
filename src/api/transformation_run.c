/* PUT /transformations/run: code on a request or an event, at once. */
#include "api/nouns.h"

#include "store/execution.h"
#include "transform/exchange.h"

/* What is run, and on what. */
struct trial {
    struct transformation transformation; /* id 0: none is named */
    bool saved;                           /* its own code runs, so the run is kept */
    struct event event;                   /* id 0: on a request that was sent along */
    int64_t connection_id;
    json_t *connection; /* as the API shows it, or null */
    struct transform_input input;
};

/* ---- what is asked ----------------------------------------------------------------------------------- */

static void check_parts(struct call *call)
{
    bool with_request = json_member(call->body, "request") != NULL;
    bool with_event = json_member(call->body, "event_id") != NULL;
    transformation_check_env(call, json_member(call->body, "env"), "");
    if (json_member(call->body, "transformation_id") == NULL && json_member(call->body, "code") == NULL)
        call_problem(call, "code: or transformation_id is required");
    if (with_request == with_event)
        call_problem(call, "request: %s", with_request ? "cannot be given together with event_id"
                                                       : "or event_id is required");
}

static bool find_code(struct call *call, struct trial *trial)
{
    struct text id = json_member_text(call->body, "transformation_id");
    json_t *env = json_member(call->body, "env");
    trial->input.code = json_member_text(call->body, "code");
    trial->input.env = TEXT("{}");
    if (id.data != NULL) {
        if (!transformation_find(call, id, &trial->transformation))
            return false;
        trial->saved = trial->input.code.data == NULL;
        trial->input.env = trial->transformation.env;
    }
    if (trial->saved)
        trial->input.code = trial->transformation.code;
    if (env != NULL)
        trial->input.env = config_text(call, env);
    return true;
}

/* Whatever a sender of a request leaves out. */
static void complete_request(struct call *call, json_t *request)
{
    struct text query = json_member_text(request, "query");
    if (json_member_text(request, "path").data == NULL)
        json_object_set_new(request, "path", json_string("/"));
    if (query.data == NULL)
        json_object_set_new(request, "query", json_string(""));
    if (!json_is_object(json_member(request, "parsed_query")))
        json_object_set_new(request, "parsed_query", data_query_json(call, query));
}

/* A text goes as it is. */
static void take_request(struct call *call, struct trial *trial)
{
    json_t *request = json_member(call->body, "request"), *body = json_member(request, "body");
    complete_request(call, request);
    if (json_is_string(body)) {
        trial->input.body_kind = FRAME_BODY_TEXT;
        trial->input.body = arena_copy_text(call->arena, json_member_text(request, "body"));
    } else if (body != NULL) {
        trial->input.body_kind = FRAME_BODY_JSON;
        trial->input.body = config_text(call, body);
    }
    json_object_del(request, "body");
    trial->input.head = config_text(call, request);
}

static bool take_event(struct call *call, struct trial *trial, struct text id)
{
    struct error error = {0};
    struct buffer head = {0};
    struct request request;
    if (!event_find(call, id, &trial->event))
        return false;
    if (!store_read_request(call->reader, call->arena, call->project_id, trial->event.request_id, true, &request,
                            &error))
        return call_fail_error(call, &error);
    exchange_give(&trial->input, content_of(&request), &request, &head);
    trial->input.head = arena_copy_text(call->arena, buffer_text(&head));
    buffer_free(&head);
    return true;
}

static bool find_request(struct call *call, struct trial *trial)
{
    struct text id = json_member_text(call->body, "event_id");
    if (id.data != NULL)
        return take_event(call, trial, id);
    take_request(call, trial);
    return true;
}

static bool find_connection(struct call *call, struct trial *trial)
{
    struct text id = json_member_text(call->body, "webhook_id");
    struct error error = {0};
    struct connection connection;
    trial->connection = json_null();
    if (id.data != NULL) {
        if (!connection_find(call, id, &connection))
            return false;
    } else if (trial->event.id == 0) {
        return true;
    } else if (!store_read_connection(call->reader, call->arena, call->project_id, trial->event.connection_id,
                                      &connection, &error)) {
        return call_fail_error(call, &error);
    }
    trial->connection_id = connection.id;
    trial->connection = connection_json(call, &connection);
    return true;
}

/* ---- the run ------------------------------------------------------------------------------------- */

static void run(struct call *call, struct trial *trial, struct transform_result *result)
{
    json_t *context = json_pack("{s:O}", "connection", trial->connection);
    trial->input.context = config_text(call, context);
    transform_pool_run(call->transform, call->project_id, &trial->input, result);
    json_decref(context);
}

/* ---- what came of it --------------------------------------------------------------------------------- */

static bool change_execution(struct call *call)
{
    struct error error = {0};
    return store_insert_execution(call->transaction, call->user, &error) || call_fail_error(call, &error);
}

static bool keep_execution(struct call *call, const struct trial *trial, const struct transform_result *result,
                           int64_t *id)
{
    struct execution execution = {
        .id = id_new(), .project_id = call->project_id, .transformation_id = trial->transformation.id,
        .connection_id = trial->connection_id, .request_id = trial->event.request_id, .created_at = call->now};
    exchange_take(call->arena, result, &execution);
    *id = execution.id;
    call->user = &execution;
    return call_write(call, change_execution);
}

/* path, query, parsed_query, headers and body; null when the run has no result. */
static json_t *result_json(struct call *call, const struct transform_result *result)
{
    bool large;
    if (result->outcome != TRANSFORM_DONE)
        return json_null();
    json_t *object = json_incref(result->request);
    struct text type = result->body_kind == FRAME_BODY_JSON ? TEXT("application/json") : TEXT("");
    json_object_set_new(object, "parsed_query", data_query_json(call, json_member_text(object, "query")));
    json_object_set_new(object, "body", result->body_kind == FRAME_BODY_NONE
                                            ? json_null() : data_body_json(call, type, result->body, &large));
    return object;
}

static bool reply_with(struct call *call, const struct trial *trial, struct transform_result *result)
{
    int64_t execution_id = 0;
    if (trial->saved && !keep_execution(call, trial, result, &execution_id))
        return false;
    return call_reply(call, json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "request_id",
                                      call_id(ID_REQUEST, trial->event.request_id), "transformation_id",
                                      call_id(ID_TRANSFORMATION, trial->transformation.id), "execution_id",
                                      call_id(ID_EXECUTION, execution_id), "log_level",
                                      execution_log_level_name(result->log_level), "request",
                                      result_json(call, result), "console", exchange_lines(result->console)));
}

static bool run_and_reply(struct call *call, struct trial *trial)
{
    struct transform_result result;
    run(call, trial, &result);
    bool good = result.outcome == TRANSFORM_UNAVAILABLE
                    ? call_fail(call, 503, NULL, "%s",
                                json_member_text(json_array_get(result.console, 0), "message").data)
                    : reply_with(call, trial, &result);
    transform_result_free(&result);
    return good;
}

bool transformation_run(struct call *call)
{
    struct trial trial = {0};
    check_parts(call);
    bool good = call_check(call) && find_code(call, &trial) && find_request(call, &trial) &&
                find_connection(call, &trial) && run_and_reply(call, &trial);
    json_decref(trial.connection);
    return good;
}
