/*
 * program.h - the code of transformations as it is now, shared by the runs that use it. Internal to ingest/.
 *
 * Before each use one row is looked at; the code itself is read when it changed. At most PROGRAMS_MOST are remembered.
 * A set of programs belongs to one thread; the texts may be released on any.
 */
#pragma once

#include <stdatomic.h>

#include "base/hash_map.h"
#include "base/text.h"
#include "store/store.h"

enum { PROGRAMS_MOST = 256 };

/* A text that runs share. */
struct shared_text {
    atomic_int references;
    struct text text;
};
struct shared_text *shared_text_new(struct text text);
struct shared_text *shared_text_reference(struct shared_text *shared);
void shared_text_release(struct shared_text *shared); /* NULL is fine */

struct program {
    struct shared_text *code, *env;
    int64_t id, version;
};

struct programs {
    struct store_reader *reader;
    struct hash_map by_id;
};

/* NULL: there is no such transformation in the project. Good until the next call. */
const struct program *programs_find(struct programs *programs, int64_t project_id, int64_t id);
void programs_free(struct programs *programs); /* not the reader */
