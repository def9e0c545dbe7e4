/*
 * workflow_lines.h - a run of workflows as lines on standard error, for people who watch.
 *
 * Each attempt at a step has a line with its method, address, status and time, and below it a line for each
 * criterion; waits and requests that take long show on the last line of a terminal; a summary ends it all.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/mask.h"
#include "arazzo/runner.h"

struct workflow_progress;

struct workflow_lines {
    const struct mask *mask;
    bool verbose; /* requests and replies in full */
    bool coloured;
    int depth; /* of workflows inside each other */
    struct workflow_progress *progress;
    int64_t started_ms; /* monotonic */
    size_t workflows, workflows_failed, steps, steps_failed, retries;
    bool rehearsed;
};

void workflow_lines_begin(struct workflow_lines *lines, const struct mask *mask, bool verbose);
struct run_observer workflow_lines_observer(struct workflow_lines *lines);
void workflow_lines_end(struct workflow_lines *lines); /* prints the summary, when anything ran */
