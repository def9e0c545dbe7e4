#include "bitmap.h"

#include <stdlib.h>
#include <string.h>

#define BITMAP_FIRST_WORDS 1024u

bool bitmap_has(const struct bitmap *bitmap, uint64_t number)
{
    uint64_t word = number / 64;
    return word < bitmap->word_count && (bitmap->words[word] >> (number % 64) & 1);
}

static bool bitmap_grow(struct bitmap *bitmap, uint64_t word)
{
    uint64_t count = bitmap->word_count ? bitmap->word_count : BITMAP_FIRST_WORDS;
    while (count <= word)
        count *= 2;
    uint64_t *words = realloc(bitmap->words, count * sizeof *words);
    if (!words)
        return false;
    memset(words + bitmap->word_count, 0, (count - bitmap->word_count) * sizeof *words);
    bitmap->words = words;
    bitmap->word_count = count;
    return true;
}

bool bitmap_add(struct bitmap *bitmap, uint64_t number)
{
    uint64_t word = number / 64;
    if (number >= BITMAP_MAX || (word >= bitmap->word_count && !bitmap_grow(bitmap, word)))
        return false;
    bitmap->words[word] |= 1ULL << (number % 64);
    return true;
}

void bitmap_free(struct bitmap *bitmap)
{
    free(bitmap->words);
    *bitmap = (struct bitmap){0};
}
