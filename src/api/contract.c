#include "api/contract.h"

#include <stdio.h>

#include "api/nouns.h"

#define END {0}
enum { NAME_MOST = 155, DESCRIPTION_MOST = 500, CUSTOM_BODY_MOST = 1000, URL_MOST = 4096, TEXT_MOST = 255 };

/* ---- bodies -------------------------------------------------------------------------------------- */

static const char *const METHOD_NAMES[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", NULL};
static const char *const DESTINATION_METHOD_NAMES[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
static const char *const RESPONSE_KIND_NAMES[] = {"json", "text", "xml", NULL};
static const char *const DESTINATION_TYPE_NAMES[] = {"HTTP", "CLI", "MOCK_API", NULL};
static const char *const DESTINATION_AUTH_NAMES[] = {
    "HOOKDECK_SIGNATURE", "CUSTOM_SIGNATURE", "BASIC_AUTH", "API_KEY", "BEARER_TOKEN",
    "OAUTH2_CLIENT_CREDENTIALS", "OAUTH2_AUTHORIZATION_CODE", "AWS_SIGNATURE", "GCP_SERVICE_ACCOUNT", NULL,
};
static const char *const PERIOD_NAMES[] = {"second", "minute", "hour", "concurrent", NULL};

static const struct field_row no_fields[] = {END};
static const struct field_row method_item = {"", VALUE_TEXT, .names = METHOD_NAMES};
static const struct field_row text_item = {"", VALUE_TEXT, .most = TEXT_MOST};
static const struct field_row object_item = {.name = "", VALUE_OBJECT};

static const struct field_row custom_response_fields[] = {
    {"content_type", VALUE_TEXT, .required = true, .names = RESPONSE_KIND_NAMES},
    {"body", VALUE_TEXT, .required = true, .most = CUSTOM_BODY_MOST},
    END,
};

static const struct field_row source_config_fields[] = {
    {"allowed_http_methods", VALUE_ARRAY | VALUE_NULL, .item = &method_item},
    {"custom_response", VALUE_OBJECT | VALUE_NULL, .fields = custom_response_fields},
    {"auth_type", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {.name = "auth", VALUE_OBJECT | VALUE_NULL},
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

static const struct field_row destination_config_fields[] = {
    {"url", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {"path", VALUE_TEXT | VALUE_NULL, .most = URL_MOST},
    {.name = "path_forwarding_disabled", VALUE_BOOLEAN | VALUE_NULL},
    {"http_method", VALUE_TEXT | VALUE_NULL, .names = DESTINATION_METHOD_NAMES},
    {"auth_type", VALUE_TEXT | VALUE_NULL, .names = DESTINATION_AUTH_NAMES},
    {.name = "auth", VALUE_OBJECT | VALUE_NULL},
    {.name = "rate_limit", VALUE_INTEGER | VALUE_NULL},
    {"rate_limit_period", VALUE_TEXT | VALUE_NULL, .names = PERIOD_NAMES},
    {.name = "delivery_policy", VALUE_OBJECT | VALUE_NULL},
    {.name = "delivery_groups", VALUE_OBJECT | VALUE_NULL},
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
    {"rate_limit", VALUE_INTEGER | VALUE_NULL, .older = true},                                          \
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

#define CONNECTION_OWN                                                                                  \
    {"name", VALUE_TEXT | VALUE_NULL, .is_name = true, .most = NAME_MOST},                              \
    {"description", VALUE_TEXT | VALUE_NULL, .most = DESCRIPTION_MOST},                                 \
    {"rules", VALUE_ARRAY | VALUE_NULL, .item = &object_item}

static const struct field_row connection_fields[] = {
    CONNECTION_OWN,
    {"source_id", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"source", VALUE_OBJECT | VALUE_NULL, .fields = source_fields},
    {"destination_id", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"destination", VALUE_OBJECT | VALUE_NULL, .fields = destination_fields},
    END,
};
static const struct field_row connection_change_fields[] = {CONNECTION_OWN, END};

static const struct field_row request_retry_fields[] = {
    {"webhook_ids", VALUE_ARRAY | VALUE_NULL, .item = &text_item},
    END,
};

/* ---- queries ------------------------------------------------------------------------------------- */

static const char *const EVENT_STATUS_NAMES[] = {
    "SCHEDULED", "QUEUED", "HOLD", "SUCCESSFUL", "FAILED", "CANCELLED", NULL,
};
static const char *const REQUEST_STATUS_NAMES[] = {"accepted", "rejected", NULL};
static const char *const REJECTION_NAMES[] = {
    "SOURCE_DISABLED", "NO_CONNECTION", "VERIFICATION_FAILED", "UNSUPPORTED_HTTP_METHOD",
    "UNSUPPORTED_CONTENT_TYPE", "UNPARSABLE_JSON", "PAYLOAD_TOO_LARGE", "INGESTION_FATAL", "UNKNOWN", NULL,
};
#define ERROR_NAME(number, name) #name,
static const char *const ATTEMPT_ERROR_NAMES[] = {ATTEMPT_ERRORS(ERROR_NAME) NULL};
#undef ERROR_NAME

static bool request_status_parse(struct text name, int64_t *rejected)
{
    *rejected = text_equal(name, TEXT("rejected"));
    return *rejected || text_equal(name, TEXT("accepted"));
}

static const struct order_row thing_orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "updated_at", FIELD_UPDATED_AT}, {.name = "name", FIELD_NAME}, END,
};
static const struct order_row connection_orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "updated_at", FIELD_UPDATED_AT}, {.name = "full_name", FIELD_FULL_NAME},
    {.name = "sources.created_at", FIELD_SOURCE_CREATED_AT}, {.name = "sources.updated_at", FIELD_SOURCE_UPDATED_AT},
    {.name = "destinations.created_at", FIELD_DESTINATION_CREATED_AT},
    {.name = "destinations.updated_at", FIELD_DESTINATION_UPDATED_AT}, END,
};
static const struct order_row request_orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "ingested_at", FIELD_INGESTED_AT}, END,
};
static const struct order_row event_orders[] = {{.name = "created_at", FIELD_CREATED_AT}, END};
static const struct order_row ignored_orders[] = {{.name = "id", FIELD_ID}, {.name = "created_at", FIELD_ID}, END};

