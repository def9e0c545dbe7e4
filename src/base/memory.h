/*
 * memory.h - allocation, and what happens when there is none.
 *
 * Two kinds. memory_allocate and friends are for things of small, fixed size: when even those cannot
 * be had the process logs and aborts, which is safe because whatever was acknowledged is on disk.
 * memory_try_allocate is for everything whose size an outsider chooses (bodies, documents, replies):
 * it returns NULL and the caller answers with an error.
 *
 * Fault switch: memory_fail_after(n) makes the n-th call of memory_try_allocate from now on, and all
 * later ones, return NULL; 0 switches it off. The environment variable FAIRLEAD_FAULT_MEMORY=n does the
 * same at start. Tests use it.
 */
#pragma once

#include <stddef.h>

void *memory_allocate(size_t size) __attribute__((malloc, returns_nonnull));
void *memory_allocate_zeroed(size_t size) __attribute__((malloc, returns_nonnull));
void *memory_resize(void *old, size_t size) __attribute__((returns_nonnull));
char *memory_copy_string(const char *string) __attribute__((malloc, returns_nonnull));

/* A zeroed struct: NEW(struct thing). Freed with free(). */
#define NEW(type) ((type *)memory_allocate_zeroed(sizeof(type)))

void *memory_try_allocate(size_t size) __attribute__((malloc));
void *memory_try_resize(void *old, size_t size);

void memory_fail_after(long calls);
