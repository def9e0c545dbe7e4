#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"
#include "model/event.h"
#include "store/execution.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *names_json(struct text names)
{
    json_t *array = json_array();
    struct text name;
    while (names.size > 0 && text_split(&names, ',', &name))
        json_array_append_new(array, json_text(text_trim(name)));
    return array;
}

/* The request as it would be delivered next; as it came when its destination says nothing about that. */
static json_t *request_data_json(struct call *call, const struct event *event, const struct request *request)
{
    struct error error = {0};
    struct delivery_preview preview;
    bool large;
    if (!deliver_preview(call->catalog, call->public_url, call->arena, event, request, &preview, &error))
        preview = (struct delivery_preview){.url = TEXT(""), .method = request->method, .headers = request->headers};
    struct http_headers headers = http_headers_read(call->arena, request->headers);
    json_t *body = data_body_json(call, http_headers_get(&headers, TEXT("content-type")), request->body, &large);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "url", json_text(preview.url), "method",
                     json_text(preview.method), "path", json_text(request->path.size ? request->path : TEXT("")),
                     "query", json_text(request->query.size ? request->query : TEXT("")), "parsed_query",
                     data_query_json(call, request->query), "headers", data_headers_json(call, preview.headers),
                     "appended_headers", names_json(preview.appended_headers), "body", body, "is_large_payload",
                     large);
}

/* The arena is the request's own, so that the bodies of a page are never in memory together. */
static json_t *data_json(struct call *call, const struct event *event)
{
    struct arena arena = {0};
    struct request request;
    bool found = store_read_event_data(call->reader, &arena, event, &request, NULL);
    json_t *data = found ? request_data_json(call, event, &request) : json_null();
    arena_free(&arena);
    return data;
}

json_t *event_json(struct call *call, const struct event *event, bool with_data)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:s, s:o, s:n, s:o, s:o}", "id",
        call_id(ID_EVENT, event->id), "team_id", call_id(ID_PROJECT, event->project_id), "webhook_id",
        call_id(ID_CONNECTION, event->connection_id), "source_id", call_id(ID_SOURCE, event->source_id),
        "destination_id", call_id(ID_DESTINATION, event->destination_id), "delivery_group",
        json_text(event->delivery_group), "event_data_id",
        call_id(ID_EVENT_DATA, event->request_id), "request_id", call_id(ID_REQUEST, event->request_id), "attempts",
        (json_int_t)event->attempts, "last_attempt_at", json_moment(event->last_attempt_at), "next_attempt_at",
        json_moment(event->next_attempt_at), "response_status", call_integer_or_null(event->response_status, 0),
        "error_code", json_text(text_of(attempt_error_name(event->error_code))), "status",
        event_status_name(event->status), "successful_at", json_moment(event->successful_at), "cli_id",
        "updated_at", json_moment(event->updated_at), "created_at", json_moment(event->created_at));
    if (with_data)
        json_object_set_new(object, "data", data_json(call, event));
    return object;
}

bool event_find(struct call *call, struct text id, struct event *event)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_EVENT, id, &key))
        return call_fail_missing(call, "event", id);
    if (store_read_event(call->reader, call->arena, call->project_id, key, event, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "event", id) : call_fail_error(call, &error);
}

bool event_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct event *events = NULL;
    if (list.limit > 0 && !store_list_events(call->reader, call->arena, &list, &events, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, event_json(call, &events[i], call->query.include_data));
    return page_reply(call, models, &page);
}

static bool event_get(struct call *call)
{
    struct event event;
    return event_find(call, call->id, &event) && call_reply(call, event_json(call, &event, true));
}

static bool event_raw_body(struct call *call)
{
    struct event event;
    struct request request;
    struct error error = {0};
    if (!event_find(call, call->id, &event))
        return false;
    if (!store_read_event_data(call->reader, call->arena, &event, &request, &error))
        return call_fail_error(call, &error);
    return call_reply(call, json_pack("{s:o}", "body", json_text(request.body.size ? request.body : TEXT(""))));
}

