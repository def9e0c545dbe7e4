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
#include "transform/process.h"

enum { PATH_SIZE = 1024 };

struct transform_pool {
    char program[PATH_SIZE];
    pthread_t *threads;
    size_t thread_count; /* that run */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct transform_job *first, **last;
    int64_t waiting;
    bool stopping;
    struct process spare; /* pid 0: none */
};

/* ---- processes ----------------------------------------------------------------------------------- */

/* The spare one may have been ended by somebody else: after that has happened only a new one is sure. */
static bool start_process(struct transform_pool *pool, bool fresh, struct process *process, struct error *error)
{
    if (fresh)
        return process_start(process, pool->program, error);
    pthread_mutex_lock(&pool->mutex);
    *process = pool->spare;
    pool->spare.pid = 0;
    pthread_mutex_unlock(&pool->mutex);
    return process->pid != 0 || process_start(process, pool->program, error);
}

/* Called between jobs, so that a killed process costs the next job no time. */
static void keep_spare(struct transform_pool *pool)
{
    struct process process;
    struct error error = {0};
    pthread_mutex_lock(&pool->mutex);
    bool wanted = pool->spare.pid == 0 && !pool->stopping;
    pthread_mutex_unlock(&pool->mutex);
    if (!wanted || !process_start(&process, pool->program, &error))
        return;
    pthread_mutex_lock(&pool->mutex);
    bool kept = pool->spare.pid == 0;
    if (kept)
        pool->spare = process;
    pthread_mutex_unlock(&pool->mutex);
    if (!kept)
        process_end(&process);
}

/* ---- jobs ---------------------------------------------------------------------------------------- */

static void fail_late(struct transform_result *result, int64_t wall_ms)
{
    char message[128];
    snprintf(message, sizeof message, "the code took longer than it may, in ms by the clock: %lld", (long long)wall_ms);
    transform_result_fail(result, TRANSFORM_TIMED_OUT, message);
}

static size_t size_of(const struct text parts[FRAME_REQUEST_PARTS])
{
    size_t size = 0;
    for (size_t i = 0; i < FRAME_REQUEST_PARTS; i++)
        size += parts[i].size;
    return size;
}

static void run_job(struct transform_pool *pool, struct process *process, struct transform_job *job)
{
    /* The clock runs on while other processes have the processor: it is a net under the limit, not the limit. */
    const int64_t wall_ms = 3 * limits.transform_cpu_ms + 1000;
    const struct transform_input *input = &job->input;
    const struct text parts[FRAME_REQUEST_PARTS] = {
        [FRAME_CODE] = input->code, [FRAME_ENV] = input->env, [FRAME_CONTEXT] = input->context,
        [FRAME_HEAD] = input->head, [FRAME_BODY] = input->body,
    };
    enum exchange_end end = EXCHANGE_UNTOUCHED;
    if (size_of(parts) > (size_t)limits.transform_memory_bytes) {
        transform_result_fail(&job->result, TRANSFORM_OUT_OF_MEMORY, "the request is larger than the memory of a run");
        return;
    }
    /* A run does nothing but answer, so it can be repeated when its process was ended, perhaps not by the code. */
    for (int tries = 0; (end == EXCHANGE_UNTOUCHED || end == EXCHANGE_BROKEN) && tries < 2; tries++) {
        struct frame_reply reply;
        struct error error = {0};
        char *bytes = NULL;
        if (process->pid == 0 && !start_process(pool, tries > 0, process, &error)) {
            log_error("a transformation cannot run: %s", error.message);
            transform_result_fail(&job->result, TRANSFORM_UNAVAILABLE, error.message);
            return;
        }
        end = process_exchange(process, parts, input->body_kind, wall_ms, &reply, &bytes);
        if (end == EXCHANGE_DONE) {
            transform_result_read(&job->result, &reply, bytes);
            if (job->result.outcome == TRANSFORM_WORKER_DIED)
                process_end(process);
            return;
        }
        process_end(process);
    }
    if (end == EXCHANGE_LATE)
        fail_late(&job->result, wall_ms);
    else
        transform_result_fail(&job->result, TRANSFORM_WORKER_DIED, "the process that ran the code ended in the middle");
}

static struct transform_job *next_job(struct transform_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    struct transform_job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *work(void *argument)
{
    struct transform_pool *pool = argument;
    struct process process = {0};
    struct transform_job *job;
    while ((job = next_job(pool)) != NULL) {
        run_job(pool, &process, job);
        job->done(job);
        keep_spare(pool);
    }
    process_end(&process);
    return NULL;
}

void transform_pool_submit(struct transform_pool *pool, struct transform_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->mutex);
    bool taken = !pool->stopping && pool->waiting < limits.transform_queue;
    if (taken) {
        *pool->last = job;
        pool->last = &job->next;
        pool->waiting++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (taken)
        return;
    transform_result_fail(&job->result, TRANSFORM_UNAVAILABLE, "too many transformations wait: try again later");
    job->done(job);
}

struct waited_job {
    struct transform_job job;
    sem_t finished;
};

static void finish_waited(struct transform_job *job)
{
    sem_post(&((struct waited_job *)job)->finished);
}

void transform_pool_run(struct transform_pool *pool, const struct transform_input *input,
                        struct transform_result *result)
{
    struct waited_job waited = {.job = {.input = *input, .done = finish_waited}};
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

struct transform_pool *transform_pool_start(const char *program, struct error *error)
{
    struct transform_pool *pool = NEW(struct transform_pool);
    struct error problem = {0};
    if (program[0] != '\0')
        snprintf(pool->program, PATH_SIZE, "%s", program);
    else
        find_program(pool->program);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->last = &pool->first;
    pool->threads = memory_allocate_zeroed((size_t)limits.transform_workers * sizeof *pool->threads);
    if (!process_start(&pool->spare, pool->program, &problem))
        log_warn("transformations cannot run: %s", problem.message);
    for (int64_t i = 0; i < limits.transform_workers; i++) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) != 0) {
            transform_pool_stop(pool);
            error_set(error, ERROR_INTERNAL, "a thread for transformations could not be started");
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

void transform_pool_stop(struct transform_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    process_end(&pool->spare);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->threads);
    free(pool);
}
