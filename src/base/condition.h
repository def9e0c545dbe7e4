/* condition.h - condition variables that wait by the monotonic clock, so that no change of the wall clock matters. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void condition_init(pthread_cond_t *condition);
/* As pthread_cond_wait, until clock_monotonic_us() reaches `moment_us`: false then. May also return true for no reason. */
bool condition_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t moment_us);
