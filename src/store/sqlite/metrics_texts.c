#include "store/sqlite/metrics_texts.h"

#include <stdlib.h>

static void make_room(struct metric_texts *texts, struct arena *arena)
{
    if (texts->count < texts->room)
        return;
    texts->room = texts->room > 0 ? texts->room * 2 : 64;
    struct metric_text **larger = ARENA_ARRAY(arena, struct metric_text *, texts->room);
    if (texts->count > 0)
        memcpy(larger, texts->texts, texts->count * sizeof *larger);
    texts->texts = larger;
}

int64_t metric_texts_number(struct metric_texts *texts, struct arena *arena, struct text text, bool may_add)
{
    struct metric_text *known = hash_map_get_text(&texts->known, text);
    if (known != NULL || !may_add)
        return known != NULL ? known->number : -1;
    known = ARENA_NEW(arena, struct metric_text);
    known->text = arena_copy_text(arena, text);
    known->number = (int64_t)texts->count;
    make_room(texts, arena);
    texts->texts[texts->count++] = known;
    hash_map_put_text(&texts->known, known->text, known);
    return known->number;
}

static int by_text(const void *left, const void *right)
{
    struct text a = (*(struct metric_text *const *)left)->text, b = (*(struct metric_text *const *)right)->text;
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

void metric_texts_rank(struct metric_texts *texts, struct arena *arena)
{
    if (texts->count == 0)
        return;
    struct metric_text **sorted = ARENA_ARRAY(arena, struct metric_text *, texts->count);
    memcpy(sorted, texts->texts, texts->count * sizeof *sorted);
    qsort(sorted, texts->count, sizeof *sorted, by_text);
    for (size_t i = 0; i < texts->count; i++)
        sorted[i]->rank = (int64_t)i;
}

void metric_texts_end(struct metric_texts *texts)
{
    hash_map_free(&texts->known);
}
