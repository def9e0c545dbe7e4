/*
 * fuzz.h - what the fuzzers share. Each gets bytes as a stranger would send them and must neither crash, hang, leak
 * nor break what it asserts; the seeds lie in corpus/NAME.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* An invariant that does not hold ends the run like a crash. */
#define MUST(condition)                                                                                 \
    do {                                                                                                \
        if (!(condition)) {                                                                             \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);               \
            abort();                                                                                    \
        }                                                                                               \
    } while (0)
