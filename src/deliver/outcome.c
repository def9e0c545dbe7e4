#include "deliver/outcome.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "deliver/engine.h"

static struct text copy_behind(char **place, struct text text)
{
    if (text.data == NULL)
        return TEXT_NONE;
    struct text copy = {*place, text.size};
    memcpy(*place, text.data, text.size);
    *place += text.size;
    return copy;
}

static bool run_outcome(struct store_transaction *transaction, struct store_job *job, struct error *error);
static void outcome_done(struct store_job *job, const struct error *error);

struct outcome *outcome_create(struct deliver *deliver, const struct event *event, const struct attempt *attempt)
{
    static const struct attempt none;
    const struct attempt *given = attempt != NULL ? attempt : &none;
    struct outcome *outcome = memory_try_allocate(sizeof *outcome + given->requested_url.size + given->method.size +
                                                  given->body.size + given->content_type.size);
    if (outcome == NULL)
        return NULL;
    char *place = (char *)(outcome + 1);
    *outcome = (struct outcome){
        .job = {.run = run_outcome, .done = outcome_done},
        .deliver = deliver,
        .attempted = attempt != NULL,
        .event = *event,
        .held_due_at = event->due_at,
        .held_trigger = event->next_trigger,
        .attempt = *given,
        .now = clock_now_ms(),
    };
    outcome->attempt.requested_url = copy_behind(&place, given->requested_url);
    outcome->attempt.method = copy_behind(&place, given->method);
    outcome->attempt.body = copy_behind(&place, given->body);
    outcome->attempt.content_type = copy_behind(&place, given->content_type);
    return outcome;
}

/* ---- what becomes of the event ---- */

static bool by_hand(enum attempt_trigger trigger)
{
    return trigger == TRIGGER_MANUAL || trigger == TRIGGER_BULK_RETRY;
}

/* A user asked for a further attempt while this one was under way. */
static bool asked_again(const struct outcome *outcome, const struct event *event)
{
    return event->due_at != 0 && by_hand(event->next_trigger) &&
           (event->due_at > outcome->held_due_at || event->next_trigger != outcome->held_trigger);
}

/* Automatic attempts plan the next one; those by hand leave the plan as it was. */
static int64_t next_automatic(const struct outcome *outcome, const struct event *event)
{
    if (outcome->attempt.successful || outcome->retries_stopped)
        return 0;
    return by_hand(outcome->attempt.trigger) ? event->next_attempt_at : outcome->planned_at;
}

void outcome_apply(const struct outcome *outcome, struct event *event)
{
    const struct attempt *attempt = &outcome->attempt;
    bool cancelled = event->status == EVENT_CANCELLED, again = asked_again(outcome, event);
    event->attempts++;
    event->automatic_retries += attempt->trigger == TRIGGER_AUTOMATIC;
    event->last_attempt_at = attempt->delivered_at;
    event->response_status = attempt->response_status;
    event->updated_at = outcome->now;
    if (attempt->successful)
        event->successful_at = attempt->responded_at;
    if (cancelled && !attempt->successful) {
        event->due_at = event->next_attempt_at = 0;
        return; /* the error code of the cancellation stays too */
    }
    event->error_code = attempt->error_code;
    event->next_attempt_at = next_automatic(outcome, event);
    if (again) {
        event->status = EVENT_QUEUED;
        return;
    }
    event->status = attempt->successful ? EVENT_SUCCESSFUL : EVENT_FAILED;
    event->due_at = event->next_attempt_at;
    event->next_trigger = TRIGGER_AUTOMATIC;
}

void outcome_stop(struct event *event, enum event_status status, int64_t now)
{
    event->status = status;
    event->due_at = event->next_attempt_at = 0;
    event->updated_at = now;
    if (status == EVENT_CANCELLED)
        event->error_code = ATTEMPT_ERROR_CANCELLED;
}

/* ---- on the writer's thread ---- */

