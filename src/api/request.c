#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"

/* ---- shown --------------------------------------------------------------------------------------- */

/* Only a verification that failed has more to say than its cause. */
static json_t *detail_json(struct call *call, const struct request *request)
{
    struct text detail = TEXT_NONE;
    if (request->rejection_cause == REJECTION_VERIFICATION_FAILED)
        store_read_rejection_detail(call->reader, call->arena, request->id, &detail, NULL);
    return json_text(detail);
}

json_t *request_json(struct call *call, const struct request *request, bool with_data)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "id", call_id(ID_REQUEST, request->id),
        "team_id", call_id(ID_PROJECT, request->project_id), "verified", request->verified,
        "original_event_data_id", call_id(ID_EVENT_DATA, request->id), "rejection_cause",
        json_text(text_of(rejection_cause_name(request->rejection_cause))), "rejection_detail",
        detail_json(call, request), "ingested_at",
        json_moment(request->ingested_at), "source_id", call_id(ID_SOURCE, request->source_id), "events_count",
        (json_int_t)request->events_count, "cli_events_count", (json_int_t)request->cli_events_count,
        "ignored_count", (json_int_t)request->ignored_count, "updated_at", json_moment(request->updated_at),
        "created_at", json_moment(request->ingested_at));
    if (with_data)
        json_object_set_new(object, "data", data_request_json(call, request));
    return object;
}

bool request_find(struct call *call, struct text id, bool with_data, struct request *request)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_REQUEST, id, &key))
        return call_fail_missing(call, "request", id);
    if (store_read_request(call->reader, call->arena, call->project_id, key, with_data, request, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "request", id)
                                         : call_fail_error(call, &error);
}

/* One by one, so that the bodies of a page are never in memory together. */
static json_t *request_with_data_json(struct call *call, const struct request *listed)
{
    struct arena arena = {0};
    struct error error = {0};
    struct request request;
    json_t *object = NULL;
    if (store_read_request(call->reader, &arena, call->project_id, listed->id, true, &request, &error))
        object = request_json(call, &request, true);
    else
        call_fail_error(call, &error);
    arena_free(&arena);
    return object;
}

static bool request_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct request *requests = NULL;
    if (list.limit > 0 && !store_list_requests(call->reader, call->arena, &list, &requests, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++) {
        json_t *model = call->query.include_data ? request_with_data_json(call, &requests[i])
                                                 : request_json(call, &requests[i], false);
        if (json_array_append_new(models, model) != 0) {
            json_decref(models);
            return call_fail(call, 500, NULL, "no memory for the reply");
        }
    }
    return page_reply(call, models, &page);
}

static bool request_get(struct call *call)
{
    struct request request;
    return request_find(call, call->id, true, &request) && call_reply(call, request_json(call, &request, true));
}

static bool request_raw_body(struct call *call)
{
    struct request request;
    return request_find(call, call->id, true, &request) &&
           call_reply(call, json_pack("{s:o}", "body", json_text(request.body.size ? request.body : TEXT(""))));
}

/* Adds "of this request" to the filters of the call. */
static bool filter_by_request(struct call *call)
{
    struct request request;
    if (!request_find(call, call->id, false, &request))
        return false;
    page_of(call, FIELD_REQUEST_ID, request.id);
    return true;
}

static bool request_events(struct call *call)
{
    return filter_by_request(call) && event_list(call);
}

static json_t *ignored_json(struct call *call, const struct ignored_event *ignored)
{
    char request[ID_TEXT_SIZE], connection[ID_TEXT_SIZE];
    id_format(ID_REQUEST, ignored->request_id, request);
    id_format(ID_CONNECTION, ignored->connection_id, connection);
    json_t *meta = ignored->meta.size > 0 ? json_parse(ignored->meta, NULL) : NULL;
    json_t *created = json_moment(id_moment_ms(ignored->id));
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:O}", "id",
                     arena_printf(call->arena, "%s:%s", request, connection), "team_id",
                     call_id(ID_PROJECT, call->project_id), "webhook_id", connection, "cause",
                     ignored_cause_name(ignored->cause), "request_id", request, "meta",
                     meta != NULL ? meta : json_null(), "created_at", created, "updated_at", created);
}

