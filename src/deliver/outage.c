/* Destinations that do not take what they are sent: what their ends say, and what is told of it. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "deliver/engine.h"
#include "rules/retry.h"
#include "store/outage.h"

enum { TURN_US = 100000, WRITE_AGAIN_US = 500000 };

/* Of an outlet whose breaker is not well, or of which the store still says so. */
struct outage {
    struct store_job job; /* first: the store hands it back */
    struct deliver *deliver;
    struct outlet *outlet;
    int64_t since;         /* wall-clock ms */
    bool stored;           /* as the store has it */
    bool writes;           /* the store has the job, which makes it `stored` or not */
    bool opens;
    int64_t write_again_us;
    struct outage *next;
};

/* ---- what an end says ---- */

/* A problem of this one event, or of the gateway: the destination was not asked. */
static bool is_own_error(enum attempt_error error)
{
    return error == ATTEMPT_ERROR_PAYLOAD_MISSING || error == ATTEMPT_ERROR_MISSING_URL ||
           error == ATTEMPT_ERROR_INVALID_URL || error == ATTEMPT_ERROR_INVALID_CHARACTER ||
           error == ATTEMPT_ERROR_NETWORK_REQUEST_CANCELED || error == ATTEMPT_ERROR_CANCELLED;
}

static enum breaker_end end_of(const struct delivery *delivery)
{
    const struct attempt *attempt = &delivery->attempt;
    if (delivery->settle != SETTLE_ATTEMPT || is_own_error(attempt->error_code))
        return BREAKER_NOTHING;
    if (attempt->response_status == 0)
        return attempt->error_code == ATTEMPT_ERROR_TOO_MANY_REDIRECTS ? BREAKER_WELL : BREAKER_BADLY;
    return attempt->response_status >= 500 || attempt->response_status == 429 ? BREAKER_BADLY : BREAKER_WELL;
}

/* Is it nothing that the breaker's rule is about? What decides about an open one always is. */
static bool is_passed_over(const struct delivery *delivery, const struct breaker *breaker)
{
    return breaker->rule.retried_only && !delivery->queued->probe && delivery->connection != NULL &&
           delivery->connection->retry.strategy == RETRY_NONE;
}

/* 0: it asks for no wait. Monotonic us. */
static int64_t asked_until_us(const struct delivery *delivery, int64_t now_us)
{
    int64_t status = delivery->attempt.response_status, now = clock_now_ms();
    if (delivery->settle != SETTLE_ATTEMPT || (status != 429 && status != 503) || delivery->retry_after.size == 0)
        return 0;
    int64_t moment = retry_after_read(delivery->retry_after, now);
    if (moment <= now)
        return 0;
    int64_t wait_ms = moment - now < limits.retry_after_most_ms ? moment - now : limits.retry_after_most_ms;
    return now_us + wait_ms * 1000;
}

static struct outage *list(struct deliver *deliver, struct outlet *outlet)
{
    struct outage *outage = NEW(struct outage);
    *outage = (struct outage){.deliver = deliver, .outlet = outlet, .since = clock_now_ms(), .next = deliver->outages};
    deliver->outages = outage;
    outlet->outage = outage;
    return outage;
}

void outage_end(struct deliver *deliver, const struct delivery *delivery, int64_t now_us)
{
    struct outlet *outlet = delivery->lane->outlet;
    struct breaker *breaker = &outlet->breaker;
    bool was_outage = breaker_is_outage(breaker);
    enum breaker_end end = end_of(delivery);
    if (end == BREAKER_BADLY && is_passed_over(delivery, breaker))
        end = BREAKER_NOTHING;
    breaker_end(breaker, end, delivery->queued->probe, delivery->queued->of_outlet.began_us, now_us);
    int64_t until_us = asked_until_us(delivery, now_us);
    if (until_us > 0)
        breaker_slow(breaker, until_us);
    if (outlet->outage == NULL && !breaker_is_well(breaker))
        list(deliver, outlet);
    else if (!was_outage && breaker_is_outage(breaker))
        outlet->outage->since = clock_now_ms();
}

void outage_configure(struct outlet *outlet, int64_t now_us)
{
    const struct catalog_destination *destination = outlet->destination;
    bool asked = destination != NULL && destination->record.type == DESTINATION_HTTP &&
                 destination->record.deleted_at == 0 && destination->record.disabled_at == 0;
    breaker_set(&outlet->breaker, asked ? destination->settings.policy.breaker : (struct breaker_rule){0}, now_us);
}

/* ---- what is told ---- */

static bool write_outage(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    const struct outage *outage = (const struct outage *)job;
    struct store_outage row = {outage->outlet->destination_id, outage->since};
    bool done = outage->opens ? store_put_outage(transaction, &row, error)
                              : store_delete_outage(transaction, row.destination_id, error);
    return done && issues_outage(outage->deliver->issues, transaction, row.destination_id, outage->opens, error);
}

