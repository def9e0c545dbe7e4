#include "bulk/effect.h"

#include "model/event.h"

/* Events are told to the engine as those that were made. */
static void note_event(struct remake *remake, const struct event *event)
{
    struct made_event *made = ARENA_NEW(remake->arena, struct made_event);
    *made = (struct made_event){.event = *event, .next = remake->made.events};
    remake->made.events = made;
}

static bool retry_event(struct effect *effect, struct event *event, struct error *error)
{
    struct remake *remake = &effect->remake;
    struct connection connection;
    struct error missing = {0};
    if (!store_read_connection(store_transaction_reader(remake->transaction), &effect->scratch, event->project_id,
                               event->connection_id, &connection, &missing)) {
        *error = missing;
        return missing.code == ERROR_NOT_FOUND;
    }
    if (connection.disabled_at != 0 || connection.deleted_at != 0)
        return true;
    event_ask_again(event, TRIGGER_BULK_RETRY, remake->now);
    event->bulk_id = effect->bulk->id;
    effect->done = true;
    note_event(remake, event);
    return store_update_event(remake->transaction, event, error);
}

static bool cancel_event(struct effect *effect, struct event *event, struct error *error)
{
    if (!event_is_waiting(event))
        return true;
    event_set_cancelled(event, effect->remake.now);
    effect->cancelled[effect->cancelled_count++] = *event;
    effect->done = true;
    return store_update_event(effect->remake.transaction, event, error);
}

bool effect_on_event(struct effect *effect, struct event *event, struct error *error)
{
    effect->done = false;
    bool good = effect->bulk->kind == BULK_EVENTS_CANCEL ? cancel_event(effect, event, error)
                                                         : retry_event(effect, event, error);
    arena_clear(&effect->scratch);
    return good;
}

/* With its data: rules may look at it. NULL (and *good) when it is gone. */
static struct request *read_request(struct effect *effect, int64_t id, bool *good, struct error *error)
{
    struct error missing = {0};
    struct request *request = ARENA_NEW(&effect->scratch, struct request);
    if (store_read_request(store_transaction_reader(effect->remake.transaction), &effect->scratch,
                           effect->bulk->project_id, id, true, request, &missing)) {
        effect->data_bytes += (int64_t)(request->headers.size + request->body.size);
        *good = true;
        return request;
    }
    *good = missing.code == ERROR_NOT_FOUND;
    if (!*good)
        *error = missing;
    return NULL;
}

bool effect_on_ignored(struct effect *effect, const struct ignored_event *ignored, struct error *error)
{
    bool good;
    struct request *request = read_request(effect, ignored->request_id, &good, error);
    effect->done = false;
    if (request != NULL) {
        struct remake_target target = {request->source_id, &ignored->connection_id, 1};
        good = remake_retry(&effect->remake, request, &target, error);
        effect->done = effect->remake.events + effect->remake.passages > 0;
    }
    arena_clear(&effect->scratch);
    return good;
}

/* Done when at least one of the new requests is not rejected at once. */
static bool replay(struct effect *effect, const struct request *original, struct error *error)
{
    const struct bulk_plan *plan = effect->plan;
    struct remake_target *targets = ARENA_ARRAY(&effect->scratch, struct remake_target, plan->connection_count + 1);
    size_t count = 1;
    targets[0].source_id = plan->source_id != 0 ? plan->source_id : original->source_id;
    if (plan->connection_ids != NULL)
        count = remake_targets(effect->remake.catalog, &effect->scratch, plan->connection_ids, plan->connection_count,
                               targets);
    for (size_t i = 0; i < count; i++) {
        struct request made;
        if (!remake_replay(&effect->remake, original, &targets[i], &made, error))
            return false;
        effect->done |= made.rejection_cause == REJECTION_NONE;
    }
    return true;
}

bool effect_on_request(struct effect *effect, int64_t request_id, struct error *error)
{
    bool good;
    struct request *request = read_request(effect, request_id, &good, error);
    effect->done = false;
    if (request != NULL && remake_is_sound(request)) {
        if (effect->bulk->kind == BULK_REQUESTS_REPLAY) {
            good = replay(effect, request, error);
        } else {
            good = remake_retry(&effect->remake, request, &(struct remake_target){.source_id = request->source_id},
                                error);
            effect->done = effect->remake.events + effect->remake.passages > 0;
        }
    }
    arena_clear(&effect->scratch);
    return good;
}
