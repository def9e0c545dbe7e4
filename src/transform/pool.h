/*
 * pool.h - runs transformations in sandboxed processes.
 *
 * limits.transform_workers threads each own one process and give it one run after the other; what no process is free
 * for waits in a queue of limits.transform_queue. A process that takes too long or breaks is killed; a spare one
 * takes its place at once. Nothing that foreign code does reaches further than its own run.
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
    struct transform_job *next; /* of the pool */
};

/*
 * `program` is the path of fairlead-transform; empty: it is looked for beside the running program, then in
 * ../libexec. Where no process can be started that is logged, and tried again with every job.
 */
struct transform_pool *transform_pool_start(const char *program, struct error *error);
/* Takes the job, or fails it at once when too many wait. Any thread. */
void transform_pool_submit(struct transform_pool *pool, struct transform_job *job);
/* Runs and waits. Any thread but the pool's. */
void transform_pool_run(struct transform_pool *pool, const struct transform_input *input,
                        struct transform_result *result);
/* Finishes what waits, ends the processes, frees. Blocks. */
void transform_pool_stop(struct transform_pool *pool);
