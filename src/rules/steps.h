/*
 * steps.h - the rules of a connection that look at what a request holds: filter, deduplicate and transform, in the order
 * in which they are given, each on what the one before left. Pure.
 *
 * Compiled once for each connection; never changes afterwards: threads may share it. Nothing is transformed here and no
 * key is remembered: a walk says what is to be done, and goes on when it was done.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "rules/content.h"

enum { DEDUPLICATE_KEY_BYTES = 16 };

/*
 * What two requests must have in common to count as the same: a hash of the chosen values and of the rule itself, so that a
 * changed rule starts afresh. Whoever has the same key within the window after the first is a duplicate.
 */
struct deduplicate_key {
    unsigned char bytes[DEDUPLICATE_KEY_BYTES];
    int64_t window_ms;
};

struct steps;

/*
 * From the rules of a connection (a JSON array, as stored). NULL without an error when none of them is a step;
 * ERROR_INVALID says which rule and what is wrong with it.
 */
struct steps *steps_compile(const json_t *rules, struct error *error);
void steps_free(struct steps *steps); /* NULL is fine */
/* What filters everything, for rules that cannot be compiled: `failed_parts` is 0 then. */
struct steps *steps_closed(void);
/* Can the rule, which stands at `place`, be compiled? The sentence begins with where it is: "rules[2].window: ..." */
bool step_check(const json_t *rule, const char *place, struct error *error);

enum walk_end {
    WALK_PASSED,    /* no step is left: it becomes an event */
    WALK_FILTERED,  /* a filter did not let it pass */
    WALK_TRANSFORM, /* a transformation is to be run; then go on at `position` + 1 with its result */
};

struct walked {
    enum walk_end end;
    size_t position;           /* of the step where it ended */
    unsigned failed_parts;     /* WALK_FILTERED: 1 << enum content_part for each part that did not match */
    int64_t transformation_id; /* WALK_TRANSFORM */
    /*
     * Of the deduplicate steps on the way, in order. The first that is known already makes it a duplicate, whatever `end`
     * says; those before it, and all when none is known, are to be remembered.
     */
    struct deduplicate_key *keys; /* in the arena */
    size_t key_count;
};

/* Walks on from the step at `from` (0: the first). `content` is set to the request as it is there. */
void steps_walk(const struct steps *steps, size_t from, struct content *content, struct arena *arena,
                struct walked *walked);
