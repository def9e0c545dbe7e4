/*
 * result.h - what came of running a transformation, checked: a worker's answer is not believed further than its form.
 */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "base/text.h"
#include "model/execution.h"
#include "transform/frame.h"

enum transform_outcome {
    TRANSFORM_DONE,
    TRANSFORM_THREW,         /* the code threw, or is no JavaScript; the message has the position */
    TRANSFORM_TIMED_OUT,     /* limits.transform_cpu_ms, or three times as long by the clock while it waited */
    TRANSFORM_OUT_OF_MEMORY, /* limits.transform_memory_bytes */
    TRANSFORM_BAD_RESULT,    /* what the handler returned is no request */
    TRANSFORM_TOO_LARGE,     /* limits.transform_result_bytes */
    TRANSFORM_WORKER_DIED,   /* the kernel or the worker ended the process in the middle */
    TRANSFORM_UNAVAILABLE,   /* it did not run to its end, for no fault of its own: no worker can be started, too much
                                waits, the machine had no time for it; try again later */
};

struct transform_result {
    enum transform_outcome outcome;
    enum execution_log_level log_level; /* the worst of what it printed; EXECUTION_FATAL unless it is done */
    int64_t cpu_us;                     /* processor time that it took, tries that were given up included */
    json_t *console;                    /* array of {type, message}; the last line tells why it is not done */
    /* when it is done: */
    json_t *request; /* object of headers (strings), path and query */
    enum frame_body body_kind;
    struct text body; /* as it is sent; JSON when body_kind says so; in `bytes` */
    char *bytes;
};

/* Owns `bytes` from now on, which holds the parts of the frame one after the other. */
void transform_result_read(struct transform_result *result, const struct frame_reply *reply, char *bytes);
/* The result of a run that brought no frame. */
void transform_result_fail(struct transform_result *result, enum transform_outcome outcome, const char *message);
void transform_result_free(struct transform_result *result);
