#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long calls_until_failure; /* 0: never */

static void *need(void *memory, size_t size)
{
    if (memory == NULL) {
        fprintf(stderr, "fairlead: out of memory (%zu bytes); stopping, the store is intact\n", size);
        abort();
    }
    return memory;
}

void *memory_allocate(size_t size)
{
    return need(malloc(size ? size : 1), size);
}

void *memory_allocate_zeroed(size_t size)
{
    return need(calloc(1, size ? size : 1), size);
}

void *memory_resize(void *old, size_t size)
{
    return need(realloc(old, size ? size : 1), size);
}

char *memory_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(memory_allocate(size), string, size);
}

static bool fails_now(void)
{
    long left = atomic_load_explicit(&calls_until_failure, memory_order_relaxed);
    if (left == 0)
        return false;
    if (left == 1)
        return true;
    atomic_fetch_sub_explicit(&calls_until_failure, 1, memory_order_relaxed);
    return false;
}

void *memory_try_allocate(size_t size)
{
    return fails_now() ? NULL : malloc(size ? size : 1);
}

void *memory_try_resize(void *old, size_t size)
{
    return fails_now() ? NULL : realloc(old, size ? size : 1);
}

void memory_fail_after(long calls)
{
    atomic_store(&calls_until_failure, calls);
}
