#include "api/contract_rows.h"
#include "api/nouns.h"

/*
 * The reply's headers and body, and the URL, are shown on the single attempt only. `state` is of the version 2024-03-01; what is
 * still under way is not recorded.
 */
json_t *attempt_json(struct call *call, const struct attempt *attempt, bool with_reply)
{
    bool large;
    json_t *object = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "state",
        "COMPLETED", "id", call_id(ID_ATTEMPT, attempt->id), "team_id", call_id(ID_PROJECT, attempt->project_id),
        "event_id", call_id(ID_EVENT, attempt->event_id), "destination_id",
        call_id(ID_DESTINATION, attempt->destination_id),
        "response_status", call_integer_or_null(attempt->response_status, 0), "attempt_number",
        (json_int_t)attempt->attempt_number, "trigger", attempt_trigger_name(attempt->trigger), "error_code",
        json_text(text_of(attempt_error_name(attempt->error_code))), "http_method", json_text(attempt->method),
        "bulk_retry_id", call_id(ID_BULK, attempt->bulk_id), "status", attempt->successful ? "SUCCESSFUL" : "FAILED",
        "successful_at", json_moment(attempt->successful ? attempt->responded_at : 0), "delivered_at",
        json_moment(attempt->delivered_at), "responded_at", json_moment(attempt->responded_at), "delivery_latency",
        call_integer_or_null(attempt->delivery_latency_ms, -1), "response_latency",
        call_integer_or_null(attempt->response_latency_ms, -1), "updated_at",
        json_moment(attempt->responded_at ? attempt->responded_at : attempt->delivered_at), "created_at",
        json_moment(attempt->delivered_at));
    if (with_reply) {
        json_object_set_new(object, "requested_url", json_text(attempt->requested_url));
        json_object_set_new(object, "body",
                            attempt->body.data
                                ? data_body_json(call, attempt->content_type, attempt->body, &large)
                                : json_null());
        json_object_set_new(object, "response_headers",
                            attempt->response_headers.data ? data_headers_json(call, attempt->response_headers)
                                                           : json_null());
    }
    return object;
}

static bool attempt_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct attempt *attempts = NULL;
    if (list.limit > 0 && !store_list_attempts(call->reader, call->arena, &list, &attempts, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, attempt_json(call, &attempts[i], false));
    return page_reply(call, models, &page);
}

static bool attempt_get(struct call *call)
{
    struct error error = {0};
    struct attempt attempt;
    int64_t key;
    if (!id_parse(ID_ATTEMPT, call->id, &key))
        return call_fail_missing(call, "attempt", call->id);
    if (!store_read_attempt(call->reader, call->arena, call->project_id, key, &attempt, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "attempt", call->id)
                                             : call_fail_error(call, &error);
    return call_reply(call, attempt_json(call, &attempt, true));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const TRIGGER_NAMES[] = {"INITIAL", "MANUAL", "BULK_RETRY", "UNPAUSE", "AUTOMATIC", NULL};
static const char *const ATTEMPT_STATUS_NAMES[] = {"SUCCESSFUL", "FAILED", NULL};

const struct field_row attempt_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("event_id", VALUE_TEXT),
    ALWAYS("destination_id", VALUE_TEXT), ALWAYS("response_status", VALUE_INTEGER | VALUE_NULL),
    ALWAYS("attempt_number", VALUE_INTEGER), ONE_OF("trigger", TRIGGER_NAMES),
    ONE_OF_OR_NULL("error_code", attempt_error_names), ALWAYS("http_method", VALUE_TEXT | VALUE_NULL),
    ALWAYS("bulk_retry_id", VALUE_TEXT | VALUE_NULL), ONE_OF("status", ATTEMPT_STATUS_NAMES),
    ALWAYS("state", VALUE_TEXT),
    MOMENT_OR_NULL("successful_at"), MOMENT_OR_NULL("delivered_at"), MOMENT_OR_NULL("responded_at"),
    ALWAYS("delivery_latency", VALUE_INTEGER | VALUE_NULL), ALWAYS("response_latency", VALUE_INTEGER | VALUE_NULL),
    PERHAPS("requested_url", VALUE_TEXT | VALUE_NULL), PERHAPS("body", VALUE_ANY),
    PERHAPS("response_headers", VALUE_OBJECT | VALUE_NULL), MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {{"EventAttempt", attempt_shape}, END};

static const struct parameter_row attempt_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_ATTEMPT), ID_FILTER("event_id", FIELD_EVENT_ID, ID_EVENT),
    PAGING(by_creation, 50), END,
};

static const struct operation operations[] = {
    {"GET", "/attempts", "getAttempts", "List attempts", attempt_list, attempt_parameters, NULL,
     "EventAttemptPaginatedResult"},
    {"GET", "/attempts/{id}", "getAttempt", "Get an attempt with its reply", attempt_get, NULL, NULL,
     "EventAttempt"},
};
OPERATIONS(attempt_operations, operations, shapes);
