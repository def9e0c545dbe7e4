/*
 * What a call of a small transformation costs through the pool: 1 KiB of JSON of which one member changes, and one
 * header; spread over LINES connections, IN_FLIGHT at a time, PAUSE_US between two of them, beside LOOPS calls that
 * never end by themselves, of as many connections, which are called again and again. Writes an object of JSON.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "transform/pool.h"

static const char CODE[] =
    "addHandler('transform', (request, context) => {\n"
    "  request.headers = { ...request.headers, 'x-connection': context.connection.name };\n"
    "  request.body.status = 'seen';\n"
    "  return request;\n"
    "});\n";

struct timed_job {
    struct transform_job job;
    int64_t submitted_us;
};

static sem_t free_jobs;
static long failed, timed;
static int64_t worker_us, *took_us;
static bool ending;

static void finish(struct transform_job *job)
{
    __atomic_fetch_add(&worker_us, job->result.cpu_us, __ATOMIC_RELAXED);
    took_us[__atomic_fetch_add(&timed, 1, __ATOMIC_RELAXED)] =
        clock_monotonic_us() - ((struct timed_job *)job)->submitted_us;
    if (job->result.outcome != TRANSFORM_DONE)
        __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    transform_result_free(&job->result);
    __atomic_store_n(&job->done, NULL, __ATOMIC_RELEASE);
    sem_post(&free_jobs);
}

struct loop_job {
    struct transform_job job;
    struct transform_pool *pool;
};

static void loop_again(struct transform_job *job)
{
    bool unavailable = job->result.outcome == TRANSFORM_UNAVAILABLE;
    transform_result_free(&job->result);
    if (!unavailable && !__atomic_load_n(&ending, __ATOMIC_RELAXED))
        transform_pool_submit(((struct loop_job *)job)->pool, job);
}

static struct text make_body(void)
{
    struct buffer body = {0};
    buffer_append_string(&body, "{\"id\":\"evt_1\",\"status\":\"new\"");
    for (int i = 0; body.size < 1000; i++)
        buffer_printf(&body, ",\"member_%d\":{\"amount\":%d,\"currency\":\"eur\"}", i, 100 + i);
    buffer_append_string(&body, "}");
    return buffer_text(&body);
}

static int64_t own_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

struct plan {
    long calls, in_flight, lines, pause_us, loops;
};

static void submit_all(struct transform_pool *pool, struct timed_job *jobs, const struct plan *plan, long calls,
                       const struct transform_input *input)
{
    long in_flight = plan->in_flight;
    for (long call = 0, at = 0; call < calls; call++) {
        while (sem_wait(&free_jobs) != 0)
            ;
        while (__atomic_load_n(&jobs[at].job.done, __ATOMIC_ACQUIRE) != NULL)
            at = (at + 1) % in_flight;
        if (plan->pause_us > 0)
            usleep((useconds_t)plan->pause_us);
        jobs[at].job = (struct transform_job){.input = *input, .project_id = 1, .key = 1 + call % plan->lines,
                                              .done = finish};
        jobs[at].submitted_us = clock_monotonic_us();
        transform_pool_submit(pool, &jobs[at].job);
    }
    for (long i = 0; i < in_flight; i++) {
        while (sem_wait(&free_jobs) != 0)
            ;
    }
    for (long i = 0; i < in_flight; i++)
        sem_post(&free_jobs);
}

static void start_loops(struct transform_pool *pool, struct loop_job *loops, long count,
                        const struct transform_input *input)
{
    for (long i = 0; i < count; i++) {
        loops[i] = (struct loop_job){.pool = pool, .job = {.input = *input, .project_id = 2, .key = 1000 + i,
                                                           .done = loop_again}};
        loops[i].job.input.code = TEXT("addHandler('transform', (request) => { while (true); });");
        transform_pool_submit(pool, &loops[i].job);
    }
}

static int by_size(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return a < b ? -1 : a > b;
}

int main(int count, char **arguments)
{
    struct error error = {0};
    if (count != 7) {
        fprintf(stderr, "usage: bench-transform WORKER_PROGRAM CALLS IN_FLIGHT LINES PAUSE_US LOOPS\n");
        return 2;
    }
    const struct plan plan = {atol(arguments[2]), atol(arguments[3]), atol(arguments[4]), atol(arguments[5]),
                              atol(arguments[6])};
    const long warm = 200;
    struct transform_pool *pool = transform_pool_start(arguments[1], &error);
    struct timed_job *jobs = calloc((size_t)plan.in_flight, sizeof *jobs);
    struct loop_job *loops = calloc((size_t)plan.loops + 1, sizeof *loops);
    const struct transform_input input = {
        .code = text_of(CODE), .env = TEXT("{}"),
        .context = TEXT("{\"connection\":{\"id\":\"web_1\",\"name\":\"orders\"}}"),
        .head = TEXT("{\"headers\":{\"content-type\":\"application/json\",\"user-agent\":\"sender/1\",\"x-id\":\"1\"},"
                     "\"path\":\"/\",\"query\":\"\",\"parsed_query\":{}}"),
        .body_kind = FRAME_BODY_JSON, .body = make_body()};
    took_us = calloc((size_t)(plan.calls + warm), sizeof *took_us);
    if (pool == NULL || jobs == NULL || loops == NULL || took_us == NULL)
        return 1;
    sem_init(&free_jobs, 0, (unsigned)plan.in_flight);
    start_loops(pool, loops, plan.loops, &input);
    submit_all(pool, jobs, &plan, warm, &input);
    int64_t worker_before_us = worker_us, own_before_us = own_us(), started_us = clock_monotonic_us();
    submit_all(pool, jobs, &plan, plan.calls, &input);
    double us = (double)(clock_monotonic_us() - started_us), calls = (double)plan.calls;
    __atomic_store_n(&ending, true, __ATOMIC_RELAXED);
    qsort(took_us + warm, (size_t)plan.calls, sizeof *took_us, by_size);
    printf("{\"calls\":%ld,\"per_second\":%.0f,\"gateway_us\":%.2f,\"worker_us\":%.2f,\"p50_us\":%lld,\"p99_us\":%lld,"
           "\"failed\":%ld}\n", plan.calls, calls * 1e6 / us, (double)(own_us() - own_before_us) / calls,
           (double)(worker_us - worker_before_us) / calls, (long long)took_us[warm + plan.calls / 2],
           (long long)took_us[warm + plan.calls * 99 / 100], failed);
    transform_pool_stop(pool);
    return failed > 0;
}
