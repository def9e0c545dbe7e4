#include "transform/pool.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "transform/line.h"
#include "transform/process.h"

enum { PATH_SIZE = 1024, BATCH = PROCESS_RUNS_MOST };

/* A thread with its process. */
struct worker {
    struct transform_pool *pool;
    pthread_t thread;
    enum pace pace;
    uint64_t line; /* of its last job */
    struct process process;
    bool idle; /* waits for `called` */
    pthread_cond_t called;
};

struct transform_pool {
    char program[PATH_SIZE];
    struct worker *workers;
    size_t worker_count; /* that run */

    pthread_mutex_t mutex; /* guards what follows, and `idle` of the workers */
    struct lines lines;
    int64_t idle[PACES]; /* workers */
    bool quiet;    /* takes no more */
    bool stopping; /* ends when all is done */
    struct process spare; /* pid 0: none */
};

/* ---- processes ----------------------------------------------------------------------------------- */

/* The spare one may have been ended by somebody else: after that has happened only a new one is sure. */
static bool start_process(struct worker *worker, bool fresh, struct error *error)
{
    struct transform_pool *pool = worker->pool;
    if (fresh || worker->pace == PACE_SLOW)
        return process_start(&worker->process, pool->program, worker->pace == PACE_SLOW, error);
    pthread_mutex_lock(&pool->mutex);
    worker->process = pool->spare;
    pool->spare.pid = 0;
    pthread_mutex_unlock(&pool->mutex);
    return worker->process.pid != 0 || process_start(&worker->process, pool->program, false, error);
}

/* Called between jobs, so that a killed process costs the next job no time. */
static void make_spare(struct transform_pool *pool)
{
    struct process process;
    struct error error = {0};
    if (!process_start(&process, pool->program, false, &error))
        return;
    pthread_mutex_lock(&pool->mutex);
    bool kept = pool->spare.pid == 0;
    if (kept)
        pool->spare = process;
    pthread_mutex_unlock(&pool->mutex);
    if (!kept)
        process_end(&process);
}

/* ---- runs ---------------------------------------------------------------------------------------- */

/* What came of a job that a worker took. */
struct run {
    struct transform_job *job;
    struct process_run asked;
    int64_t cpu_us;
    int tries;
    bool too_long; /* for a quick run: it is to be run again */
};

struct batch {
    struct run runs[BATCH];
    size_t count, done; /* runs before `done` are over */
    int64_t cpu_ms;     /* of each */
};

static size_t size_of(const struct text parts[FRAME_REQUEST_PARTS])
{
    size_t size = 0;
    for (size_t i = 0; i < FRAME_REQUEST_PARTS; i++)
        size += parts[i].size;
    return size;
}

static void add_run(struct batch *batch, struct transform_job *job)
{
    const struct transform_input *input = &job->input;
    batch->runs[batch->count++] = (struct run){
        .job = job,
        .asked = {.parts = {[FRAME_CODE] = input->code, [FRAME_ENV] = input->env, [FRAME_CONTEXT] = input->context,
                            [FRAME_HEAD] = input->head, [FRAME_BODY] = input->body},
                  .body_kind = input->body_kind, .loaded = job->pool.code}};
}

static bool is_first_look(const struct worker *worker)
{
    return worker->pace == PACE_QUICK && limits.transform_quick_ms < limits.transform_cpu_ms;
}

static void fail_late(const struct worker *worker, struct run *run)
{
    run->too_long = is_first_look(worker);
    if (!run->too_long)
        transform_result_fail(&run->job->result, TRANSFORM_TIMED_OUT, "the code took longer than it may by the clock");
}

static void fail(struct batch *batch, enum transform_outcome outcome, const char *message)
{
    transform_result_fail(&batch->runs[batch->done++].job->result, outcome, message);
}

static void take_answer(struct worker *worker, struct run *run, const struct frame_reply *reply, char *bytes)
{
    struct transform_result *result = &run->job->result;
    transform_result_read(result, reply, bytes);
    if (result->outcome == TRANSFORM_WORKER_DIED) /* it broke the form */
        process_end(&worker->process);
    run->too_long = result->outcome == TRANSFORM_TIMED_OUT && is_first_look(worker);
    if (run->too_long)
        transform_result_free(result);
}

/* Asks for the next `count` runs. Their processor time is known together only. */
static enum exchange_end exchange(struct worker *worker, struct batch *batch, size_t count)
{
    struct process *process = &worker->process;
    struct process_run asked[BATCH];
    size_t first = batch->done;
    for (size_t i = 0; i < count; i++)
        asked[i] = batch->runs[first + i].asked;
    enum exchange_end end = process_ask(process, asked, count, batch->cpu_ms);
    while (end == EXCHANGE_DONE && batch->done < first + count && process->pid != 0) {
        struct frame_reply reply;
        char *bytes = NULL;
        end = process_take(process, &reply, &bytes);
        if (end == EXCHANGE_DONE)
            take_answer(worker, &batch->runs[batch->done++], &reply, bytes);
    }
    size_t runs = batch->done - first + (end != EXCHANGE_DONE);
    int64_t used_us = process->pid != 0 ? process_used_us(process) : 0;
    for (size_t i = first; i < first + runs; i++)
        batch->runs[i].cpu_us += used_us / (int64_t)runs;
    if (end != EXCHANGE_DONE)
        process_end(process);
    return end;
}

