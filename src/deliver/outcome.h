/*
 * outcome.h - what an attempt's end makes of its event. Pure.
 */
#pragma once

#include "http/client.h"
#include "model/model.h"
#include "rules/retry.h"

/* The API's error code for a failure below HTTP. */
enum attempt_error outcome_error(enum http_failure failure);

/*
 * Applies an attempt to the event as the store has it now (it may have been cancelled or asked for again meanwhile):
 *   success                            -> SUCCESSFUL, nothing is due
 *   failure, automatic or first        -> FAILED, due at the next automatic retry if the rule plans one
 *   failure, manual or in bulk         -> FAILED, the automatic schedule stays as it was
 *   failure, its payload is gone       -> FAILED, nothing is due
 *   cancelled meanwhile, failure       -> stays CANCELLED with the error code CANCELLED
 *   asked for again meanwhile          -> QUEUED again, due at once, by whoever asked
 * `claimed` is the event as it was when the delivery began.
 */
void outcome_apply(struct event *event, const struct event *claimed, const struct attempt *attempt,
                   const struct retry_rule *rule, struct text retry_after, int64_t now);
