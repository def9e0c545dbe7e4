/*
 * worker_engine.h - QuickJS in a box: runs a transformation once and forgets it.
 *
 * The engine is WebAssembly that was translated to C, so whatever goes wrong inside it stays in its own memory, and
 * that memory is laid back to what it was before the run when the run is over (worker_memory.h). One engine a process,
 * one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "transform/frame.h"

struct span {
    const char *data;
    uint32_t size;
};

struct engine_limits {
    uint32_t memory_bytes; /* of one run */
    uint32_t result_bytes;
};

/* Lies in the engine's memory, until engine_reset. */
struct engine_result {
    enum frame_outcome outcome;
    enum frame_body body_kind;
    struct span head, body;
};

/* Before the sandbox is entered. NULL, or what went wrong. */
const char *engine_start(const struct engine_limits *limits);
struct engine_request {
    struct span parts[FRAME_REQUEST_PARTS];
    enum frame_body body_kind;
    uint32_t cpu_ms; /* then the run is interrupted, and ended soon after where that does not help */
    bool same_code;  /* and env, context and project, as those of the last run */
};

/*
 * What the code prints goes to worker_console.h. Code that runs a second time is loaded once more, and then kept loaded
 * for runs after it, unless its top level asked for the time or for random numbers, or left too much in memory.
 */
struct engine_result engine_run(const struct engine_request *request);
/* Forgets the run; to be called before the next. */
void engine_reset(void);
