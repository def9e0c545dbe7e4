#ifndef BENCH_STOP_H
#define BENCH_STOP_H

#include <stdbool.h>

/* From here on SIGINT and SIGTERM ask the program to finish and report instead of ending it. */
void stop_on_signals(void);

bool stop_requested(void);

#endif
