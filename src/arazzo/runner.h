/*
 * runner.h - runs workflows: step after step, with what actions make of it.
 *
 * A step succeeds when all its criteria hold, or without criteria when the reply is a 2xx. Then the first action of
 * its own, or else of its workflow, whose criteria hold is taken: end, goto, or after a failure retry, which is taken
 * retryLimit times (1 when it does not say) before later actions get their turn; a Retry-After of the reply goes
 * before retryAfter. Without an action a success goes on with the next step and a failure ends the workflow.
 * "goto" to a workflow does not come back; a step that calls a workflow does. Outputs that are unresolved are null.
 *
 * A run belongs to one thread, which blocks in it. It is bounded by limits.workflow_steps, _nesting and _timeout_ms.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/credential.h"
#include "arazzo/document.h"
#include "arazzo/exchange.h"
#include "arazzo/request.h"
#include "arazzo/sources.h"

enum run_outcome {
    RUN_SUCCEEDED,
    RUN_FAILED,
    RUN_UNREACHABLE, /* failed, because a server could not be reached */
};

/* A criterion of a step, as it was found. */
struct finding {
    const struct criterion *criterion; /* NULL: the rule that stands in when a step has none */
    bool holds;
    char *why;
};

/* What a step came to; valid during the observer's call only. */
struct step_result {
    const struct workflow *workflow;
    const struct step *step;
    const struct operation *operation; /* NULL for a step that calls a workflow, or when none was found */
    const struct exchange *exchange;   /* NULL likewise */
    int attempt;                       /* from 1 */
    bool succeeded, rehearsed;
    const char *failure;               /* a sentence, NULL when there is none */
    const struct finding *findings;
    size_t finding_count;
    const json_t *outputs;             /* object, NULL: none */
    const struct action *action;       /* what was taken, NULL: none */
    int64_t started_ms, duration_ms;   /* wall clock; of the step */
};

/* What a run of a workflow came to. */
struct workflow_result {
    const struct workflow *workflow;
    enum run_outcome outcome;
    char *failure;          /* a sentence, NULL when it succeeded */
    json_t *inputs, *outputs; /* objects */
    int64_t started_ms, duration_ms;
    bool ended; /* else it is running */
};

/* Who wants to know. Any of the calls may be NULL. Workflows may nest: started, started, ended, ended. */
struct run_observer {
    void (*workflow_started)(void *user, const struct workflow *workflow, const json_t *inputs);
    void (*step_started)(void *user, const struct step *step, int attempt);
    void (*step_ended)(void *user, const struct step_result *result);
    /* Something was left out or taken by tolerance, which may hide a mistake. */
    void (*notes)(void *user, const struct step *step, const char *sentence);
    void (*waits)(void *user, const struct step *step, double seconds);
    void (*workflow_ended)(void *user, const struct workflow_result *result);
    void *user;
};

struct run_options {
    struct credentials credentials;
    struct mask *mask; /* gets the secrets that turn up in the run; NULL: none */
    bool rehearsal; /* nothing is sent: each step's request is made and shown, in the order of the document */
    const struct run_observer *observers;
    size_t observer_count;
};

struct run;

/* Runs workflows of the document that the sources are of. Everything is borrowed until run_free. */
struct run *run_create(const struct workflow_sources *sources, struct http_client *client,
                       const struct run_options *options);
/*
 * Do all steps that a run of the workflow can come to lead to an operation? Asked before anything is sent.
 */
bool run_check(const struct run *run, const struct workflow *workflow, struct error *error);
/*
 * Runs the workflow after those it depends on; what was run already in this run is not run again as a dependency.
 * `inputs` as inputs_resolve gives them. The result belongs to the run.
 */
const struct workflow_result *run_workflow(struct run *run, const struct workflow *workflow, json_t *inputs);
void run_free(struct run *run);
