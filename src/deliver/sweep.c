/*
 * What a change of a connection means for its waiting events, slice by slice in jobs of their own, so that a pause
 * of a connection with a million events holds up nobody.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "deliver/engine.h"

enum { SLICE_EVENTS = 500 };

typedef bool slice_function(struct store_transaction *, int64_t, int64_t, size_t, size_t *, struct error *);

struct sweep {
    struct store_job job; /* first: the store hands it back */
    struct deliver *deliver;
    int64_t connection_id, destination_id;
    size_t changed;
    struct sweep *next;
};

/* Chosen anew for each slice by what the connection is then, so that sweeps that cross do not undo each other. */
static slice_function *slice_for(const struct connection *connection)
{
    if (connection->disabled_at != 0 || connection->deleted_at != 0)
        return store_cancel_events;
    return connection->paused_at != 0 ? store_hold_events : store_resume_events;
}

static bool run_slice(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct sweep *sweep = (struct sweep *)job;
    struct arena arena = {0};
    struct connection connection;
    sweep->changed = 0;
    bool read = store_read_connection(store_transaction_reader(transaction), &arena, 0, sweep->connection_id,
                                      &connection, error);
    bool done = read && slice_for(&connection)(transaction, sweep->connection_id, clock_now_ms(), SLICE_EVENTS,
                                               &sweep->changed, error);
    arena_free(&arena);
    return done;
}

static void keep_sweep(struct sweep *sweep, int64_t pause_ms)
{
    struct deliver *deliver = sweep->deliver;
    pthread_mutex_lock(&deliver->lock);
    sweep->next = deliver->sweeps;
    deliver->sweeps = sweep;
    deliver->sweeps_at = clock_monotonic_ms() + pause_ms;
    pthread_cond_signal(&deliver->feeder_turn);
    pthread_mutex_unlock(&deliver->lock);
}

static void slice_done(struct store_job *job, const struct error *error)
{
    struct sweep *sweep = (struct sweep *)job;
    struct deliver *deliver = sweep->deliver;
    if (error->code == ERROR_NONE && sweep->changed > 0)
        deliver_wake(deliver, sweep->destination_id, clock_now_ms());
    if (error->code == ERROR_NOT_FOUND || (error->code == ERROR_NONE && sweep->changed == 0))
        free(sweep);
    else
        keep_sweep(sweep, error->code == ERROR_NONE ? 0 : ENGINE_PAUSE_MS);
    engine_job_ended(deliver);
}

void sweep_connection(void *context, const struct catalog_connection *connection)
{
    struct sweep *sweep = NEW(struct sweep);
    sweep->job = (struct store_job){.run = run_slice, .done = slice_done, .isolated = true};
    sweep->deliver = context;
    sweep->connection_id = connection->record.id;
    sweep->destination_id = connection->record.destination_id;
    keep_sweep(sweep, 0);
}

void sweeps_offer(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    struct sweep *sweep = deliver->sweeps;
    deliver->sweeps = NULL;
    pthread_mutex_unlock(&deliver->lock);
    while (sweep != NULL) {
        struct sweep *next = sweep->next;
        sweep->job.next = NULL;
        engine_job_out(deliver);
        if (!store_submit(deliver->store, &sweep->job, NULL)) {
            keep_sweep(sweep, ENGINE_PAUSE_MS);
            engine_job_ended(deliver);
        }
        sweep = next;
    }
}

void sweeps_free(struct deliver *deliver)
{
    while (deliver->sweeps != NULL) {
        struct sweep *next = deliver->sweeps->next;
        free(deliver->sweeps);
        deliver->sweeps = next;
    }
}
