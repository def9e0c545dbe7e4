#include "bulk/slice.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "bulk/effect.h"
#include "store/bulk.h"

enum { SLICE_DATA_BYTES = 4 * 1024 * 1024 }; /* of requests: the writer has others to serve */

/* What a query finds, of any subject. */
struct found {
    struct event *events;
    struct ignored_event *ignored;
    struct request *requests;
    size_t count;
    int64_t end; /* nothing else is found up to this key */
};

struct slice {
    struct store_job job; /* first: the store hands it back */
    const struct slice_parts *parts;
    struct bulk bulk; /* as it was read */
    struct bulk_plan plan;
    struct arena arena;
    int64_t *ids; /* what the reader found */
    size_t count;
    int64_t end;          /* nothing else is found up to this key */
    struct effect effect; /* of the last run */
};

/* ---- looking ------------------------------------------------------------------------------------- */

static int64_t id_at(enum bulk_subject subject, const struct found *found, size_t i)
{
    switch (subject) {
    case BULK_OF_EVENTS: return found->events[i].id;
    case BULK_OF_IGNORED_EVENTS: return found->ignored[i].id;
    case BULK_OF_REQUESTS: break;
    }
    return found->requests[i].id;
}

/*
 * What the query finds among the keys up to `bound`, oldest first; with `ids` only among those, whose content was looked
 * at before: it never changes, and the writer has no time for it.
 */
static bool find(struct slice *slice, struct store_reader *reader, const struct store_filter *ids, struct found *found,
                 struct error *error)
{
    const struct bulk_plan *plan = &slice->plan;
    struct store_page page = {0};
    struct store_filter *filters = ARENA_ARRAY(&slice->arena, struct store_filter, plan->filter_count + 1);
    struct store_list list = {.project_id = slice->bulk.project_id, .filters = filters,
                              .content = ids == NULL ? plan->content : NULL, .order_by = FIELD_ID, .ascending = true,
                              .limit = (size_t)limits.bulk_slice, .above = slice->bulk.position,
                              .up_to = slice->bulk.bound};
    bool done = false;
    for (size_t i = 0; i < plan->filter_count; i++) {
        if (ids == NULL || plan->filters[i].operator != OP_CONTAINS)
            filters[list.filter_count++] = plan->filters[i];
    }
    if (ids != NULL)
        filters[list.filter_count++] = *ids;
    switch (bulk_subject_of(slice->bulk.kind)) {
    case BULK_OF_EVENTS: done = store_list_events(reader, &slice->arena, &list, &found->events, &page, error); break;
    case BULK_OF_IGNORED_EVENTS:
        done = store_list_ignored_of_project(reader, &slice->arena, &list, &found->ignored, &page, error);
        break;
    case BULK_OF_REQUESTS:
        done = store_list_requests(reader, &slice->arena, &list, &found->requests, &page, error);
        break;
    }
    found->count = page.count;
    found->end = page.next.size > 0 ? page.looked_to : slice->bulk.bound;
    return done;
}

/* The ids of the next slice: what one list call finds, which may be nothing where it looked. */
static bool look(struct slice *slice, struct error *error)
{
    struct found found = {0};
    slice->end = slice->bulk.bound;
    if (slice->bulk.position < slice->bulk.bound) {
        if (!find(slice, slice->parts->reader, NULL, &found, error))
            return false;
        slice->end = found.end;
    }
    slice->ids = ARENA_ARRAY(&slice->arena, int64_t, found.count + 1);
    for (size_t i = 0; i < found.count; i++)
        slice->ids[i] = id_at(bulk_subject_of(slice->bulk.kind), &found, i);
    slice->count = found.count;
    return true;
}

/* ---- doing --------------------------------------------------------------------------------------- */

static bool act_on(struct slice *slice, const struct found *found, size_t i, struct error *error)
{
    switch (bulk_subject_of(slice->bulk.kind)) {
    case BULK_OF_EVENTS: return effect_on_event(&slice->effect, &found->events[i], error);
    case BULK_OF_IGNORED_EVENTS: return effect_on_ignored(&slice->effect, &found->ignored[i], error);
    case BULK_OF_REQUESTS: break;
    }
    return effect_on_request(&slice->effect, found->requests[i].id, error);
}

