/*
 * worker_host.h - what crosses the border between the worker and the engine's memory, and what the engine imports.
 *
 * Whatever comes from inside is not believed: a place in the engine's memory is looked at only after a check that it
 * lies there. Functions that the engine calls use no malloc: a run may be ended in the middle of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "quickjs.h"
#include "transform/worker_engine.h"

extern Z_quickjs_instance_t quickjs;
#define QUICKJS(function, ...) Z_quickjsZ_##function(&quickjs __VA_OPT__(, ) __VA_ARGS__)

/* A copy in the engine's memory with a NUL behind it; 0 without memory. */
uint32_t host_copy_in(struct span text);
void host_write(uint32_t at, const void *data, size_t size);
/* The UTF-8 of a string value, in the engine's memory; empty for anything else. */
struct span host_text(uint32_t value);

/* Set when the engine asked for the time or for random bytes. */
extern bool host_asked_outside;

/* An object of the functions that the prelude is given. */
uint32_t host_functions(void);

struct host_prelude {
    const char *name;
    struct span code;
};
/* The prelude's files in their order; one without a name behind the last. */
struct host_prelude host_prelude(size_t index);
