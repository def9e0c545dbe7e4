#include "ingest/route.h"

#include "base/buffer.h"
#include "base/id.h"
#include "deliver/group.h"

bool route_looks(const struct catalog_connection *connection)
{
    return connection->steps != NULL;
}

bool route_source_looks(const struct catalog_source *source)
{
    for (size_t i = 0; i < source->connection_count; i++) {
        if (route_looks(source->connections[i]))
            return true;
    }
    return false;
}

void routed_ignore(struct routed *routed, int64_t request_id, enum ignored_cause cause, struct text meta)
{
    routed->end = ROUTED_IGNORED;
    routed->immediate = false;
    routed->ignored = (struct ignored_event){id_new(), request_id, routed->connection_id, cause, meta};
}

static enum ignored_cause ignored_cause_of(const struct catalog_connection *connection,
                                           const struct catalog_destination *destination)
{
    if (connection->record.disabled_at != 0 || connection->record.deleted_at != 0 ||
        destination->record.disabled_at != 0 || destination->record.deleted_at != 0)
        return IGNORED_DISABLED;
    if (destination->record.type == DESTINATION_CLI)
        return IGNORED_CLI_DISCONNECTED; /* no session of the command line can be open yet */
    return 0;
}

/* Which parts a filter did not let pass: ["body", "path"]. */
static struct text failed_parts(struct arena *arena, unsigned parts)
{
    static const char *const names[CONTENT_PARTS] = {
        [CONTENT_HEADERS] = "headers", [CONTENT_BODY] = "body", [CONTENT_QUERY] = "query", [CONTENT_PATH] = "path"};
    struct buffer out = {0};
    for (int i = 0; i < CONTENT_PARTS; i++) {
        if (parts & 1u << i)
            buffer_printf(&out, "%s\"%s\"", out.size > 0 ? "," : "[", names[i]);
    }
    buffer_append_string(&out, out.size > 0 ? "]" : "[]");
    struct text copy = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

static void make_event(const struct route *route, struct routed *routed)
{
    const struct catalog_connection *connection = route->connection;
    bool paused = connection->record.paused_at != 0, delayed = connection->delay_ms > 0;
    int64_t due = route->now + connection->delay_ms;
    routed->end = ROUTED_EVENT;
    routed->immediate = !paused && !delayed;
    routed->event = (struct event){
        .id = id_new(),
        .project_id = route->request->project_id,
        .request_id = route->request->id,
        .connection_id = connection->record.id,
        .source_id = route->request->source_id,
        .destination_id = connection->record.destination_id,
        .status = paused ? EVENT_HOLD : delayed ? EVENT_SCHEDULED : EVENT_QUEUED,
        .due_at = paused ? 0 : due,
        .next_attempt_at = !paused && delayed ? due : 0,
        .next_trigger = route->bulk_id != 0 ? TRIGGER_BULK_RETRY : TRIGGER_INITIAL,
        .created_at = route->now,
        .updated_at = route->now,
        .bulk_id = route->bulk_id,
    };
    group_assign(route->arena, &route->destination->settings.policy, route->request, route->content, &routed->event);
}

void route_connection(const struct route *route, struct routed *routed)
{
    const struct catalog_connection *connection = route->connection;
    struct walked walked = {.end = WALK_PASSED};
    *routed = (struct routed){.connection_id = connection->record.id};
    enum ignored_cause ignored = ignored_cause_of(connection, route->destination);
    if (ignored != 0) {
        routed_ignore(routed, route->request->id, ignored, TEXT_NONE);
        return;
    }
    if (route_looks(connection))
        steps_walk(connection->steps, route->from, route->content, route->arena, &walked);
    if (!route->remade) {
        routed->keys = walked.keys;
        routed->key_count = walked.key_count;
    }
    switch (walked.end) {
    case WALK_PASSED: make_event(route, routed); break;
    case WALK_FILTERED:
        routed_ignore(routed, route->request->id, IGNORED_FILTERED, failed_parts(route->arena, walked.failed_parts));
        break;
    case WALK_TRANSFORM:
        routed->end = ROUTED_PASSAGE;
        routed->transformation_id = walked.transformation_id;
        routed->passage = (struct passage){
            .id = id_new(), .project_id = route->request->project_id, .request_id = route->request->id,
            .connection_id = connection->record.id, .position = (int64_t)walked.position, .bulk_id = route->bulk_id,
            .remade = route->remade};
        break;
    }
}
