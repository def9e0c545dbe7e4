/* PUT /transformations/run: code on a request or an event, at once. */
#include "api/nouns.h"

#include "base/json_scan.h"
#include "base/limits.h"
#include "store/execution.h"
#include "transform/pool.h"

/* What is run, and on what; the JSON is the call's to free. */
struct trial {
    struct transformation transformation; /* id 0: none is named */
    bool saved;                           /* its own code runs, so the run is kept */
    struct event event;                   /* id 0: on a request that was sent along */
    int64_t connection_id;
    json_t *connection; /* as the API shows it, or null */
    json_t *head; /* of the request: all but its body */
    enum frame_body body_kind;
    struct text body;
    struct text code, env;
};

/* ---- what is asked ----------------------------------------------------------------------------------- */

static void check_parts(struct call *call)
{
    bool with_request = json_member(call->body, "request") != NULL;
    bool with_event = json_member(call->body, "event_id") != NULL;
    transformation_check_env(call, json_member(call->body, "env"));
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
    trial->code = json_member_text(call->body, "code");
    trial->env = TEXT("{}");
    if (id.data != NULL) {
        if (!transformation_find(call, id, &trial->transformation))
            return false;
        trial->saved = trial->code.data == NULL;
        trial->env = trial->transformation.env;
    }
    if (trial->saved)
        trial->code = trial->transformation.code;
    if (env != NULL)
        trial->env = config_text(call, env);
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
        trial->body_kind = FRAME_BODY_TEXT;
        trial->body = arena_copy_text(call->arena, json_member_text(request, "body"));
    } else if (body != NULL) {
        trial->body_kind = FRAME_BODY_JSON;
        trial->body = config_text(call, body);
    }
    json_object_del(request, "body");
    trial->head = json_incref(request);
}

/* JSON that is none goes as the text that it is. */
static bool take_event(struct call *call, struct trial *trial, struct text id)
{
    struct error error = {0};
    struct request request;
    if (!event_find(call, id, &trial->event))
        return false;
    if (!store_read_request(call->reader, call->arena, call->project_id, trial->event.request_id, true, &request,
                            &error))
        return call_fail_error(call, &error);
    struct http_headers headers = http_headers_read(call->arena, request.headers);
    bool is_json = data_is_json(http_headers_get(&headers, TEXT("content-type"))) &&
                   json_scan_check(request.body.data, request.body.size, (size_t)limits.json_depth) == NULL;
    trial->body_kind = is_json ? FRAME_BODY_JSON : FRAME_BODY_TEXT;
    trial->body = request.body;
    trial->head = json_pack("{s:o, s:o, s:o, s:o}", "headers", data_headers_json(call, request.headers), "path",
                            json_text(request.path.size ? request.path : TEXT("")), "query",
                            json_text(request.query.size ? request.query : TEXT("")), "parsed_query",
                            data_query_json(call, request.query));
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

static void run(struct call *call, const struct trial *trial, struct transform_result *result)
{
    json_t *context = json_pack("{s:O}", "connection", trial->connection);
    const struct transform_input input = {
        .code = trial->code, .env = trial->env, .context = config_text(call, context),
        .head = config_text(call, trial->head), .body_kind = trial->body_kind, .body = trial->body};
    transform_pool_run(call->transform, call->project_id, &input, result);
    json_decref(context);
}

/* ---- what came of it --------------------------------------------------------------------------------- */

/* A page of lines that is cut keeps its last one, which may say why the run failed. */
static json_t *kept_console(const json_t *console)
{
    enum { LINE_MORE = 128 };
    size_t count = json_array_size(console), bytes = 2 + LINE_MORE;
    json_t *kept = json_array(), *last = json_array_get(console, count - 1);
    for (size_t i = 0; i < count; i++) {
        json_t *line = json_array_get(console, i);
        bytes += json_dumpb(line, NULL, 0, JSON_COMPACT) + 1;
        size_t reserved = line == last ? 0 : json_dumpb(last, NULL, 0, JSON_COMPACT) + 1;
        if (bytes + reserved > EXECUTION_LOGS_BYTES) {
            json_array_append_new(kept, json_pack("{s:s, s:s}", "type", "warn", "message",
                                                  "more was printed than is kept"));
            json_array_append(kept, last);
            break;
        }
        json_array_append(kept, line);
    }
    return kept;
}

/* The transformed request as stored: its members, then the body as it is. */
static struct text transformed_text(struct call *call, const struct transform_result *result,
                                    const json_t *parsed_query)
{
    struct buffer out = {0};
    json_t *head = json_copy(result->request), *text = NULL;
    json_object_set(head, "parsed_query", (json_t *)parsed_query);
    json_write(&out, head);
    out.size--; /* "}" */
    buffer_append_string(&out, ",\"body\":");
    if (result->body_kind == FRAME_BODY_JSON)
        buffer_append_text(&out, result->body);
    else
        json_write(&out, text = json_text(result->body_kind == FRAME_BODY_TEXT ? result->body : TEXT_NONE));
    buffer_append_byte(&out, '}');
    struct text copy = arena_copy_text(call->arena, buffer_text(&out));
    buffer_free(&out);
    json_decref(text);
    json_decref(head);
    return copy;
}

static bool change_execution(struct call *call)
{
    struct error error = {0};
    return store_insert_execution(call->transaction, call->user, &error) || call_fail_error(call, &error);
}

static bool keep_execution(struct call *call, const struct trial *trial, const struct transform_result *result,
                           const json_t *console, const json_t *parsed_query, int64_t *id)
{
    struct execution execution = {
        .id = id_new(), .project_id = call->project_id, .transformation_id = trial->transformation.id,
        .connection_id = trial->connection_id, .request_id = trial->event.request_id, .log_level = result->log_level,
        .created_at = call->now, .logs = config_text(call, console)};
    if (result->outcome == TRANSFORM_DONE)
        execution.transformed = transformed_text(call, result, parsed_query);
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
    json_t *console = kept_console(result->console);
    json_t *parsed_query = data_query_json(call, json_member_text(result->request, "query"));
    bool good = !trial->saved || keep_execution(call, trial, result, console, parsed_query, &execution_id);
    json_decref(parsed_query);
    if (!good) {
        json_decref(console);
        return false;
    }
    return call_reply(call, json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "request_id",
                                      call_id(ID_REQUEST, trial->event.request_id), "transformation_id",
                                      call_id(ID_TRANSFORMATION, trial->transformation.id), "execution_id",
                                      call_id(ID_EXECUTION, execution_id), "log_level",
                                      execution_log_level_name(result->log_level), "request",
                                      result_json(call, result), "console", console));
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
    json_decref(trial.head);
    json_decref(trial.connection);
    return good;
}