/* Of the ids, those that the query finds still: meanwhile others may have seen to them. */
static bool find_again(struct slice *slice, struct store_reader *reader, struct found *found, struct error *error)
{
    struct store_value *values = ARENA_ARRAY(&slice->arena, struct store_value, slice->count + 1);
    *found = (struct found){.end = slice->end};
    if (slice->count == 0)
        return true;
    for (size_t i = 0; i < slice->count; i++)
        values[i].integer = slice->ids[i];
    if (!find(slice, reader, &(struct store_filter){FIELD_ID, OP_IN, values, slice->count}, found, error))
        return false;
    if (found->end == slice->bulk.bound) /* it looked at all of them */
        found->end = slice->end;
    return true;
}

static bool act(struct slice *slice, struct store_transaction *transaction, struct bulk *bulk, struct error *error)
{
    struct found found;
    struct effect *effect = &slice->effect;
    if (!find_again(slice, store_transaction_reader(transaction), &found, error))
        return false;
    int64_t position = found.end;
    effect->cancelled = ARENA_ARRAY(&slice->arena, struct event, found.count + 1);
    for (size_t i = 0; i < found.count; i++) {
        if (!act_on(slice, &found, i, error))
            return false;
        bulk->completed_count += effect->done;
        bulk->failed_count += !effect->done;
        if (effect->data_bytes > SLICE_DATA_BYTES && i + 1 < found.count) {
            position = id_at(bulk_subject_of(bulk->kind), &found, i);
            break;
        }
    }
    bulk->position = position;
    bulk->processed_batch += slice->count > 0;
    bulk->updated_at = effect->remake.now;
    if (position >= bulk->bound)
        bulk->completed_at = effect->remake.now;
    return store_update_bulk(transaction, bulk, error);
}

static bool run(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct slice *slice = (struct slice *)job;
    struct bulk bulk;
    slice->effect = (struct effect){
        .bulk = &slice->bulk, .plan = &slice->plan,
        .remake = {.transaction = transaction, .catalog = slice->parts->catalog, .arena = &slice->arena,
                   .now = clock_now_ms(), .bulk_id = slice->bulk.id}};
    if (!store_read_bulk(store_transaction_reader(transaction), &slice->arena, slice->bulk.project_id, slice->bulk.kind,
                         slice->bulk.id, &bulk, error))
        return false;
    bool open = bulk.completed_at == 0 && bulk.cancelled_at == 0 && bulk.position == slice->bulk.position;
    bool done = !open || act(slice, transaction, &bulk, error);
    arena_free(&slice->effect.scratch);
    return done;
}

static void hand_on(const struct slice *slice)
{
    remake_hand_on(slice->parts->deliver, slice->parts->passages, &slice->effect.remake.made);
    for (size_t i = 0; i < slice->effect.cancelled_count; i++)
        deliver_forget(slice->parts->deliver, &slice->effect.cancelled[i]);
}

/* ---- a query that this version cannot read -------------------------------------------------------- */

static bool run_give_up(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct slice *slice = (struct slice *)job;
    slice->bulk.updated_at = slice->bulk.cancelled_at = clock_now_ms();
    return store_update_bulk(transaction, &slice->bulk, error);
}

static bool give_up(struct slice *slice, struct error *error)
{
    log_warn("a bulk operation was cancelled: its query cannot be carried out: %s", error->message);
    *error = (struct error){0};
    slice->job = (struct store_job){.run = run_give_up, .isolated = true};
    return store_write(slice->parts->store, &slice->job, error);
}

bool slice_run(const struct slice_parts *parts, const struct bulk *bulk, size_t *touched, struct error *error)
{
    struct slice slice = {.job = {.run = run, .isolated = true, .patient = true}, .parts = parts, .bulk = *bulk};
    bool done = parts->read_plan(bulk->kind, bulk->query, &slice.arena, &slice.plan, error) && look(&slice, error) &&
                store_write(parts->store, &slice.job, error);
    if (done)
        hand_on(&slice);
    else if (error->code == ERROR_INVALID)
        done = give_up(&slice, error);
    *touched = slice.count;
    if (slice.plan.release != NULL)
        slice.plan.release(&slice.plan);
    arena_free(&slice.arena);
    return done;
}
