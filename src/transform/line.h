/*
 * line.h - who is next: the lines that pool.h tells of, without threads and processes.
 *
 * Each line has had so much processor time (`served_us`); the first of a heap has had the least. Quick and slow lines
 * have a heap each. When jobs are taken their cost is charged as the average has it, so that the next look chooses
 * another line, and put right when they are finished. Not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_map.h"
#include "base/heap.h"
#include "transform/pool.h"

enum pace { PACE_QUICK, PACE_SLOW, PACES };

struct line {
    struct heap_node node; /* by served_us, in the heap of its pace when it has a job that may run */
    uint64_t id;
    enum pace pace;
    bool known; /* it has run */
    struct transform_job *first, **last; /* waiting */
    int64_t waiting, running;
    int64_t served_us, average_us;
    struct line *older, *newer; /* among those with nothing to run */
};

struct lines {
    struct hash_map by_id;
    struct heap heaps[PACES];
    int64_t now_us[PACES]; /* what the line had had that was chosen last: where a line begins that comes back */
    int64_t jobs[PACES];   /* that wait or run */
    int64_t trials;        /* of these */
    struct line *oldest, *newest; /* of those with nothing to run */
    int64_t idle;
};

/* Names the job's code with env, context and project, and its line. Needs no lock. */
void lines_name(struct transform_job *job);
/* False when it is too much. */
bool lines_add(struct lines *lines, struct transform_job *job);
/*
 * The next jobs of one line, at most `most`, chained by pool.next; NULL: none. The line with the id `last` is preferred
 * while it has had little more than the one whose turn it is: its code is at hand.
 */
struct transform_job *lines_take(struct lines *lines, enum pace pace, uint64_t last, int64_t most);
/* A job that was taken has run. */
void lines_finish(struct lines *lines, struct transform_job *job, enum pace ran_as, int64_t cpu_us);
/* A job that was taken was too long for a quick run: it is the first of its line again, which is slow now. */
void lines_finish_later(struct lines *lines, struct transform_job *job, int64_t cpu_us);
/* May one be taken? */
bool lines_any(const struct lines *lines, enum pace pace);
/* Has all that was added run? */
bool lines_done(const struct lines *lines);
/* All that wait, chained by pool.next; nothing may be added afterwards. */
struct transform_job *lines_take_waiting(struct lines *lines);
void lines_free(struct lines *lines);
