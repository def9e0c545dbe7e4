#include "bulk/slice.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "bulk/effect.h"
#include "store/bulk.h"

enum {
    SLICE_DATA_BYTES = 4 * 1024 * 1024, /* of requests: the writer has others to serve */
    WINDOWS = 16,                       /* without anything in them that one slice looks at */
    ROW_SHARE = 40,                     /* a window is this part of what a list may look at */
};

/* What a query finds, of any subject. */
struct found {
    struct event *events;
    struct ignored_event *ignored;
    struct request *requests;
    size_t count;
};

struct slice {
    struct store_job job; /* first: the store hands it back */
    const struct slice_parts *parts;
    struct bulk bulk; /* as it was read */
    struct bulk_plan plan;
    struct arena arena;
    int64_t *ids; /* what the reader found */
    size_t count;
    int64_t end;          /* with fewer than a whole slice of ids: everything up to here was looked at */
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

/* What the query finds among those that the further filters leave, by growing keys. */
static bool find(struct slice *slice, struct store_reader *reader, const struct store_filter *more, size_t more_count,
                 struct found *found, struct error *error)
{
    const struct bulk_plan *plan = &slice->plan;
    struct store_page page = {0};
    struct store_filter *filters =
        ARENA_ARRAY(&slice->arena, struct store_filter, plan->filter_count + more_count);
    for (size_t i = 0; i < plan->filter_count; i++)
        filters[i] = plan->filters[i];
    for (size_t i = 0; i < more_count; i++)
        filters[plan->filter_count + i] = more[i];
    struct store_list list = {.project_id = slice->bulk.project_id, .filters = filters,
                              .filter_count = plan->filter_count + more_count, .order_by = FIELD_ID, .ascending = true,
                              .limit = (size_t)limits.bulk_slice};
    bool done = false;
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
    return done;
}

/* The ids of the next slice, from the first window that has any. */
static bool look(struct slice *slice, struct error *error)
{
    enum bulk_subject subject = bulk_subject_of(slice->bulk.kind);
    struct store_reader *reader = slice->parts->reader;
    int64_t rows = limits.list_scan / ROW_SHARE, after = slice->bulk.position, bound = slice->bulk.bound;
    struct found found = {0};
    slice->end = after;
    for (int i = 0; i < WINDOWS && found.count == 0 && slice->end < bound; i++) {
        after = slice->end;
        if (!store_bulk_window(reader, subject, after, bound, rows, &slice->end, error))
            return false;
        const struct store_value first = {.integer = after}, last = {.integer = slice->end};
        const struct store_filter window[] = {{FIELD_ID, OP_GT, &first, 1}, {FIELD_ID, OP_LTE, &last, 1}};
        if (!find(slice, reader, window, 2, &found, error))
            return false;
    }
    slice->ids = ARENA_ARRAY(&slice->arena, int64_t, found.count + 1);
    for (size_t i = 0; i < found.count; i++)
        slice->ids[i] = id_at(subject, &found, i);
    slice->count = found.count;
    if (found.count == (size_t)limits.bulk_slice)
        slice->end = slice->ids[found.count - 1];
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
    *found = (struct found){0};
    if (slice->count == 0)
        return true;
    for (size_t i = 0; i < slice->count; i++)
        values[i].integer = slice->ids[i];
    return find(slice, reader, &(struct store_filter){FIELD_ID, OP_IN, values, slice->count}, 1, found, error);
}

static bool act(struct slice *slice, struct store_transaction *transaction, struct bulk *bulk, struct error *error)
{
    struct found found;
    int64_t position = slice->end;
    struct effect *effect = &slice->effect;
    if (!find_again(slice, store_transaction_reader(transaction), &found, error))
        return false;
    effect->cancelled = ARENA_ARRAY(&slice->arena, int64_t, found.count + 1);
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
    remake_hand_on(slice->parts->deliver, slice->effect.remake.made);
    for (size_t i = 0; i < slice->effect.cancelled_count; i++)
        deliver_forget(slice->parts->deliver, slice->effect.cancelled[i]);
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
    arena_free(&slice.arena);
    return done;
}