/* ---- changed ------------------------------------------------------------------------------------- */

static bool put(struct call *call, const struct event *event)
{
    struct error error = {0};
    struct made_event *made = ARENA_NEW(call->arena, struct made_event);
    made->event = *event;
    call->made.events = made;
    return store_update_event(call->transaction, event, &error) || call_fail_error(call, &error);
}

static bool change_retry(struct call *call)
{
    struct event event;
    struct connection connection;
    struct error error = {0};
    if (!event_find(call, call->id, &event))
        return false;
    if (!store_read_connection(call->reader, call->arena, call->project_id, event.connection_id, &connection,
                               &error))
        return call_fail_error(call, &error);
    if (connection.disabled_at != 0 || connection.deleted_at != 0) {
        call_problem(call, "the connection of the event is %s: it cannot be retried",
                     connection.deleted_at != 0 ? "deleted" : "disabled");
        return call_check(call);
    }
    event_ask_again(&event, TRIGGER_MANUAL, call->now);
    return put(call, &event);
}

static bool event_retry(struct call *call)
{
    if (!call_write(call, change_retry))
        return false;
    const struct event *event = &call->made.events->event;
    deliver_wake(call->deliver, event);
    json_t *reply = event_json(call, event, false);
    json_object_set_new(reply, "event", event_json(call, event, false));
    json_object_set_new(reply, "attempt", json_null());
    return call_reply(call, reply);
}

static bool change_cancel(struct call *call)
{
    struct event event;
    if (!event_find(call, call->id, &event))
        return false;
    if (!event_is_waiting(&event)) {
        call_problem(call, "an event that is %s cannot be cancelled", event_status_name(event.status));
        return call_check(call);
    }
    event_set_cancelled(&event, call->now);
    return put(call, &event);
}

