#ifndef BENCH_FAULT_H
#define BENCH_FAULT_H

#include <stdbool.h>

/*
 * A fault is a sentence that says what went wrong, filled in by the function that noticed and
 * printed by the command that gives up. Functions that can fail return false (or NULL) and fill the
 * fault they were handed; they never print or exit themselves.
 */
struct fault {
    char text[256];
};

/*
 * Fills `fault` (which may be NULL) and returns false, so that a function can end with `return
 * fault_set(...)`.
 */
bool fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
