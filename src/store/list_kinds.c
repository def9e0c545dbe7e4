/* What the lists of store.h know. */
#include "store/bulk.h"
#include "store/list.h"

#define RESOURCE_COLUMNS                                                                                \
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_NAME, "name", KIND_TEXT},                                    \
    {FIELD_DISABLED_AT, "disabled_at", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT}, \
    {FIELD_UPDATED_AT, "updated_at", KIND_INTEGER}

static const struct column SOURCES[] = {RESOURCE_COLUMNS, {FIELD_TYPE, "type", KIND_TEXT}};
static const struct column DESTINATIONS[] = {
    RESOURCE_COLUMNS, {FIELD_TYPE, "type", KIND_INTEGER},
    {FIELD_URL, "config ->> '$.url'", KIND_TEXT}, {FIELD_CLI_PATH, "config ->> '$.path'", KIND_TEXT},
};
static const struct column CONNECTIONS[] = {
    RESOURCE_COLUMNS,
    {FIELD_PAUSED_AT, "paused_at", KIND_INTEGER},
    {FIELD_SOURCE_ID, "source_id", KIND_INTEGER},
    {FIELD_DESTINATION_ID, "destination_id", KIND_INTEGER},
    {FIELD_FULL_NAME,
     "(SELECT name FROM source WHERE source.id = source_id) || ' -> ' ||"
     " coalesce(name, (SELECT name FROM destination WHERE destination.id = destination_id))", KIND_TEXT},
    {FIELD_SOURCE_CREATED_AT, "(SELECT created_at FROM source WHERE source.id = source_id)", KIND_INTEGER},
    {FIELD_SOURCE_UPDATED_AT, "(SELECT updated_at FROM source WHERE source.id = source_id)", KIND_INTEGER},
    {FIELD_DESTINATION_CREATED_AT, "(SELECT created_at FROM destination WHERE destination.id = destination_id)",
     KIND_INTEGER},
    {FIELD_DESTINATION_UPDATED_AT, "(SELECT updated_at FROM destination WHERE destination.id = destination_id)",
     KIND_INTEGER},
};
static const struct column REQUESTS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_SOURCE_ID, "source_id", KIND_INTEGER},
    {FIELD_CREATED_AT, "ingested_at", KIND_KEY_MOMENT}, {FIELD_INGESTED_AT, "ingested_at", KIND_KEY_MOMENT},
    {FIELD_UPDATED_AT, "updated_at", KIND_INTEGER}, {FIELD_REJECTED, "(rejection_cause > 0)", KIND_INTEGER},
    {FIELD_REJECTION_CAUSE, "rejection_cause", KIND_INTEGER}, {FIELD_VERIFIED, "verified", KIND_INTEGER},
    {FIELD_EVENTS_COUNT, "events_count", KIND_INTEGER}, {FIELD_CLI_EVENTS_COUNT, "cli_events_count", KIND_INTEGER},
    {FIELD_IGNORED_COUNT, "ignored_count", KIND_INTEGER},
    /* of its events, what made or retried the last of them */
    {FIELD_BULK_ID, "(SELECT max(bulk_id) FROM event WHERE event.request_id = request.id)", KIND_INTEGER},
};
static const struct column EVENTS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_REQUEST_ID, "request_id", KIND_INTEGER},
    {FIELD_CONNECTION_ID, "connection_id", KIND_INTEGER}, {FIELD_SOURCE_ID, "source_id", KIND_INTEGER},
    {FIELD_DESTINATION_ID, "destination_id", KIND_INTEGER}, {FIELD_STATUS, "status", KIND_INTEGER},
    {FIELD_ATTEMPTS, "attempts", KIND_INTEGER}, {FIELD_RESPONSE_STATUS, "response_status", KIND_INTEGER},
    {FIELD_ERROR_CODE, "error_code", KIND_INTEGER}, {FIELD_SUCCESSFUL_AT, "successful_at", KIND_INTEGER},
    {FIELD_LAST_ATTEMPT_AT, "last_attempt_at", KIND_INTEGER},
    {FIELD_NEXT_ATTEMPT_AT, "next_attempt_at", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
    {FIELD_UPDATED_AT, "updated_at", KIND_INTEGER},
    {FIELD_ISSUE_ID, "issue_event", KIND_LINK},
    {FIELD_BULK_ID, "bulk_id", KIND_INTEGER}, {FIELD_DELIVERY_GROUP, "delivery_group", KIND_TEXT},
};
static const struct column ATTEMPTS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_EVENT_ID, "event_id", KIND_INTEGER},
    {FIELD_DESTINATION_ID, "destination_id", KIND_INTEGER}, {FIELD_CREATED_AT, "delivered_at", KIND_KEY_MOMENT},
};
static const struct column IGNORED[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_REQUEST_ID, "request_id", KIND_INTEGER},
    {FIELD_CONNECTION_ID, "connection_id", KIND_INTEGER}, {FIELD_CREATED_AT, "id", KIND_KEY_MOMENT},
    {FIELD_CAUSE, "cause", KIND_INTEGER},
    {FIELD_TRANSFORMATION_ID, "json_extract(meta, '$.transformation_id')", KIND_TEXT},
    {FIELD_PROJECT_ID, "(SELECT project_id FROM connection WHERE connection.id = connection_id)", KIND_INTEGER},
};