static bool event_cancel(struct call *call)
{
    if (!call_write(call, change_cancel))
        return false;
    deliver_forget(call->deliver, &call->made.events->event);
    return call_reply(call, event_json(call, &call->made.events->event, false));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

const char *const event_status_names[] = {
    "SCHEDULED", "QUEUED", "HOLD", "SUCCESSFUL", "FAILED", "CANCELLED", NULL,
};
#define ERROR_NAME(number, name) #name,
const char *const attempt_error_names[] = {ATTEMPT_ERRORS(ERROR_NAME) NULL};
#undef ERROR_NAME

static const struct field_row header_item = {.name = "", VALUE_TEXT};
static const struct field_row event_data_shape[] = {
    ALWAYS("url", VALUE_TEXT), ALWAYS("method", VALUE_TEXT), ALWAYS("path", VALUE_TEXT), ALWAYS("query", VALUE_TEXT),
    ALWAYS("parsed_query", VALUE_OBJECT), ALWAYS("headers", VALUE_OBJECT),
    {"appended_headers", VALUE_ARRAY, .required = true, .item = &header_item}, ALWAYS("body", VALUE_ANY),
    ALWAYS("is_large_payload", VALUE_BOOLEAN), END,
};
#define EVENT_SHAPE                                                                                     \
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("webhook_id", VALUE_TEXT),          \
    ALWAYS("source_id", VALUE_TEXT), ALWAYS("destination_id", VALUE_TEXT),                              \
    ALWAYS("delivery_group", VALUE_TEXT | VALUE_NULL), ALWAYS("event_data_id", VALUE_TEXT),             \
    ALWAYS("request_id", VALUE_TEXT), ALWAYS("attempts", VALUE_INTEGER),                                \
    MOMENT_OR_NULL("last_attempt_at"), MOMENT_OR_NULL("next_attempt_at"),                               \
    ALWAYS("response_status", VALUE_INTEGER | VALUE_NULL), ONE_OF_OR_NULL("error_code", attempt_error_names), \
    ONE_OF("status", event_status_names), MOMENT_OR_NULL("successful_at"),                              \
    ALWAYS("cli_id", VALUE_TEXT | VALUE_NULL), MOMENT("updated_at"), MOMENT("created_at"),              \
    {"data", VALUE_OBJECT | VALUE_NULL, .fields = event_data_shape}
const struct field_row event_shape[] = {EVENT_SHAPE, END};
/* The event, once more as a whole, and the attempt that it leads to. */
static const struct field_row retried_event_shape[] = {
    EVENT_SHAPE, {"event", VALUE_OBJECT, .required = true, .fields = event_shape},
    {"attempt", VALUE_OBJECT | VALUE_NULL, .required = true, .fields = attempt_shape}, END,
};
static const struct field_row event_item = {.name = "", VALUE_OBJECT, .fields = event_shape};
static const struct field_row event_array_shape[] = {{"", VALUE_ARRAY, .item = &event_item}, END};
static const struct shape shapes[] = {
    {"Event", event_shape}, {"RetriedEvent", retried_event_shape}, {"EventArray", event_array_shape}, END,
};

const struct parameter_row event_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_EVENT), ID_FILTER("request_id", FIELD_REQUEST_ID, ID_REQUEST),
    {"status", PARAMETER_ENUM, FIELD_STATUS, .names = event_status_names, .parse = event_status_parse},
    ID_FILTER("webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION),
    ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),
    ID_FILTER("destination_id", FIELD_DESTINATION_ID, ID_DESTINATION),
    ID_FILTER("event_data_id", FIELD_REQUEST_ID, ID_EVENT_DATA),
    NUMBER_FILTER("attempts", FIELD_ATTEMPTS, 0, INT64_MAX),
    {"response_status", PARAMETER_INTEGER, FIELD_RESPONSE_STATUS, 0, 100, 600, .operators = true, .nullable = true},
    {"error_code", PARAMETER_ENUM, FIELD_ERROR_CODE, .names = attempt_error_names, .parse = attempt_error_parse,
     .operators = true, .nullable = true},
    DATE_FILTER("successful_at", FIELD_SUCCESSFUL_AT), DATE_FILTER("created_at", FIELD_CREATED_AT),
    DATE_FILTER("last_attempt_at", FIELD_LAST_ATTEMPT_AT), DATE_FILTER("next_attempt_at", FIELD_NEXT_ATTEMPT_AT),
    {"cli_id", PARAMETER_UNUSED, .operators = true}, {.name = "cli_user_id", PARAMETER_UNUSED},
    ID_FILTER("issue_id", FIELD_ISSUE_ID, ID_ISSUE), 
    {"delivery_group", PARAMETER_TEXT, FIELD_DELIVERY_GROUP, .most = TEXT_MOST},
    ID_FILTER("bulk_retry_id", FIELD_BULK_ID, ID_BULK), DATA_FILTERS, PAGING(by_creation, 50), END,
};

static const struct operation operations[] = {
    {"GET", "/events", "getEvents", "List events", event_list, event_parameters, NULL, "EventPaginatedResult"},
    {"GET", "/events/{id}", "getEvent", "Get an event with its data", event_get, NULL, NULL, "Event"},
    {"GET", "/events/{id}/raw_body", "getEventRawBody", "Get an event's body", event_raw_body, NULL, NULL,
     "RawBody"},
    {"POST", "/events/{id}/retry", "retryEvent", "Deliver an event again", event_retry, NULL, no_fields,
     "RetriedEvent"},
    {"PUT", "/events/{id}/cancel", "cancelEvent", "Cancel a waiting event", event_cancel, NULL, no_fields,
     "Event"},
    {"PUT", "/events/{id}/mute", "cancelEvent_mute", "Cancel a waiting event", event_cancel, NULL, no_fields,
     "Event"},
};
OPERATIONS(event_operations, operations, shapes);
