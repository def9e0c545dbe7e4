/*
 * arena.h - memory that is freed together.
 *
 * One arena per request or per job: everything in it lives as long as the arena. Small pieces only
 * (it aborts without memory, see memory.h); bodies belong in buffers. Not thread-safe: an arena has
 * one owner at a time. {0} is an empty arena.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/text.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *next;                 /* free part of the newest block */
    size_t left;
};

void *arena_allocate(struct arena *arena, size_t size); /* zeroed, aligned for any type */
struct text arena_copy_text(struct arena *arena, struct text text); /* NUL follows the copy */
char *arena_copy_string(struct arena *arena, struct text text);     /* NUL-terminated */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena); /* back to {0} */
/* Ends what was allocated, but keeps a block of modest size for what comes next. */
void arena_clear(struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_allocate((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_allocate((arena), sizeof(type) * (count)))