#define ID_FILTER(title, field, kind) {.name = title, PARAMETER_ID, field, kind}
#define NUMBER_FILTER(name, field, least, most) \
    {name, PARAMETER_INTEGER, field, 0, least, most, .operators = true}
#define DATE_FILTER(name, field) {name, PARAMETER_DATE, field, .operators = true}
#define PAGING(orders_table, limit_default)                                                             \
    {"order_by", PARAMETER_ORDER, .orders = orders_table}, {.name = "dir", PARAMETER_DIRECTION},                \
    {"limit", PARAMETER_LIMIT, .least = limit_default}, {.name = "next", PARAMETER_NEXT}, {.name = "prev", PARAMETER_PREV}

#define SOURCE_FILTERS                                                                                  \
    ID_FILTER("id", FIELD_ID, ID_SOURCE),                                                               \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = source_type_names},                                   \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT)
static const struct parameter_row source_parameters[] = {SOURCE_FILTERS, PAGING(thing_orders, 100), END};
static const struct parameter_row source_count_parameters[] = {SOURCE_FILTERS, END};

#define DESTINATION_FILTERS                                                                             \
    ID_FILTER("id", FIELD_ID, ID_DESTINATION),                                                          \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = DESTINATION_TYPE_NAMES, .parse = destination_type_parse}, \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT)
static const struct parameter_row destination_parameters[] = {
    DESTINATION_FILTERS, PAGING(thing_orders, 100), END,
};
static const struct parameter_row destination_count_parameters[] = {DESTINATION_FILTERS, END};

#define CONNECTION_FILTERS                                                                              \
    ID_FILTER("id", FIELD_ID, ID_CONNECTION),                                                           \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"full_name", PARAMETER_NAME, FIELD_FULL_NAME, .most = 2 * NAME_MOST + 4},                          \
    ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),                                                 \
    ID_FILTER("destination_id", FIELD_DESTINATION_ID, ID_DESTINATION),                                  \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT), \
    DATE_FILTER("paused_at", FIELD_PAUSED_AT)
static const struct parameter_row connection_parameters[] = {
    CONNECTION_FILTERS, PAGING(connection_orders, 100), END,
};
static const struct parameter_row connection_count_parameters[] = {CONNECTION_FILTERS, END};