static bool request_ignored_events(struct call *call)
{
    struct error error = {0};
    if (!filter_by_request(call))
        return false;
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct ignored_event *ignored = NULL;
    if (list.limit > 0 && !store_list_ignored_events(call->reader, call->arena, &list, &ignored, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, ignored_json(call, &ignored[i]));
    return page_reply(call, models, &page);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const REQUEST_STATUS_NAMES[] = {"accepted", "rejected", NULL};
const char *const rejection_cause_names[] = {
    "SOURCE_DISABLED", "NO_CONNECTION", "VERIFICATION_FAILED", "UNSUPPORTED_HTTP_METHOD",
    "UNSUPPORTED_CONTENT_TYPE", "UNPARSABLE_JSON", "PAYLOAD_TOO_LARGE", "INGESTION_FATAL", "UNKNOWN", NULL,
};
static bool request_status_parse(struct text name, int64_t *rejected)
{
    *rejected = text_equal(name, TEXT("rejected"));
    return *rejected || text_equal(name, TEXT("accepted"));
}

const struct field_row request_data_shape[] = {
    ALWAYS("path", VALUE_TEXT), ALWAYS("query", VALUE_TEXT), ALWAYS("parsed_query", VALUE_OBJECT),
    ALWAYS("headers", VALUE_OBJECT), ALWAYS("body", VALUE_ANY), ALWAYS("is_large_payload", VALUE_BOOLEAN), END,
};
const struct field_row request_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("verified", VALUE_BOOLEAN),
    ALWAYS("original_event_data_id", VALUE_TEXT), ONE_OF_OR_NULL("rejection_cause", rejection_cause_names),
    ALWAYS("rejection_detail", VALUE_TEXT | VALUE_NULL), MOMENT("ingested_at"), ALWAYS("source_id", VALUE_TEXT), ALWAYS("events_count", VALUE_INTEGER),
    ALWAYS("cli_events_count", VALUE_INTEGER), ALWAYS("ignored_count", VALUE_INTEGER), MOMENT("updated_at"),
    MOMENT("created_at"), {"data", VALUE_OBJECT, .fields = request_data_shape}, END,
};
static const char *const IGNORED_NAMES[] = {"DISABLED", "FILTERED", "TRANSFORMATION_FAILED", "CLI_DISCONNECTED",
                                            "DUPLICATE", NULL};
static const struct field_row ignored_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("webhook_id", VALUE_TEXT),
    ONE_OF("cause", IGNORED_NAMES), ALWAYS("request_id", VALUE_TEXT),
    ALWAYS("meta", VALUE_OBJECT | VALUE_ARRAY | VALUE_NULL), MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {
    {"Request", request_shape}, {"IgnoredEvent", ignored_shape}, END,
};

static const struct order_row request_orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "ingested_at", FIELD_INGESTED_AT}, END,
};
static const struct order_row ignored_orders[] = {{.name = "id", FIELD_ID}, {.name = "created_at", FIELD_ID}, END};

const struct parameter_row request_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_REQUEST), ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),
    {"status", PARAMETER_ENUM, FIELD_REJECTED, .names = REQUEST_STATUS_NAMES, .parse = request_status_parse},
    {"rejection_cause", PARAMETER_ENUM, FIELD_REJECTION_CAUSE, .names = rejection_cause_names,
     .parse = rejection_cause_parse, .nullable = true},
    {.name = "verified", PARAMETER_BOOLEAN, FIELD_VERIFIED},
    NUMBER_FILTER("ignored_count", FIELD_IGNORED_COUNT, 0, INT64_MAX),
    NUMBER_FILTER("events_count", FIELD_EVENTS_COUNT, 0, INT64_MAX),
    NUMBER_FILTER("cli_events_count", FIELD_CLI_EVENTS_COUNT, 0, INT64_MAX),
    DATE_FILTER("created_at", FIELD_CREATED_AT), DATE_FILTER("ingested_at", FIELD_INGESTED_AT),
    ID_FILTER("bulk_retry_id", FIELD_BULK_ID, ID_BULK), DATA_FILTERS, PAGING(request_orders, 50), END,
};

static const struct parameter_row ignored_parameters[] = {
    {.name = "id", PARAMETER_IGNORED_ID, FIELD_CONNECTION_ID}, PAGING(ignored_orders, 250), END,
};

static const struct operation operations[] = {
    {"GET", "/requests", "getRequests", "List requests", request_list, request_parameters, NULL,
     "RequestPaginatedResult"},
    {"GET", "/requests/{id}", "getRequest", "Get a request with its data", request_get, NULL, NULL, "Request"},
    {"GET", "/requests/{id}/raw_body", "getRequestRawBody", "Get a request's body as it came", request_raw_body,
     NULL, NULL, "RawBody"},
    {"GET", "/requests/{id}/events", "getRequestEvents", "List a request's events", request_events,
     event_parameters, NULL, "EventPaginatedResult"},
    {"GET", "/requests/{id}/ignored_events", "getRequestIgnoredEvents", "List what a request made no event for",
     request_ignored_events, ignored_parameters, NULL, "IgnoredEventPaginatedResult"},
};
OPERATIONS(request_operations, operations, shapes);
