/*
 * metrics_texts.h - numbers for the texts that a dimension has, so that groups are told apart by numbers alone.
 * Internal to store/.
 */
#pragma once

#include "base/arena.h"
#include "base/hash_map.h"

struct metric_text {
    struct text text;
    int64_t number; /* as they came, from 0 */
    int64_t rank;   /* among all of them in their own order; from metric_texts_rank */
};

struct metric_texts { /* {0}: none. All but `known` is the arena's */
    struct hash_map known;
    struct metric_text **texts; /* by number */
    size_t count, room;
};

/* The text's number; -1 if it has none yet and `may_add` is not set. */
int64_t metric_texts_number(struct metric_texts *texts, struct arena *arena, struct text text, bool may_add);
/* When all are there. */
void metric_texts_rank(struct metric_texts *texts, struct arena *arena);
void metric_texts_end(struct metric_texts *texts);
