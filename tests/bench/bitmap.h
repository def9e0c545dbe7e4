#ifndef BENCH_BITMAP_H
#define BENCH_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

/* Sequence numbers stay below this: 16 MiB of bits, and more webhooks than any run sends. */
#define BITMAP_MAX (1ULL << 27)

/* A growing set of small numbers. A zeroed struct is the empty set; the owner calls bitmap_free. */
struct bitmap {
    uint64_t *words;
    uint64_t word_count;
};

bool bitmap_has(const struct bitmap *bitmap, uint64_t number);

/* False when `number` is not below BITMAP_MAX or there is no memory. */
bool bitmap_add(struct bitmap *bitmap, uint64_t number);

void bitmap_free(struct bitmap *bitmap);

#endif