static void run_one(struct worker *worker, struct batch *batch)
{
    struct run *run = &batch->runs[batch->done];
    struct error error = {0};
    if (size_of(run->asked.parts) > (size_t)limits.transform_memory_bytes) {
        fail(batch, TRANSFORM_OUT_OF_MEMORY, "the request is larger than the memory of a run");
        return;
    }
    if (worker->process.pid == 0 && !start_process(worker, run->tries > 0, &error)) {
        log_error("a transformation cannot run: %s", error.message);
        fail(batch, TRANSFORM_UNAVAILABLE, error.message);
        return;
    }
    enum exchange_end end = exchange(worker, batch, 1);
    if (end == EXCHANGE_LATE)
        fail_late(worker, &batch->runs[batch->done++]);
    else if (end == EXCHANGE_STARVED)
        fail(batch, TRANSFORM_UNAVAILABLE, "the machine had no time to run it: try again later");
    else if (end == EXCHANGE_BROKEN && ++run->tries == 2)
        fail(batch, TRANSFORM_WORKER_DIED, "the process that ran the code ended in the middle");
}

/*
 * Several are asked for together when there are several. Where that does not end well nothing is known of those
 * without an answer: a run does nothing but answer, so they are repeated, one by one; and one by itself once more when
 * its process was ended, perhaps not by the code.
 */
static void run_all(struct worker *worker, struct batch *batch)
{
    if (batch->count > 1 && worker->process.pid != 0)
        exchange(worker, batch, batch->count);
    while (batch->done < batch->count)
        run_one(worker, batch);
}

/* ---- jobs ---------------------------------------------------------------------------------------- */

/* Calls a worker for what waits; the one that ran the line before, if it is at hand. */
static void call_worker(struct transform_pool *pool, enum pace pace, uint64_t line)
{
    struct worker *called = NULL;
    if (pool->idle[pace] == 0 || !lines_any(&pool->lines, pace))
        return;
    for (size_t i = 0; i < pool->worker_count; i++) {
        struct worker *worker = &pool->workers[i];
        if (worker->idle && worker->pace == pace && (called == NULL || worker->line == line))
            called = worker;
    }
    if (called == NULL)
        return;
    called->idle = false;
    pool->idle[pace]--;
    pthread_cond_signal(&called->called);
}

static void wait_for_call(struct worker *worker)
{
    struct transform_pool *pool = worker->pool;
    worker->idle = true;
    pool->idle[worker->pace]++;
    while (worker->idle)
        pthread_cond_wait(&worker->called, &pool->mutex);
}

/* Several jobs at one time only as far as no other worker could run them. */
static int64_t batch_size(const struct worker *worker)
{
    return worker->pool->idle[worker->pace] > 0 ? 1 : BATCH;
}

/* False when there will be none. */
static bool next_batch(struct worker *worker, struct batch *batch)
{
    struct transform_pool *pool = worker->pool;
    struct transform_job *job;
    pthread_mutex_lock(&pool->mutex);
    while ((job = lines_take(&pool->lines, worker->pace, worker->line, batch_size(worker))) == NULL &&
           !(pool->stopping && lines_done(&pool->lines)))
        wait_for_call(worker);
    if (job != NULL) {
        worker->line = job->pool.line->id;
        call_worker(pool, worker->pace, 0);
    }
    pthread_mutex_unlock(&pool->mutex);
    *batch = (struct batch){.cpu_ms = is_first_look(worker) ? limits.transform_quick_ms : limits.transform_cpu_ms};
    for (; job != NULL; job = job->pool.next)
        add_run(batch, job);
    return batch->count > 0;
}

static void call_all(struct transform_pool *pool)
{
    for (size_t i = 0; i < pool->worker_count; i++) {
        struct worker *worker = &pool->workers[i];
        pool->idle[worker->pace] -= worker->idle;
        worker->idle = false;
        pthread_cond_signal(&worker->called);
    }
}

