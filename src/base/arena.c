#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024, KEPT_BLOCK = 16 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static void add_block(struct arena *arena, size_t need)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < need)
        size = need;
    struct arena_block *block = memory_allocate(sizeof *block + size);
    block->older = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->next = block->bytes;
    arena->left = size;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (rounded > arena->left || arena->next == NULL)
        add_block(arena, rounded);
    void *memory = arena->next;
    arena->next += rounded;
    arena->left -= rounded;
    return memset(memory, 0, rounded);
}

struct text arena_copy_text(struct arena *arena, struct text text)
{
    return (struct text){arena_copy_string(arena, text), text.size};
}

char *arena_copy_string(struct arena *arena, struct text text)
{
    char *copy = arena_allocate(arena, text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char shorter[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(shorter, sizeof shorter, format, arguments);
    va_end(arguments);
    char *string = arena_allocate(arena, (size_t)(length < 0 ? 0 : length) + 1);
    if (length >= 0 && (size_t)length < sizeof shorter)
        return memcpy(string, shorter, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(string, (size_t)(length < 0 ? 0 : length) + 1, format, arguments);
    va_end(arguments);
    return string;
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *block = arena->blocks; block != NULL;) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    *arena = (struct arena){0};
}

void arena_clear(struct arena *arena)
{
    struct arena kept = {0};
    struct arena_block *newest = arena->blocks;
    if (newest != NULL && newest->size <= KEPT_BLOCK) {
        arena->blocks = newest->older;
        newest->older = NULL;
        kept = (struct arena){newest, newest->bytes, newest->size};
    }
    arena_free(arena);
    *arena = kept;
}