#define DATA_FILTERS                                                                                    \
    {"search_term", PARAMETER_SEARCH, FIELD_SEARCH_TERM, .least = 3, .most = TEXT_MOST},                \
    {"path", PARAMETER_SEARCH, FIELD_PATH, .least = 1, .most = URL_MOST},                               \
    {.name = "headers", PARAMETER_JSON}, {.name = "body", PARAMETER_JSON}, {.name = "parsed_query", PARAMETER_JSON},            \
    {.name = "bulk_retry_id", PARAMETER_UNUSED}, {.name = "include", PARAMETER_INCLUDE_DATA},                           \
    {.name = "progressive", PARAMETER_HINT}

static const struct parameter_row request_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_REQUEST), ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),
    {"status", PARAMETER_ENUM, FIELD_REJECTED, .names = REQUEST_STATUS_NAMES, .parse = request_status_parse},
    {"rejection_cause", PARAMETER_ENUM, FIELD_REJECTION_CAUSE, .names = REJECTION_NAMES,
     .parse = rejection_cause_parse},
    {.name = "verified", PARAMETER_BOOLEAN, FIELD_VERIFIED},
    NUMBER_FILTER("ignored_count", FIELD_IGNORED_COUNT, 0, INT64_MAX),
    NUMBER_FILTER("events_count", FIELD_EVENTS_COUNT, 0, INT64_MAX),
    NUMBER_FILTER("cli_events_count", FIELD_CLI_EVENTS_COUNT, 0, INT64_MAX),
    DATE_FILTER("created_at", FIELD_CREATED_AT), DATE_FILTER("ingested_at", FIELD_INGESTED_AT),
    DATA_FILTERS, PAGING(request_orders, 50), END,
};

static const struct parameter_row event_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_EVENT), ID_FILTER("request_id", FIELD_REQUEST_ID, ID_REQUEST),
    {"status", PARAMETER_ENUM, FIELD_STATUS, .names = EVENT_STATUS_NAMES, .parse = event_status_parse},
    ID_FILTER("webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION),
    ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),
    ID_FILTER("destination_id", FIELD_DESTINATION_ID, ID_DESTINATION),
    ID_FILTER("event_data_id", FIELD_REQUEST_ID, ID_EVENT_DATA),
    NUMBER_FILTER("attempts", FIELD_ATTEMPTS, 0, INT64_MAX),
    NUMBER_FILTER("response_status", FIELD_RESPONSE_STATUS, 100, 600),
    {"error_code", PARAMETER_ENUM, FIELD_ERROR_CODE, .names = ATTEMPT_ERROR_NAMES, .parse = attempt_error_parse},
    DATE_FILTER("successful_at", FIELD_SUCCESSFUL_AT), DATE_FILTER("created_at", FIELD_CREATED_AT),
    DATE_FILTER("last_attempt_at", FIELD_LAST_ATTEMPT_AT), DATE_FILTER("next_attempt_at", FIELD_NEXT_ATTEMPT_AT),
    {"cli_id", PARAMETER_UNUSED, .operators = true}, {.name = "cli_user_id", PARAMETER_UNUSED},
    {.name = "issue_id", PARAMETER_UNUSED}, {.name = "delivery_group", PARAMETER_UNUSED},
    DATA_FILTERS, PAGING(event_orders, 50), END,
};

static const struct parameter_row attempt_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_ATTEMPT), ID_FILTER("event_id", FIELD_EVENT_ID, ID_EVENT),
    PAGING(event_orders, 50), END,
};
static const struct parameter_row ignored_parameters[] = {
    {.name = "id", PARAMETER_UNUSED}, PAGING(ignored_orders, 250), END,
};
static const struct parameter_row auth_parameters[] = {{.name = "include", PARAMETER_INCLUDE_AUTH}, END};

/* ---- operations ---------------------------------------------------------------------------------- */

