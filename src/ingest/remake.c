#include "ingest/remake.h"

#include "base/id.h"
#include "ingest/routed.h"

bool remake_is_sound(const struct request *request)
{
    switch (request->rejection_cause) {
    case REJECTION_NONE:
    case REJECTION_SOURCE_DISABLED:
    case REJECTION_NO_CONNECTION:
    case REJECTION_VERIFICATION_FAILED: return true;
    default: return false;
    }
}

static bool is_active(const struct connection *connection)
{
    return connection->disabled_at == 0 && connection->deleted_at == 0;
}

bool remake_fits(const struct connection *connection, const struct request *request)
{
    return is_active(connection) && connection->source_id == request->source_id &&
           connection->created_at <= request->ingested_at;
}

size_t remake_targets(struct catalog *catalog, struct arena *arena, const int64_t *connection_ids, size_t count,
                      struct remake_target *targets)
{
    size_t groups = 0;
    for (size_t i = 0; i < count; i++) {
        struct catalog_connection *connection = catalog_find_connection(catalog, connection_ids[i]);
        if (connection != NULL && is_active(&connection->record)) {
            struct remake_target *target = targets;
            while (target < targets + groups && target->source_id != connection->record.source_id)
                target++;
            if (target == targets + groups)
                targets[groups++] = (struct remake_target){connection->record.source_id,
                                                           ARENA_ARRAY(arena, int64_t, count - i), 0};
            ((int64_t *)target->connection_ids)[target->count++] = connection_ids[i];
        }
        catalog_connection_release(connection);
    }
    return groups;
}

/* ---- one connection ---- */

static void note_event(struct remake *remake, const struct event *event)
{
    struct made_event *made = ARENA_NEW(remake->arena, struct made_event);
    *made = (struct made_event){.event = *event, .next = remake->made.events};
    remake->made.events = made;
}

static void note_passage(struct remake *remake, int64_t connection_id)
{
    struct made_passage *made = ARENA_NEW(remake->arena, struct made_passage);
    *made = (struct made_passage){.connection_id = connection_id, .next = remake->made.passages};
    remake->made.passages = made;
}

static bool put_routed(struct remake *remake, const struct routed *routed, struct error *error)
{
    remake->events += routed->end == ROUTED_EVENT;
    remake->ignored += routed->end == ROUTED_IGNORED;
    remake->passages += routed->end == ROUTED_PASSAGE;
    if (!routed_insert(remake->transaction, routed, false, error))
        return false;
    if (routed->end == ROUTED_EVENT)
        note_event(remake, &routed->event);
    else if (routed->end == ROUTED_PASSAGE)
        note_passage(remake, routed->connection_id);
    return true;
}

/* ---- the connections of a target ---- */

typedef bool (*wanted)(const struct connection *connection, const struct request *request);

static bool make_one(struct remake *remake, const struct request *request, wanted is_wanted,
                     const struct catalog_connection *connection, const struct catalog_destination *destination,
                     struct error *error)
{
    struct routed routed;
    if (!is_wanted(&connection->record, request))
        return true;
    const struct route route = {
        .request = request, .connection = connection, .destination = destination, .arena = remake->arena,
        .content = route_looks(connection) ? content_of(request) : NULL, .now = remake->now, .bulk_id = remake->bulk_id,
        .remade = true};
    route_connection(&route, &routed);
    return put_routed(remake, &routed, error);
}

static bool make_listed(struct remake *remake, const struct request *request, wanted is_wanted,
                        const struct remake_target *target, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < target->count; i++) {
        struct catalog_connection *connection = catalog_find_connection(remake->catalog, target->connection_ids[i]);
        if (connection == NULL)
            continue;
        struct catalog_destination *destination =
            catalog_find_destination(remake->catalog, connection->record.destination_id);
        if (destination != NULL)
            done = make_one(remake, request, is_wanted, connection, destination, error);
        catalog_destination_release(destination);
        catalog_connection_release(connection);
    }
    return done;
}

static bool make_all(struct remake *remake, const struct request *request, wanted is_wanted,
                     const struct catalog_source *source, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && source != NULL && i < source->connection_count; i++)
        done = make_one(remake, request, is_wanted, source->connections[i], source->destinations[i], error);
    return done;
}

static bool make(struct remake *remake, const struct request *request, wanted is_wanted,
                 const struct remake_target *target, const struct catalog_source *source, struct error *error)
{
    return target->connection_ids != NULL ? make_listed(remake, request, is_wanted, target, error)
                                          : make_all(remake, request, is_wanted, source, error);
}

/* ---- again ---- */

static bool make_more(struct remake *remake, const struct request *request, wanted is_wanted,
                      const struct remake_target *target, struct error *error)
{
    struct catalog_source *source = catalog_find_source(remake->catalog, target->source_id);
    remake->events = remake->ignored = remake->passages = 0;
    bool done = make(remake, request, is_wanted, target, source, error);
    catalog_source_release(source);
    return done && ((remake->events == 0 && remake->ignored == 0) ||
                    store_add_request_counts(remake->transaction, request->id, remake->events, 0, remake->ignored,
                                             remake->now, error));
}

static bool is_of_source(const struct connection *connection, const struct request *request)
{
    return is_active(connection) && connection->source_id == request->source_id;
}

bool remake_retry(struct remake *remake, const struct request *request, const struct remake_target *target,
                  struct error *error)
{
    return make_more(remake, request, remake_fits, target, error);
}

bool remake_trigger(struct remake *remake, const struct request *request, const struct remake_target *target,
                    struct error *error)
{
    return make_more(remake, request, is_of_source, target, error);
}

static bool has_active(const struct catalog_source *source)
{
    for (size_t i = 0; source != NULL && i < source->connection_count; i++) {
        if (is_active(&source->connections[i]->record))
            return true;
    }
    return false;
}

/* Events first: the request is then written once, with its counts. */
bool remake_replay(struct remake *remake, const struct request *original, const struct remake_target *target,
                   struct request *request, struct error *error)
{
    struct catalog_source *source = catalog_find_source(remake->catalog, target->source_id);
    *request = *original;
    request->id = id_new();
    request->source_id = target->source_id;
    request->ingested_at = request->updated_at = remake->now;
    request->rejection_cause = REJECTION_NONE;
    remake->events = remake->ignored = remake->passages = 0;
    if (source == NULL || source->record.disabled_at != 0 || source->record.deleted_at != 0)
        request->rejection_cause = REJECTION_SOURCE_DISABLED;
    else if (target->connection_ids == NULL && !has_active(source))
        request->rejection_cause = REJECTION_NO_CONNECTION;
    bool done = request->rejection_cause != REJECTION_NONE ||
                make(remake, request, is_of_source, target, source, error);
    catalog_source_release(source);
    request->events_count = remake->events;
    request->ignored_count = remake->ignored;
    request->cli_events_count = 0;
    return done && store_insert_request(remake->transaction, request, error);
}

void remake_hand_on(struct deliver *deliver, struct passages *passages, const struct made *made)
{
    for (const struct made_event *event = made->events; event != NULL; event = event->next) {
        if (event->event.due_at != 0)
            deliver_wake(deliver, &event->event);
        else if (event->event.status == EVENT_HOLD)
            deliver_check_hold(deliver, &event->event);
    }
    for (const struct made_passage *passage = made->passages; passage != NULL; passage = passage->next)
        passages_wake(passages, passage->connection_id);
}