static void finish(struct worker *worker, struct batch *batch)
{
    struct transform_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->mutex);
    for (size_t i = batch->count; i-- > 0;) { /* from the last, as each that is put back becomes the first */
        struct run *run = &batch->runs[i];
        if (run->too_long && pool->quiet) {
            transform_result_fail(&run->job->result, TRANSFORM_UNAVAILABLE, "the gateway stops: try again later");
            run->too_long = false;
        }
        if (run->too_long)
            lines_finish_later(&pool->lines, run->job, run->cpu_us);
        else
            lines_finish(&pool->lines, run->job, worker->pace, run->cpu_us);
    }
    for (int pace = 0; pace < PACES; pace++)
        call_worker(pool, (enum pace)pace, 0);
    bool needs_spare = pool->spare.pid == 0 && !pool->stopping;
    if (pool->stopping)
        call_all(pool);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < batch->count; i++) {
        struct transform_job *job = batch->runs[i].job;
        if (batch->runs[i].too_long)
            continue;
        job->result.cpu_us = job->pool.spent_us;
        job->done(job);
    }
    if (needs_spare)
        make_spare(pool);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct batch batch;
    while (next_batch(worker, &batch)) {
        run_all(worker, &batch);
        finish(worker, &batch);
    }
    process_end(&worker->process);
    return NULL;
}

static void refuse(struct transform_job *job)
{
    transform_result_fail(&job->result, TRANSFORM_UNAVAILABLE, "too many transformations wait: try again later");
    job->done(job);
}

void transform_pool_submit(struct transform_pool *pool, struct transform_job *job)
{
    lines_name(job);
    pthread_mutex_lock(&pool->mutex);
    bool taken = !pool->quiet && !pool->stopping && lines_add(&pool->lines, job);
    if (taken)
        call_worker(pool, job->pool.line->pace, job->pool.line->id);
    pthread_mutex_unlock(&pool->mutex);
    if (taken)
        return;
    refuse(job);
}

void transform_pool_quiesce(struct transform_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct transform_job *job = pool->quiet ? NULL : lines_take_waiting(&pool->lines);
    pool->quiet = true;
    pthread_mutex_unlock(&pool->mutex);
    while (job != NULL) {
        struct transform_job *next = job->pool.next;
        refuse(job);
        job = next;
    }
}

struct waited_job {
    struct transform_job job;
    sem_t finished;
};

static void finish_waited(struct transform_job *job)
{
    sem_post(&((struct waited_job *)job)->finished);
}

void transform_pool_run(struct transform_pool *pool, int64_t project_id, const struct transform_input *input,
                        struct transform_result *result)
{
    struct waited_job waited = {.job = {.input = *input, .project_id = project_id, .done = finish_waited}};
    sem_init(&waited.finished, 0, 0);
    transform_pool_submit(pool, &waited.job);
    while (sem_wait(&waited.finished) != 0)
        ;
    sem_destroy(&waited.finished);
    *result = waited.job.result;
}

/* ---- start and stop ---------------------------------------------------------------------------------- */

static void find_program(char *path)
{
    static const char *const places[] = {"fairlead-transform", "../libexec/fairlead-transform"};
    char own[PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int needed = snprintf(path, PATH_SIZE, "%s/%s", own, places[i]);
        if (needed < PATH_SIZE && access(path, X_OK) == 0)
            return;
    }
    snprintf(path, PATH_SIZE, "%s", places[0]);
}

static bool start_worker(struct transform_pool *pool, enum pace pace)
{
    struct worker *worker = &pool->workers[pool->worker_count];
    *worker = (struct worker){.pool = pool, .pace = pace};
    pthread_cond_init(&worker->called, NULL);
    pthread_mutex_lock(&pool->mutex);
    bool started = thread_start(&worker->thread, "transform", work, worker);
    pool->worker_count += started;
    pthread_mutex_unlock(&pool->mutex);
    return started;
}

struct transform_pool *transform_pool_start(const char *program, struct error *error)
{
    struct transform_pool *pool = NEW(struct transform_pool);
    const int64_t count = limits.transform_workers + limits.transform_slow_workers;
    struct error problem = {0};
    if (program[0] != '\0')
        snprintf(pool->program, PATH_SIZE, "%s", program);
    else
        find_program(pool->program);
    pthread_mutex_init(&pool->mutex, NULL);
    pool->workers = memory_allocate_zeroed((size_t)count * sizeof *pool->workers);
    if (!process_start(&pool->spare, pool->program, false, &problem))
        log_warn("transformations cannot run: %s", problem.message);
    for (int64_t i = 0; i < count; i++) {
        if (start_worker(pool, i < limits.transform_workers ? PACE_QUICK : PACE_SLOW))
            continue;
        transform_pool_stop(pool);
        error_set(error, ERROR_INTERNAL, "a thread for transformations could not be started");
        return NULL;
    }
    return pool;
}

void transform_pool_stop(struct transform_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    call_all(pool);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->worker_count; i++) {
        pthread_join(pool->workers[i].thread, NULL);
        pthread_cond_destroy(&pool->workers[i].called);
    }
    process_end(&pool->spare);
    pthread_mutex_destroy(&pool->mutex);
    lines_free(&pool->lines);
    free(pool->workers);
    free(pool);
}
