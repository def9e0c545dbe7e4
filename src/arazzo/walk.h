/*
 * walk.h - the walk through the steps of one workflow: what is next after each of them.
 */
#pragma once

#include "arazzo/step_run.h"

/* What becomes of a workflow after a step. */
enum continuation { GO_NEXT, GO_TO_STEP, GO_RETRY, GO_ELSEWHERE, GO_END, GO_FAIL };

/* Where a step is, for those that depend on it. DONE_EARLY: run for another one, before its turn. */
enum step_state { STEP_OPEN, STEP_WAITING, STEP_DONE, STEP_DONE_EARLY };

/* How often a retry of the current step was taken. */
struct retries {
    const struct action *action;
    int64_t taken;
};

/* A run of one workflow, while it lasts. */
struct progress {
    struct frame frame;
    struct workflow_result *result;
    enum step_state *states;             /* of the workflow's steps, by their place */
    const struct step *current, *target; /* target: of GO_TO_STEP */
    const struct workflow *elsewhere;    /* of GO_ELSEWHERE, with the sources of its document and its inputs (owned) */
    const struct workflow_sources *elsewhere_sources;
    json_t *elsewhere_inputs;
    int attempt;
    int64_t waiting; /* steps for those that they need */
    struct retries retries[16]; /* of the current step */
    size_t retry_count;
    bool unreachable;
};

/* Walks until something ends the walk: GO_END, GO_FAIL with progress->result filled, or GO_ELSEWHERE. */
enum continuation walk_steps(struct progress *progress);
/* The result of the workflow becomes a failure for that reason. */
void walk_fail(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