/* On the writer's thread. After the lock is given back the engine may be gone. */
static void written(struct store_job *job, const struct error *error)
{
    struct outage *outage = (struct outage *)job;
    struct deliver *deliver = outage->deliver;
    if (error->code != ERROR_NONE)
        issues_forget(deliver->issues);
    pthread_mutex_lock(&deliver->lock);
    outage->writes = false;
    if (error->code == ERROR_NONE)
        outage->stored = outage->opens;
    else
        outage->write_again_us = clock_monotonic_us() + WRITE_AGAIN_US;
    deliver->in_store--;
    pthread_mutex_unlock(&deliver->lock);
}

/* What has changed goes to the store, what is over is forgotten. The lock is held. Returns the jobs. */
static struct store_job *take_turn(struct deliver *deliver, int64_t now_us)
{
    struct store_job *jobs = NULL;
    for (struct outage **place = &deliver->outages, *outage; (outage = *place) != NULL;) {
        struct breaker *breaker = &outage->outlet->breaker;
        breaker_turn(breaker, now_us);
        bool is_outage = breaker_is_outage(breaker);
        if (!outage->writes && is_outage != outage->stored && outage->write_again_us <= now_us) {
            outage->job = (struct store_job){.run = write_outage, .done = written, .isolated = true, .next = jobs};
            outage->opens = is_outage;
            outage->writes = true;
            deliver->in_store++;
            jobs = &outage->job;
        } else if (!outage->writes && !outage->stored && breaker_is_well(breaker)) {
            *place = outage->next;
            outage->outlet->outage = NULL;
            free(outage);
            continue;
        }
        place = &outage->next;
    }
    return jobs;
}

static void take_back(struct deliver *deliver, struct store_job *jobs, int64_t now_us)
{
    pthread_mutex_lock(&deliver->lock);
    for (struct store_job *job = jobs; job != NULL; job = job->next) {
        struct outage *outage = (struct outage *)job;
        outage->writes = false;
        outage->write_again_us = now_us + WRITE_AGAIN_US;
        deliver->in_store--;
    }
    pthread_mutex_unlock(&deliver->lock);
}

void outages_turn(struct deliver *deliver)
{
    int64_t now_us = clock_monotonic_us();
    struct store_job *jobs;
    if (now_us < deliver->next_turn_us)
        return;
    deliver->next_turn_us = now_us + TURN_US;
    pthread_mutex_lock(&deliver->lock);
    jobs = take_turn(deliver, now_us);
    pthread_mutex_unlock(&deliver->lock);
    if (jobs != NULL && !store_submit(deliver->store, jobs, NULL))
        take_back(deliver, jobs, now_us);
}

struct delivery_outage deliver_outage(struct deliver *deliver, int64_t destination_id)
{
    static const enum delivery_outage_state states[] = {
        [BREAKER_CLOSED] = OUTAGE_NONE, [BREAKER_OPEN] = OUTAGE_OPEN, [BREAKER_PROBING] = OUTAGE_PROBING,
        [BREAKER_RECOVERING] = OUTAGE_RECOVERING,
    };
    struct delivery_outage shown = {0};
    int64_t now_us = clock_monotonic_us(), now = clock_now_ms();
    pthread_mutex_lock(&deliver->lock);
    const struct outlet *outlet = hash_map_get(&deliver->outlets, destination_id);
    if (outlet != NULL && outlet->outage != NULL) {
        const struct breaker *breaker = &outlet->breaker;
        bool slowed = breaker->until_us > now_us;
        int64_t next_us = breaker->state == BREAKER_OPEN ? breaker->next_us : 0;
        if (slowed && next_us < breaker->until_us)
            next_us = breaker->until_us;
        shown = (struct delivery_outage){.state = states[breaker->state], .since = outlet->outage->since,
                                         .next_at = next_us > now_us ? now + (next_us - now_us) / 1000 : 0,
                                         .failures = breaker->failures};
        if (slowed && (shown.state == OUTAGE_NONE || shown.state == OUTAGE_RECOVERING))
            shown.state = OUTAGE_SLOWED;
    }
    pthread_mutex_unlock(&deliver->lock);
    return shown;
}

int64_t outages_count(const struct deliver *deliver)
{
    int64_t count = 0;
    for (const struct outage *outage = deliver->outages; outage != NULL; outage = outage->next)
        count += breaker_is_outage(&outage->outlet->breaker);
    return count;
}

/* ---- start and end ---- */

/* Those that were open when the process before ended still are, until a probe says something else. */
bool outages_load(struct deliver *deliver, struct error *error)
{
    struct arena arena = {0};
    struct store_outage *rows;
    size_t count;
    bool done = store_read_outages(deliver->reader, &arena, &rows, &count, error);
    pthread_mutex_lock(&deliver->lock);
    for (size_t i = 0; done && i < count; i++) {
        struct outlet *outlet = engine_outlet(deliver, rows[i].destination_id);
        struct outage *outage = list(deliver, outlet);
        outage->since = rows[i].since;
        outage->stored = true;
        breaker_reopen(&outlet->breaker, clock_monotonic_us());
    }
    pthread_mutex_unlock(&deliver->lock);
    arena_free(&arena);
    return done;
}

void outages_free(struct deliver *deliver)
{
    while (deliver->outages != NULL) {
        struct outage *outage = deliver->outages;
        deliver->outages = outage->next;
        free(outage);
    }
}
