/*
 * pool.h - runs transformations in sandboxed processes, fairly between the connections that use them.
 *
 * Lines. Jobs wait in lines, one for each project_id, key, and code with env and context: first come, first served
 * within a line. The next job is that of the line which has had the least processor time, so whoever needs much of it
 * gets no more of it than the others; a line that was idle for long gets no credit for that. A line whose code is
 * changed is a new one.
 *
 * Quick and slow. limits.transform_workers threads own a process each, for quick runs; each run gets
 * limits.transform_quick_ms of processor time there. What does not end within it is run again, with all of
 * limits.transform_cpu_ms, in a process of limits.transform_slow_workers more, which have idle priority; its line is
 * slow from then on and runs only there, until its runs are quick on the average again (the newest counts for a
 * sixteenth). A line that has not run yet gets one process at a time, one whose runs take more than 2 ms half of them.
 * So no process for quick runs is kept for longer than transform_quick_ms, whatever runs, and endless loops take only
 * processor time that nobody else wants.
 *
 * Bounds. These wait or run at most, counted in jobs: transform_queue in all, transform_key_queue of one line,
 * transform_slow_queue of all slow lines together, of which one may have an eighth. What is too much is refused:
 * TRANSFORM_UNAVAILABLE, `done` called within transform_pool_submit. Whoever keeps the rest elsewhere tries again when
 * another job of that key is done, or in a second when none is on its way. Trials (key 0) are taken while there are
 * fewer than 64 of them, however long the other lines are. limits.transform_keys lines are remembered that have nothing
 * to run, the last used ones.
 *
 * Each run begins with what its code's top level left, and with nothing that another run left, of whatever project. A
 * process keeps the code that it ran last loaded, with env and context, and lays its memory back between runs; code
 * whose top level asks for the time or for random numbers is loaded anew for each run. So a context that is the same
 * text for each webhook of a connection costs nothing.
 *
 * A process that takes too long or breaks is killed; a spare one takes its place at once. Nothing that foreign code
 * does reaches further than its own run.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "transform/result.h"

struct transform_pool;

/* Everything is JSON but for `code`, and `body` unless its kind says so. */
struct transform_input {
    struct text code;
    struct text env;     /* object of strings */
    struct text context; /* the handler's second argument */
    struct text head;    /* object of headers, path, query, parsed_query */
    enum frame_body body_kind;
    struct text body;
};

/*
 * One run. It and what its input names stay with the pool until `done` is called, on a thread of the pool, which must
 * not be kept from its work for long. The result is the callee's to free.
 */
struct transform_job {
    struct transform_input input;
    int64_t project_id;
    int64_t key; /* the connection; 0: a trial */
    void (*done)(struct transform_job *job);
    struct transform_result result;
    struct { /* the pool's */
        struct transform_job *next;
        struct line *line;
        uint64_t code;
        int64_t charged_us, spent_us;
    } pool;
};

/*
 * `program` is the path of fairlead-transform; empty: it is looked for beside the running program, then in
 * ../libexec. Where no process can be started that is logged, and tried again with every job.
 */
struct transform_pool *transform_pool_start(const char *program, struct error *error);
/* Takes the job, or refuses it (see above). Any thread but from within `done` of a refused job. */
void transform_pool_submit(struct transform_pool *pool, struct transform_job *job);
/* Runs a trial and waits. Any thread but the pool's. */
void transform_pool_run(struct transform_pool *pool, int64_t project_id, const struct transform_input *input,
                        struct transform_result *result);
/* From now on all is refused, what waits already included; what runs ends. */
void transform_pool_quiesce(struct transform_pool *pool);
/* Finishes what waits, ends the processes, frees. Blocks. */
void transform_pool_stop(struct transform_pool *pool);