/* Sources, destinations and connections have the same set of calls. */
#define THING(noun, Noun, Nouns, create, change)                                                        \
    {"GET", "/" #noun "s", "get" #Nouns, "List " #noun "s", noun##_list, noun##_parameters, NULL,       \
     #Noun "PaginatedResult"},                                                                          \
    {"POST", "/" #noun "s", "create" #Noun, "Create a " #noun, noun##_create, NULL, create, #Noun},     \
    {"PUT", "/" #noun "s", "upsert" #Noun, "Create a " #noun " or change the one of that name",         \
     noun##_upsert, NULL, create, #Noun},                                                               \
    {"GET", "/" #noun "s/count", "count" #Nouns, "Count " #noun "s", noun##_count,                      \
     noun##_count_parameters, NULL, "Count"},                                                           \
    {"GET", "/" #noun "s/{id}", "get" #Noun, "Get a " #noun, noun##_get, auth_parameters, NULL, #Noun}, \
    {"PUT", "/" #noun "s/{id}", "update" #Noun, "Change a " #noun, noun##_update, NULL, change, #Noun}, \
    {"DELETE", "/" #noun "s/{id}", "delete" #Noun, "Delete a " #noun, noun##_delete, NULL, NULL, "Deleted"}, \
    {"PUT", "/" #noun "s/{id}/disable", "disable" #Noun, "Disable a " #noun, noun##_disable, NULL,      \
     no_fields, #Noun},                                                                                 \
    {"PUT", "/" #noun "s/{id}/archive", "disable" #Noun "_archive", "Disable a " #noun,                 \
     noun##_disable, NULL, no_fields, #Noun},                                                           \
    {"PUT", "/" #noun "s/{id}/enable", "enable" #Noun, "Enable a " #noun, noun##_enable, NULL,          \
     no_fields, #Noun},                                                                                 \
    {"PUT", "/" #noun "s/{id}/unarchive", "enable" #Noun "_unarchive", "Enable a " #noun,               \
     noun##_enable, NULL, no_fields, #Noun}

const struct operation operations[] = {
    THING(source, Source, Sources, source_fields, source_change_fields),
    THING(destination, Destination, Destinations, destination_fields, destination_change_fields),
    THING(connection, Connection, Connections, connection_fields, connection_change_fields),
    {"PUT", "/connections/{id}/pause", "pauseConnection", "Hold a connection's events", connection_pause, NULL,
     no_fields, "Connection"},
    {"PUT", "/connections/{id}/unpause", "unpauseConnection", "Release a connection's events",
     connection_unpause, NULL, no_fields, "Connection"},

    {"GET", "/requests", "getRequests", "List requests", request_list, request_parameters, NULL,
     "RequestPaginatedResult"},
    {"GET", "/requests/{id}", "getRequest", "Get a request with its data", request_get, NULL, NULL, "Request"},
    {"GET", "/requests/{id}/raw_body", "getRequestRawBody", "Get a request's body as it came", request_raw_body,
     NULL, NULL, "RawBody"},
    {"POST", "/requests/{id}/retry", "retryRequest", "Make events of a request again", request_retry, NULL,
     request_retry_fields, "RetryRequest"},
    {"GET", "/requests/{id}/events", "getRequestEvents", "List a request's events", request_events,
     event_parameters, NULL, "EventPaginatedResult"},
    {"GET", "/requests/{id}/ignored_events", "getRequestIgnoredEvents", "List what a request made no event for",
     request_ignored_events, ignored_parameters, NULL, "IgnoredEventPaginatedResult"},

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

    {"GET", "/attempts", "getAttempts", "List attempts", attempt_list, attempt_parameters, NULL,
     "EventAttemptPaginatedResult"},
    {"GET", "/attempts/{id}", "getAttempt", "Get an attempt with its reply", attempt_get, NULL, NULL,
     "EventAttempt"},
};
const size_t operation_count = sizeof operations / sizeof operations[0];

static bool path_matches(struct text pattern, struct text path, struct text *id)
{
    struct text expected, part;
    while (text_split(&pattern, '/', &expected)) {
        if (!text_split(&path, '/', &part))
            return false;
        if (text_equal(expected, TEXT("{id}"))) {
            if (part.size == 0)
                return false;
            *id = part;
        } else if (!text_equal(expected, part)) {
            return false;
        }
    }
    return !text_split(&path, '/', &part);
}

const struct operation *operation_find(struct text method, struct text path, struct text *id,
                                       char allow[OPERATION_ALLOW_SIZE])
{
    size_t used = 0;
    allow[0] = 0;
    for (size_t i = 0; i < operation_count; i++) {
        struct text found = TEXT_NONE;
        if (!path_matches(text_of(operations[i].path), path, &found))
            continue;
        if (text_equal(method, text_of(operations[i].method))) {
            *id = found;
            return &operations[i];
        }
        if (used < OPERATION_ALLOW_SIZE && strstr(allow, operations[i].method) == NULL)
            used += (size_t)snprintf(allow + used, OPERATION_ALLOW_SIZE - used, "%s%s", used ? ", " : "",
                                     operations[i].method);
    }
    return NULL;
}
