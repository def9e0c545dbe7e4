#include "ingest/remake.h"

#include "base/id.h"
#include "ingest/route.h"

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

/* ---- one event ---- */

static bool put_event(struct remake *remake, struct event *event, struct error *error)
{
    if (remake->bulk_id != 0) {
        event->bulk_id = remake->bulk_id;
        event->next_trigger = TRIGGER_BULK_RETRY;
    }
    if (!store_insert_event(remake->transaction, event, false, error))
        return false;
    struct made_event *made = ARENA_NEW(remake->arena, struct made_event);
    *made = (struct made_event){.event = *event, .next = remake->made};
    remake->made = made;
    remake->events++;
    return true;
}

static bool put_routed(struct remake *remake, const struct request *request, struct routed *routed, struct error *error)
{
    if (routed->ignored == 0)
        return put_event(remake, &routed->event, error);
    struct ignored_event ignored = {id_new(), request->id, routed->connection_id, routed->ignored, TEXT_NONE};
    remake->ignored++;
    return store_insert_ignored_event(remake->transaction, &ignored, error);
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
    route_connection(request, connection, destination, remake->now, &routed);
    return put_routed(remake, request, &routed, error);
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
    remake->events = remake->ignored = 0;
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
    remake->events = remake->ignored = 0;
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

void remake_hand_on(struct deliver *deliver, const struct made_event *made)
{
    for (; made != NULL; made = made->next) {
        if (made->event.due_at != 0)
            deliver_wake(deliver, &made->event);
        else if (made->event.status == EVENT_HOLD)
            deliver_check_hold(deliver, &made->event);
    }
}
