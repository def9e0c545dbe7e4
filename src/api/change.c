/* The writing side of a call: its transaction, and what follows a change. */
#include "api/call.h"

#include "base/log.h"

enum { SWEEP_SLICE = 500, SWEEP_SLICES = 4 };

struct change_job {
    struct store_job job; /* first: the store hands it back */
    struct call *call;
    bool (*change)(struct call *call);
};

static bool run_change(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct change_job *change = (struct change_job *)job;
    struct call *call = change->call;
    struct store_reader *reader = call->reader;
    call->reader = store_transaction_reader(transaction);
    call->transaction = transaction;
    bool done = change->change(call);
    call->transaction = NULL;
    call->reader = reader;
    return done || error_set(error, ERROR_REFUSED, "the change was refused");
}

struct sweep_job {
    struct store_job job;
    struct call_sweep *sweep;
    int64_t now;
    size_t changed;
};

static bool run_slice(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct sweep_job *slice = (struct sweep_job *)job;
    return slice->sweep->slice(transaction, slice->sweep->connection_id, slice->now, SWEEP_SLICE, &slice->changed,
                               error);
}

/*
 * The first of the waiting events, so that a reply to the change finds few of them as they should be. The delivery engine
 * goes through all of a large backlog meanwhile, and looks at the connection before each delivery.
 */
static void run_sweep(struct call *call, struct call_sweep *sweep)
{
    struct error error = {0};
    struct sweep_job slice = {.job = {.run = run_slice, .isolated = true}, .sweep = sweep, .now = call->now};
    for (int i = 0; i < SWEEP_SLICES; i++) {
        slice.changed = 0;
        if (!store_write(call->store, &slice.job, &error)) {
            log_warn("the waiting events of a connection could not follow its change: %s", error.message);
            return;
        }
        if (sweep->wake && slice.changed > 0)
            deliver_wake_all(call->deliver, sweep->destination_id);
        if (slice.changed < SWEEP_SLICE)
            return;
    }
}

void call_sweep(struct call *call, struct call_sweep sweep)
{
    struct call_sweep *kept = ARENA_NEW(call->arena, struct call_sweep);
    *kept = sweep;
    kept->next = call->sweeps;
    call->sweeps = kept;
}

bool call_write(struct call *call, bool (*change)(struct call *call))
{
    struct error error = {0};
    struct change_job job = {.job = {.run = run_change, .isolated = true}, .call = call, .change = change};
    if (!store_write(call->store, &job.job, &error))
        return call_fail_error(call, &error); /* keeps the reply of a change that refused */
    if (call->catalog != NULL && !catalog_refresh(call->catalog, &error))
        log_warn("a change is stored but not yet in effect: %s", error.message);
    for (struct call_sweep *sweep = call->sweeps; sweep != NULL; sweep = sweep->next)
        run_sweep(call, sweep);
    call->sweeps = NULL;
    return true;
}
