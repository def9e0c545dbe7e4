/*
 * outcome.h - what an attempt did to its event, and how that gets to disk.
 *
 * An outcome is made by the loop when an attempt ends (or when the connection turns out to be paused or disabled
 * before one starts) and lives until the store has it. It is applied to the event as it is in the store then: a
 * user may have cancelled or retried it meanwhile.
 */
#pragma once

#include "model/model.h"
#include "store/store.h"

struct deliver;

struct outcome {
    struct store_job job; /* first: the store hands it back */
    struct deliver *deliver;
    bool attempted;           /* false: the connection is to be looked at, no attempt was made */
    struct event event;       /* as it was leased; inside the job as it becomes */
    int64_t held_due_at;      /* due_at and trigger that the lease was taken for */
    enum attempt_trigger held_trigger;
    struct attempt attempt;
    int64_t planned_at;       /* the automatic retry that follows a failure, 0: none */
    bool retries_stopped;     /* the destination asked for no more of them */
    int64_t now;
    bool recorded;            /* the lease ended with it */
};

/* One allocation with the attempt's texts behind it. Freed with free(). NULL without memory. */
struct outcome *outcome_create(struct deliver *deliver, const struct event *event, const struct attempt *attempt);

/* Pure: the event of the store after the attempt. */
void outcome_apply(const struct outcome *outcome, struct event *event);
/* Pure: a waiting event whose connection is paused (HOLD), or disabled or deleted (CANCELLED). */
void outcome_stop(struct event *event, enum event_status status, int64_t now);

/* Submits the outcomes (linked by job.next). What the store refuses is offered again by the loop later. */
void outcomes_submit(struct deliver *deliver, struct outcome *first);
