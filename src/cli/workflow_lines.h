/*
 * workflow_lines.h - a run of workflows as lines on standard error, for people who watch.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/mask.h"
#include "arazzo/runner.h"

struct workflow_lines {
    const struct mask *mask;
    bool verbose; /* requests and replies in full */
    int depth;    /* of workflows inside each other */
};

struct run_observer workflow_lines_observer(struct workflow_lines *lines);
