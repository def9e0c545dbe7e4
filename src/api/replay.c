/* Requests that are stored already go their way again: retried (events anew), replayed (a request anew). */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include "ingest/remake.h"

/* ---- shared with bookmarks ----------------------------------------------------------------------- */

struct remake call_remake(struct call *call)
{
    return (struct remake){
        .transaction = call->transaction, .catalog = call->catalog, .arena = call->arena, .now = call->now};
}

json_t *request_made_json(struct call *call)
{
    json_t *events = json_array();
    remake_hand_on(call->deliver, call->passages, &call->made);
    for (const struct made_event *made = call->made.events; made != NULL; made = made->next)
        json_array_insert_new(events, 0, event_json(call, &made->event, false));
    return events;
}

/* ---- what is asked for --------------------------------------------------------------------------- */

static bool check_sound(struct call *call, const struct request *request, const char *what)
{
    if (!remake_is_sound(request))
        call_problem(call, "a request that was rejected as %s cannot be %s",
                     rejection_cause_name(request->rejection_cause), what);
    return call_check(call);
}

/* The connections of body.webhook_ids; NULL (and true) without. Problems of single ones are noted. */
static bool read_connections(struct call *call, struct connection **connections, size_t *count)
{
    const json_t *ids = json_member(call->body, "webhook_ids"), *id;
    size_t i;
    *connections = NULL;
    *count = 0;
    if (!json_is_array(ids))
        return true;
    *connections = ARENA_ARRAY(call->arena, struct connection, json_array_size(ids) + 1);
    json_array_foreach(ids, i, id)
    {
        struct text text = {json_string_value(id), json_string_length(id)};
        struct error error = {0};
        int64_t key;
        struct connection *connection = &(*connections)[*count];
        if (id_parse(ID_CONNECTION, text, &key) &&
            store_read_connection(call->reader, call->arena, call->project_id, key, connection, &error) &&
            connection->deleted_at == 0 && connection->disabled_at == 0)
            ++*count;
        else if (error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND)
            return call_fail_error(call, &error);
        else
            call_problem(call, "webhook_ids[%zu]: is not an active connection of the project", i);
    }
    return true;
}

static int64_t *ids_of(struct call *call, const struct connection *connections, size_t count)
{
    int64_t *ids = ARENA_ARRAY(call->arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++)
        ids[i] = connections[i].id;
    return ids;
}

/* ---- retried ------------------------------------------------------------------------------------- */

static bool change_retry(struct call *call)
{
    struct request request;
    struct connection *connections;
    struct error error = {0};
    struct remake_target target = {0};
    if (!request_find(call, call->id, true, &request) || !check_sound(call, &request, "retried") ||
        !read_connections(call, &connections, &target.count))
        return false;
    for (size_t i = 0; i < target.count; i++) {
        if (!remake_fits(&connections[i], &request))
            call_problem(call, "webhook_ids[%zu]: is not a connection of the source, made before the request", i);
    }
    if (!call_check(call))
        return false;
    target.source_id = request.source_id;
    if (connections != NULL)
        target.connection_ids = ids_of(call, connections, target.count);
    struct remake remake = call_remake(call);
    if (!remake_retry(&remake, &request, &target, &error))
        return call_fail_error(call, &error);
    call->made = remake.made;
    return true;
}

static bool request_retry(struct call *call)
{
    struct request request;
    if (!call_write(call, change_retry) || !request_find(call, call->id, false, &request))
        return false;
    json_t *events = request_made_json(call);
    return call_reply(call, json_pack("{s:o, s:o}", "request", request_json(call, &request, false), "events", events));
}

/* ---- replayed ------------------------------------------------------------------------------------ */

/* Where the body says that it goes; without a word there, `otherwise`. */
static bool read_targets(struct call *call, const struct remake_target *otherwise, struct remake_target **targets,
                         size_t *count)
{
    struct text source_id = json_member_text(call->body, "source_id");
    struct source source = {0};
    struct connection *connections;
    size_t connection_count;
    if ((source_id.data != NULL && !source_find(call, source_id, &source)) ||
        !read_connections(call, &connections, &connection_count))
        return false;
    *targets = ARENA_ARRAY(call->arena, struct remake_target, connection_count + 1);
    *count = 1;
    if (connections != NULL && connection_count == 0)
        call_problem(call, "webhook_ids: names no active connection");
    for (size_t i = 0; source.id != 0 && i < connection_count; i++) {
        if (connections[i].source_id != source.id)
            call_problem(call, "webhook_ids[%zu]: is not a connection of the source", i);
    }
    if (connection_count > 0)
        *count = remake_targets(call->catalog, call->arena, ids_of(call, connections, connection_count), connection_count,
                                *targets);
    else
        (*targets)[0] = source.id != 0 ? (struct remake_target){.source_id = source.id} : *otherwise;
    return call_check(call);
}

