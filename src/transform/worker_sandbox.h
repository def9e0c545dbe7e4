/*
 * worker_sandbox.h - takes from the worker's process all that running JavaScript does not need.
 */
#pragma once

#include <stddef.h>

/*
 * Afterwards the process can read and write the socket FRAME_FD, manage its own memory without making any of it
 * executable, read clocks, ask for random bytes, and end. The kernel kills it for everything else. What cannot be had
 * everywhere (namespaces of its own) is left out where it is refused. NULL, or what could not be locked.
 */
const char *sandbox_enter(size_t memory_bytes);
