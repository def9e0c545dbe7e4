/*
 * step_run.h - one attempt at a step: its request or the workflow it calls, its criteria and its outputs.
 */
#pragma once

#include "arazzo/runner.h"

/* Calls what the observers have. */
#define RUN_TELL(run, call, ...)                                                        \
    do {                                                                                \
        for (size_t tell = 0; tell < (run)->options->observer_count; tell++) {          \
            const struct run_observer *observer = &(run)->options->observers[tell];     \
            if (observer->call != NULL)                                                 \
                observer->call(observer->user, __VA_ARGS__);                            \
        }                                                                               \
    } while (0)

/* What expressions see of one document, by its number in the sources. */
struct run_document {
    json_t *sources;   /* $sourceDescriptions */
    json_t *workflows; /* $workflows: what has been run, by id */
};

struct run {
    const struct workflow_sources *sources; /* of the document that is run */
    struct http_client *client;
    const struct run_options *options;
    struct credential_store *credentials;
    struct run_document *documents;
    struct workflow_result **results;
    size_t result_count, result_capacity;
    int64_t steps;         /* executed so far */
    int64_t deadline_ms;   /* monotonic; 0: not started */
    int nesting;           /* of workflows inside each other */
};

/* A workflow that is running. */
struct frame {
    struct run *run;
    const struct workflow_sources *sources; /* of its document */
    const struct workflow *workflow;
    json_t *inputs; /* borrowed */
    json_t *steps;  /* $steps: stepId -> {"outputs": {...}} */
};

struct attempt {
    struct step_result result;
    struct operation operation;
    struct exchange *exchange; /* owned */
    struct error error;        /* what result.failure shows */
    struct finding *findings;  /* owned, with their sentences */
    json_t *outputs;           /* owned; of the step */
    json_t *called_outputs;    /* owned; of the workflow that the step called */
    bool unreachable;
};

/* What expressions see during and after the attempt. */
struct scope attempt_scope(const struct frame *frame, const struct attempt *attempt);
/* Fills *attempt, which is freed by attempt_free in any case. */
void attempt_step(struct frame *frame, const struct step *step, int number, struct attempt *attempt);
void attempt_free(struct attempt *attempt);

/* All of them hold; `findings` (NULL: not wanted) has room for each. */
bool criteria_hold(const struct criteria *criteria, const struct scope *scope, struct finding *findings);
/* An object of the names to values or null. A new reference, NULL without outputs. */
json_t *outputs_resolve(const json_t *outputs, const struct scope *scope);

/* Of runner.c, for what calls workflows. Takes the inputs as they were given; `sources` are those of its document. */
const struct workflow_result *run_called(struct run *run, const struct workflow_sources *sources,
                                         const struct workflow *workflow, json_t *given);
/* What a workflow came to the last time that it was run; NULL when it was not. */
const struct workflow_result *run_result(const struct run *run, const struct workflow *workflow);