const struct list_kind source_list_kind = {
    "source", SOURCE_OPENED, "", "deleted_at = 0", NULL, KNOWN(SOURCES), true, row_source, sizeof(struct source)};
static const struct list_kind DESTINATION_LIST = {
    "destination", DESTINATION_OPENED, "", "deleted_at = 0", NULL, KNOWN(DESTINATIONS), true, row_destination,
    sizeof(struct destination)};
const struct list_kind connection_list_kind = {
    "connection", CONNECTION_COLUMNS, "", "deleted_at = 0", NULL, KNOWN(CONNECTIONS), true, row_connection,
    sizeof(struct connection)};
const struct list_kind request_list_kind = {
    "request", REQUEST_COLUMNS, REQUEST_DATA_COLUMNS, NULL, "request.id", KNOWN(REQUESTS), true, row_request,
    sizeof(struct request)};
const struct list_kind event_list_kind = {
    "event", EVENT_COLUMNS, "", NULL, "event.request_id", KNOWN(EVENTS), true, row_event, sizeof(struct event)};
static const struct list_kind ATTEMPT_LIST = {
    "attempt", ATTEMPT_COLUMNS, "", NULL, NULL, KNOWN(ATTEMPTS), true, row_attempt, sizeof(struct attempt)};
static const struct list_kind IGNORED_LIST = {
    "ignored_event", IGNORED_COLUMNS, "", "1", NULL, KNOWN(IGNORED), false, row_ignored_event,
    sizeof(struct ignored_event)};

DEFINE_LIST(store_list_sources, source, &source_list_kind)
DEFINE_LIST(store_list_destinations, destination, &DESTINATION_LIST)
DEFINE_LIST(store_list_connections, connection, &connection_list_kind)
DEFINE_LIST(store_list_requests, request, &request_list_kind)
DEFINE_LIST(store_list_events, event, &event_list_kind)
DEFINE_LIST(store_list_attempts, attempt, &ATTEMPT_LIST)
DEFINE_LIST(store_list_ignored_events, ignored_event, &IGNORED_LIST)

bool store_count(struct store_reader *reader, enum store_countable countable, const struct store_list *list,
                 int64_t *count, struct error *error)
{
    static const struct list_kind *const kinds[] = {
        [COUNT_SOURCES] = &source_list_kind, [COUNT_DESTINATIONS] = &DESTINATION_LIST,
        [COUNT_CONNECTIONS] = &connection_list_kind};
    return list_count(reader, kinds[countable], list, count, error);
}

/* The list with a filter for its project: ignored events have it by their connection. */
static struct store_list of_project(struct arena *arena, const struct store_list *list)
{
    struct store_list narrowed = *list;
    struct store_filter *filters = ARENA_ARRAY(arena, struct store_filter, list->filter_count + 1);
    struct store_value *project = ARENA_NEW(arena, struct store_value);
    for (size_t i = 0; i < list->filter_count; i++)
        filters[i] = list->filters[i];
    project->integer = list->project_id;
    filters[narrowed.filter_count++] = (struct store_filter){FIELD_PROJECT_ID, OP_IN, project, 1};
    narrowed.filters = filters;
    return narrowed;
}

bool store_list_ignored_of_project(struct store_reader *reader, struct arena *arena, const struct store_list *list,
                                   struct ignored_event **out, struct store_page *page, struct error *error)
{
    struct store_list narrowed = of_project(arena, list);
    return store_list_ignored_events(reader, arena, &narrowed, out, page, error);
}

bool store_estimate_subject(struct store_reader *reader, enum bulk_subject subject, const struct store_list *list,
                            int64_t *count, struct error *error)
{
    static const struct list_kind *const kinds[] = {
        [BULK_OF_EVENTS] = &event_list_kind, [BULK_OF_IGNORED_EVENTS] = &IGNORED_LIST,
        [BULK_OF_REQUESTS] = &request_list_kind};
    struct arena arena = {0};
    struct store_list narrowed = subject == BULK_OF_IGNORED_EVENTS ? of_project(&arena, list) : *list;
    bool done = list_estimate(reader, &arena, kinds[subject], &narrowed, count, error);
    arena_free(&arena);
    return done;
}