static bool replay(struct call *call, const struct request *original, const struct remake_target *otherwise)
{
    struct error error = {0};
    struct remake_target *targets;
    size_t count;
    struct remake remake = call_remake(call);
    if (!check_sound(call, original, "replayed") || !read_targets(call, otherwise, &targets, &count))
        return false;
    call->made_requests = ARENA_ARRAY(call->arena, struct request, count);
    for (; call->made_request_count < count; call->made_request_count++) {
        if (!remake_replay(&remake, original, &targets[call->made_request_count],
                           &call->made_requests[call->made_request_count], &error))
            return call_fail_error(call, &error);
    }
    call->made = remake.made;
    return true;
}

static bool change_replay_request(struct call *call)
{
    struct request request;
    return request_find(call, call->id, true, &request) &&
           replay(call, &request, &(struct remake_target){.source_id = request.source_id});
}

/* To the event's own connection, unless the body names others. */
static bool change_replay_event(struct call *call)
{
    struct event event;
    struct request request;
    struct connection connection;
    struct error error = {0};
    if (!event_find(call, call->id, &event))
        return false;
    if (!store_read_request(call->reader, call->arena, call->project_id, event.request_id, true, &request, &error) ||
        !store_read_connection(call->reader, call->arena, call->project_id, event.connection_id, &connection, &error))
        return call_fail_error(call, &error);
    bool named = json_member(call->body, "source_id") != NULL || json_member(call->body, "webhook_ids") != NULL;
    if (!named && (connection.disabled_at != 0 || connection.deleted_at != 0)) {
        call_problem(call, "the connection of the event is %s: it cannot be replayed to it",
                     connection.deleted_at != 0 ? "deleted" : "disabled");
        return call_check(call);
    }
    return replay(call, &request, &(struct remake_target){event.source_id, &event.connection_id, 1});
}

static bool reply_with_made(struct call *call)
{
    json_t *events = request_made_json(call), *requests = json_array();
    for (size_t i = 0; i < call->made_request_count; i++)
        json_array_append_new(requests, request_json(call, &call->made_requests[i], false));
    return call_reply(call, json_pack("{s:o, s:o}", "requests", requests, "events", events));
}

static bool request_replay(struct call *call)
{
    return call_write(call, change_replay_request) && reply_with_made(call);
}

static bool event_replay(struct call *call)
{
    return call_write(call, change_replay_event) && reply_with_made(call);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row text_item = {"", VALUE_TEXT, .most = TEXT_MOST};
static const struct field_row replay_fields[] = {
    {"source_id", VALUE_TEXT, .most = TEXT_MOST}, {"webhook_ids", VALUE_ARRAY, .item = &text_item}, END,
};
static const struct field_row request_retry_fields[] = {
    {"webhook_ids", VALUE_ARRAY | VALUE_NULL, .item = &text_item}, END,
};

static const struct field_row request_item = {.name = "", VALUE_OBJECT, .fields = request_shape};
static const struct field_row event_item = {.name = "", VALUE_OBJECT, .fields = event_shape};
static const struct field_row replay_shape[] = {
    {"requests", VALUE_ARRAY, .required = true, .item = &request_item},
    {"events", VALUE_ARRAY, .required = true, .item = &event_item}, END,
};
static const struct field_row retry_shape[] = {
    {"request", VALUE_OBJECT, .required = true, .fields = request_shape},
    {"events", VALUE_ARRAY, .required = true, .item = &event_item}, END,
};
static const struct shape shapes[] = {{"ReplayRequest", replay_shape}, {"RetryRequest", retry_shape}, END};

static const struct operation operations[] = {
    {"POST", "/requests/{id}/retry", "retryRequest", "Make events of a request again", request_retry, NULL,
     request_retry_fields, "RetryRequest"},
    {"POST", "/requests/{id}/replay", "replayRequest", "Make a new request of a request's data", request_replay, NULL,
     replay_fields, "ReplayRequest"},
    {"POST", "/events/{id}/replay", "replayEvent", "Make a new request of an event's data", event_replay, NULL,
     replay_fields, "ReplayRequest"},
};
OPERATIONS(replay_operations, operations, shapes);
