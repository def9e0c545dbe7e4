/* thread.h - threads with names, which top -H, ps -L and debuggers show. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* The name has at most 15 bytes (pthread_setname_np(3)). False: there is no thread. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);
