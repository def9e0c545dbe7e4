/*
 * What a call of a small transformation costs through the pool: 1 KiB of JSON of which one member changes, and one header.
 * Usage: transform-calls WORKER_PROGRAM CALLS IN_FLIGHT LINES; writes an object of JSON.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

static sem_t free_jobs;
static long failed;
static int64_t worker_us;

static void finish(struct transform_job *job)
{
    __atomic_fetch_add(&worker_us, job->result.cpu_us, __ATOMIC_RELAXED);
    if (job->result.outcome != TRANSFORM_DONE)
        __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    transform_result_free(&job->result);
    __atomic_store_n(&job->done, NULL, __ATOMIC_RELEASE);
    sem_post(&free_jobs);
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

static void submit_all(struct transform_pool *pool, struct transform_job *jobs, long in_flight, long lines, long calls,
                       const struct transform_input *input)
{
    for (long call = 0, at = 0; call < calls; call++) {
        while (sem_wait(&free_jobs) != 0)
            ;
        while (__atomic_load_n(&jobs[at].done, __ATOMIC_ACQUIRE) != NULL)
            at = (at + 1) % in_flight;
        jobs[at] = (struct transform_job){.input = *input, .project_id = 1, .key = 1 + call % lines, .done = finish};
        transform_pool_submit(pool, &jobs[at]);
    }
    for (long i = 0; i < in_flight; i++) {
        while (sem_wait(&free_jobs) != 0)
            ;
    }
    for (long i = 0; i < in_flight; i++)
        sem_post(&free_jobs);
}

int main(int count, char **arguments)
{
    struct error error = {0};
    if (count != 5) {
        fprintf(stderr, "usage: transform-calls WORKER_PROGRAM CALLS IN_FLIGHT LINES\n");
        return 2;
    }
    long calls = atol(arguments[2]), in_flight = atol(arguments[3]), lines = atol(arguments[4]);
    struct transform_pool *pool = transform_pool_start(arguments[1], &error);
    struct transform_job *jobs = calloc((size_t)in_flight, sizeof *jobs);
    const struct transform_input input = {
        .code = text_of(CODE), .env = TEXT("{}"), .context = TEXT("{\"connection\":{\"id\":\"web_1\",\"name\":\"orders\"}}"),
        .head = TEXT("{\"headers\":{\"content-type\":\"application/json\",\"user-agent\":\"sender/1\",\"x-id\":\"1\"},"
                     "\"path\":\"/\",\"query\":\"\",\"parsed_query\":{}}"),
        .body_kind = FRAME_BODY_JSON, .body = make_body()};
    if (pool == NULL || jobs == NULL)
        return 1;
    sem_init(&free_jobs, 0, (unsigned)in_flight);
    submit_all(pool, jobs, in_flight, lines, 200, &input);
    int64_t worker_before_us = worker_us, own_before_us = own_us(), started_us = clock_monotonic_us();
    submit_all(pool, jobs, in_flight, lines, calls, &input);
    double us = (double)(clock_monotonic_us() - started_us);
    printf("{\"calls\":%ld,\"per_second\":%.0f,\"gateway_us\":%.2f,\"worker_us\":%.2f,\"failed\":%ld}\n", calls,
           (double)calls * 1e6 / us, (double)(own_us() - own_before_us) / (double)calls,
           (double)(worker_us - worker_before_us) / (double)calls, failed);
    transform_pool_stop(pool);
    return failed > 0;
}