/* The connection as it is now decides: it may have been resumed since the loop looked. */
static bool run_stop(struct store_transaction *transaction, struct outcome *outcome, struct event *event,
                     struct arena *arena, struct error *error)
{
    struct connection connection;
    struct error missing = {0};
    if (event->due_at == 0) {
        outcome->event = *event;
        return true;
    }
    if (!store_read_connection(store_transaction_reader(transaction), arena, 0, event->connection_id, &connection,
                               &missing)) {
        if (missing.code != ERROR_NOT_FOUND)
            return error_set(error, missing.code, "%s", missing.message);
        connection = (struct connection){.deleted_at = outcome->now};
    }
    if (connection.disabled_at != 0 || connection.deleted_at != 0)
        outcome_stop(event, EVENT_CANCELLED, outcome->now);
    else if (connection.paused_at != 0)
        outcome_stop(event, EVENT_HOLD, outcome->now);
    outcome->event = *event;
    return event->due_at != 0 || store_update_event(transaction, event, error);
}

static bool run_on_event(struct store_transaction *transaction, struct outcome *outcome, struct arena *arena,
                         struct error *error)
{
    struct event event;
    struct error missing = {0};
    outcome->recorded = false;
    if (!store_read_event(store_transaction_reader(transaction), arena, 0, outcome->attempted
                              ? outcome->attempt.event_id : outcome->event.id, &event, &missing)) {
        outcome->event.due_at = 0; /* gone, and with it what there was to record */
        return missing.code == ERROR_NOT_FOUND || error_set(error, missing.code, "%s", missing.message);
    }
    if (!outcome->attempted)
        return run_stop(transaction, outcome, &event, arena, error);
    outcome->attempt.attempt_number = event.attempts + 1;
    outcome_apply(outcome, &event);
    outcome->event = event;
    outcome->recorded = true;
    return store_record_attempt(transaction, &outcome->attempt, &event, error);
}

static bool run_outcome(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct arena arena = {0};
    bool done = run_on_event(transaction, (struct outcome *)job, &arena, error);
    arena_free(&arena);
    return done;
}

static void keep_refused(struct deliver *deliver, struct outcome *outcome)
{
    pthread_mutex_lock(&deliver->lock);
    outcome->job.next = (struct store_job *)deliver->refused;
    deliver->refused = outcome;
    deliver->refused_until = clock_monotonic_ms() + ENGINE_PAUSE_MS;
    engine_wake_loop(deliver);
    pthread_mutex_unlock(&deliver->lock);
}

static void outcome_done(struct store_job *job, const struct error *error)
{
    struct outcome *outcome = (struct outcome *)job;
    struct deliver *deliver = outcome->deliver;
    if (error->code != ERROR_NONE) {
        keep_refused(deliver, outcome);
    } else {
        const struct event *event = &outcome->event;
        if (!outcome->recorded)
            store_release(deliver->store, &event->id, 1);
        if (event->due_at != 0)
            deliver_wake(deliver, event->destination_id, event->due_at);
        pthread_mutex_lock(&deliver->lock);
        deliver->unrecorded--;
        engine_wake_loop(deliver);
        pthread_mutex_unlock(&deliver->lock);
        free(outcome);
    }
    engine_job_ended(deliver);
}

void outcomes_submit(struct deliver *deliver, struct outcome *first)
{
    size_t count = 0;
    for (struct store_job *job = (struct store_job *)first; job != NULL; job = job->next)
        count++;
    pthread_mutex_lock(&deliver->lock);
    deliver->jobs_out += count;
    pthread_mutex_unlock(&deliver->lock);
    if (store_submit(deliver->store, &first->job, NULL))
        return;
    pthread_mutex_lock(&deliver->lock);
    deliver->jobs_out -= count;
    pthread_mutex_unlock(&deliver->lock);
    while (first != NULL) {
        struct outcome *next = (struct outcome *)first->job.next;
        keep_refused(deliver, first);
        first = next;
    }
}
