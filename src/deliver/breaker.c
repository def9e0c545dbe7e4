#include "deliver/breaker.h"

#include "base/limits.h"

enum {
    GROW_US = 500000,     /* twice as many at one time, at most this often */
    RELAPSE_FAILURES = 3, /* so many in a row */
};

static void open(struct breaker *breaker, int64_t now_us)
{
    int64_t most_us = limits.breaker_probe_most_ms * 1000;
    breaker->wait_us = breaker->wait_us == 0 ? limits.breaker_probe_ms * 1000 : breaker->wait_us * 2;
    if (breaker->wait_us > most_us)
        breaker->wait_us = most_us;
    breaker->state = BREAKER_OPEN;
    breaker->next_us = now_us + breaker->wait_us;
}

static void recover(struct breaker *breaker, int64_t now_us)
{
    breaker->state = BREAKER_RECOVERING;
    breaker->allowed = 1;
    breaker->taken = breaker->failures = 0;
    breaker->grown_us = breaker->recovering_us = now_us;
}

static void close_again(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->wait_us = 0;
    breaker->failures = 0;
}

void breaker_set(struct breaker *breaker, struct breaker_rule rule, int64_t now_us)
{
    breaker->rule = rule;
    if (rule.failures == 0 && breaker_is_outage(breaker))
        close_again(breaker);
    else if (breaker->state == BREAKER_OPEN)
        breaker->next_us = now_us;
    if (breaker->until_us > now_us)
        breaker->until_us = now_us;
}

void breaker_reopen(struct breaker *breaker, int64_t now_us)
{
    if (breaker->rule.failures == 0)
        return;
    open(breaker, now_us);
    breaker->next_us = now_us;
}

void breaker_slow(struct breaker *breaker, int64_t until_us)
{
    if (breaker->until_us < until_us)
        breaker->until_us = until_us;
}

int64_t breaker_next_at(struct breaker *breaker, int64_t now_us)
{
    if (breaker->until_us > now_us)
        return breaker->until_us;
    if (breaker->until_us != 0) {
        breaker->until_us = 0;
        if (breaker->state == BREAKER_CLOSED)
            recover(breaker, now_us);
    }
    return breaker->state == BREAKER_OPEN ? breaker->next_us : now_us;
}

bool breaker_is_full(const struct breaker *breaker, int64_t running)
{
    return breaker->state == BREAKER_PROBING ||
           (breaker->state == BREAKER_RECOVERING && running >= breaker->allowed);
}

bool breaker_begin(struct breaker *breaker)
{
    if (breaker->state != BREAKER_OPEN)
        return false;
    breaker->state = BREAKER_PROBING;
    return true;
}

static void end_well(struct breaker *breaker, int64_t now_us)
{
    breaker->well_us = now_us;
    breaker->failures = 0;
    if (breaker->state != BREAKER_RECOVERING || ++breaker->taken < breaker->allowed ||
        now_us - breaker->grown_us < GROW_US)
        return;
    if (breaker->allowed < limits.destination_deliveries)
        breaker->allowed *= 2;
    breaker->taken = 0;
    breaker->grown_us = now_us;
}

static void end_badly(struct breaker *breaker, int64_t began_us, int64_t now_us)
{
    bool relapse = breaker->state == BREAKER_RECOVERING && breaker->wait_us > 0;
    int64_t most = relapse && breaker->rule.failures > RELAPSE_FAILURES ? RELAPSE_FAILURES : breaker->rule.failures;
    if (breaker->state == BREAKER_OPEN || breaker->state == BREAKER_PROBING)
        return; /* it began before */
    if (relapse && began_us < breaker->recovering_us)
        return; /* so did this one, and was not answered until now */
    if (breaker->failures++ == 0)
        breaker->failing_us = began_us > breaker->well_us ? began_us : breaker->well_us;
    if (breaker->rule.failures > 0 && breaker->failures >= most &&
        (relapse || now_us - breaker->failing_us >= breaker->rule.lasting_ms * 1000))
        open(breaker, now_us);
}

/* A probe that asked nothing leaves it to the next one. A change of the rule may have come between. */
static void end_probe(struct breaker *breaker, enum breaker_end end, int64_t now_us)
{
    if (breaker->state != BREAKER_PROBING)
        return;
    if (end == BREAKER_WELL) {
        recover(breaker, now_us);
        breaker->well_us = now_us;
    } else if (end == BREAKER_BADLY) {
        breaker->failures++;
        open(breaker, now_us);
    } else {
        breaker->state = BREAKER_OPEN;
        breaker->next_us = now_us;
    }
}

void breaker_end(struct breaker *breaker, enum breaker_end end, bool probe, int64_t began_us, int64_t now_us)
{
    if (probe)
        end_probe(breaker, end, now_us);
    else if (end == BREAKER_WELL)
        end_well(breaker, now_us);
    else if (end == BREAKER_BADLY)
        end_badly(breaker, began_us, now_us);
}

void breaker_turn(struct breaker *breaker, int64_t now_us)
{
    if (breaker->until_us != 0 && now_us - breaker->until_us >= limits.breaker_recovery_ms * 1000)
        breaker->until_us = 0; /* nothing was there to be sent meanwhile */
    if (breaker->state == BREAKER_RECOVERING && now_us - breaker->recovering_us >= limits.breaker_recovery_ms * 1000)
        close_again(breaker);
}

bool breaker_is_outage(const struct breaker *breaker)
{
    return breaker->state != BREAKER_CLOSED && breaker->wait_us > 0;
}

bool breaker_is_well(const struct breaker *breaker)
{
    return breaker->state == BREAKER_CLOSED && breaker->until_us == 0;
}
