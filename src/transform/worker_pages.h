/*
 * worker_pages.h - which pages of the engine's memory were changed. Included by the translated engine, too: each of its
 * stores says where it goes before it goes there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    PAGES_BITS = 12,
    PAGES_SIZE = 1 << PAGES_BITS,
    PAGES_MOST = 1 << (33 - PAGES_BITS), /* what 32 bits of place and 32 bits of offset reach */
    PAGES_BEYOND = 7,                    /* a store may reach so far into the page behind the one that is noted */
};

extern unsigned char pages_changed[PAGES_MOST + 8];

#define PAGE_CHANGES(place) (pages_changed[(place) >> PAGES_BITS] = 1)

static inline void pages_change(uint64_t at, uint64_t size)
{
    for (uint64_t page = at >> PAGES_BITS; size > 0 && page <= (at + size - 1) >> PAGES_BITS; page++)
        pages_changed[page] = 1;
}
