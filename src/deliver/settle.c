/* Waiting events follow their connection: held, resumed or cancelled in slices, until none is left to change. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/engine.h"

enum { SLICE = 500, OFFER_AGAIN_MS = 500 };

/* One for each connection whose events are being settled. */
struct settling {
    struct store_job job; /* first: the store hands it back */
    struct deliver *deliver;
    int64_t connection_id, destination_id;
    size_t changed;
    bool resumed;
    bool again;             /* the connection changed once more meanwhile */
    int64_t offer_again_at; /* monotonic ms; 0: the store has it */
    struct settling *next;
};

static bool run(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct settling *settling = (struct settling *)job;
    struct arena arena = {0};
    struct connection connection;
    int64_t now = clock_now_ms();
    bool done = store_read_connection(store_transaction_reader(transaction), &arena, 0, settling->connection_id,
                                      &connection, error);
    settling->resumed = false;
    if (done && (connection.deleted_at != 0 || connection.disabled_at != 0))
        done = store_cancel_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    else if (done && connection.paused_at != 0)
        done = store_hold_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    else if (done)
        done = settling->resumed = store_resume_events(transaction, connection.id, now, SLICE, &settling->changed, error);
    arena_free(&arena);
    return done;
}

/* The lock is held. */
static void forget(struct deliver *deliver, struct settling *settling)
{
    struct settling **place = &deliver->settlings;
    while (*place != settling)
        place = &(*place)->next;
    *place = settling->next;
    free(settling);
}

/* Into the store's queue, or later if that is full. `settling` counts those that the store has. */
static void offer(struct settling *settling)
{
    struct deliver *deliver = settling->deliver;
    if (store_submit(deliver->store, &settling->job, NULL))
        return;
    pthread_mutex_lock(&deliver->lock);
    settling->offer_again_at = clock_monotonic_ms() + OFFER_AGAIN_MS;
    deliver->settling--;
    pthread_mutex_unlock(&deliver->lock);
}

/* On the writer's thread. */
static void settled(struct store_job *job, const struct error *error)
{
    struct settling *settling = (struct settling *)job;
    struct deliver *deliver = settling->deliver;
    bool refused = error->code != ERROR_NONE && error->code != ERROR_NOT_FOUND;
    pthread_mutex_lock(&deliver->lock);
    bool more = (error->code == ERROR_NONE && settling->changed > 0) || settling->again;
    if (error->code == ERROR_NONE && settling->resumed && settling->changed > 0)
        engine_due_all(deliver, engine_outlet(deliver, settling->destination_id));
    settling->again = false;
    if (more && !refused && !deliver->stopping) {
        pthread_mutex_unlock(&deliver->lock);
        offer(settling);
        return;
    }
    if (refused && !deliver->stopping)
        settling->offer_again_at = clock_monotonic_ms() + OFFER_AGAIN_MS;
    else
        forget(deliver, settling);
    deliver->settling--;
    pthread_mutex_unlock(&deliver->lock);
}

void settle_connection(struct deliver *deliver, int64_t connection_id, int64_t destination_id)
{
    pthread_mutex_lock(&deliver->lock);
    for (struct settling *other = deliver->settlings; other != NULL; other = other->next) {
        if (other->connection_id == connection_id) {
            other->again = true;
            pthread_mutex_unlock(&deliver->lock);
            return;
        }
    }
    struct settling *settling = NEW(struct settling);
    *settling = (struct settling){.job = {.run = run, .done = settled, .isolated = true}, .deliver = deliver,
                                  .connection_id = connection_id, .destination_id = destination_id,
                                  .next = deliver->settlings};
    deliver->settlings = settling;
    deliver->settling++;
    pthread_mutex_unlock(&deliver->lock);
    offer(settling);
}

/* One whose moment has come, as the store's again; NULL: none. */
static struct settling *take_waiting(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    struct settling *settling = deliver->settlings;
    int64_t now = clock_monotonic_ms();
    while (settling != NULL && (settling->offer_again_at == 0 || settling->offer_again_at > now))
        settling = settling->next;
    if (settling != NULL) {
        settling->offer_again_at = 0;
        deliver->settling++;
    }
    pthread_mutex_unlock(&deliver->lock);
    return settling;
}

void settle_again(struct deliver *deliver)
{
    struct settling *settling;
    while ((settling = take_waiting(deliver)) != NULL)
        offer(settling);
}

void settle_free(struct deliver *deliver)
{
    while (deliver->settlings != NULL)
        forget(deliver, deliver->settlings);
}
