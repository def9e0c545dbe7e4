/* The pool against workers that were taken over: the kernel stops them, and the next run is not harmed. */
#include "case.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "transform/pool.h"

static char beside[1024]; /* the directory of this program, with a slash */

static struct transform_pool *start(const char *program)
{
    char path[1200];
    struct error error = {0};
    snprintf(path, sizeof path, "%s%s", beside, program);
    struct transform_pool *pool = transform_pool_start(path, &error);
    assert_non_null(pool);
    return pool;
}

static enum transform_outcome outcome_of(struct transform_pool *pool, const char *code, char *message, size_t size)
{
    struct transform_result result;
    const struct transform_input input = {.code = text_of(code), .env = TEXT("{}"), .context = TEXT("{}"),
                                          .head = TEXT("{\"headers\":{\"content-type\":\"text/plain\"},\"path\":\"/\","
                                                       "\"query\":\"\"}"),
                                          .body_kind = FRAME_BODY_TEXT, .body = TEXT("x")};
    transform_pool_run(pool, 1, &input, &result);
    json_t *last = json_array_get(result.console, json_array_size(result.console) - 1);
    snprintf(message, size, "%s", last != NULL ? json_string_value(json_member(last, "message")) : "");
    enum transform_outcome outcome = result.outcome;
    transform_result_free(&result);
    return outcome;
}

static void attack(const char *const *names, enum transform_outcome expected)
{
    struct transform_pool *pool = start("transform-attack");
    char message[256];
    for (; *names != NULL; names++) {
        enum transform_outcome outcome = outcome_of(pool, *names, message, sizeof message);
        if (outcome != expected)
            fail_msg("%s: outcome %d, %s", *names, (int)outcome, message);
        assert_int_equal(outcome_of(pool, "nothing", message, sizeof message), TRANSFORM_THREW);
        assert_string_equal(message, "survived");
    }
    transform_pool_stop(pool);
}

static void the_kernel_stops_what_is_no_run(void **state)
{
    static const char *const names[] = {
        "open", "openat2", "unlink", "socket", "sendmsg", "dup", "write elsewhere", "read elsewhere", "fork", "clone3",
        "exec", "ptrace", "kill parent", "signal itself", "vm read", "executable map", "executable page", "file map",
        "unshare", "filter", "bpf", "io_uring", "userfault", "limits", "sleep", "other abi", NULL};
    (void)state;
    attack(names, TRANSFORM_WORKER_DIED);
}

static void the_pool_believes_no_frame(void **state)
{
    static const char *const broken[] = {"exit", "crash", "garbage", "endless part", "lines", "level",
                                         "old answer", "outcome", NULL};
    static const char *const late[] = {"silence", "half", NULL};
    static const char *const wrong[] = {"no json", "numbers", "line break", "path", NULL};
    (void)state;
    int64_t before = limits.transform_cpu_ms;
    limits.transform_cpu_ms = 50;
    attack(broken, TRANSFORM_WORKER_DIED);
    attack(late, TRANSFORM_TIMED_OUT);
    attack(wrong, TRANSFORM_BAD_RESULT);
    limits.transform_cpu_ms = before;
}

static void without_a_worker_nothing_runs(void **state)
{
    char message[256];
    (void)state;
    static const char *const programs[] = {"nothing-here", "transform_pool_test.p", NULL};
    for (const char *const *program = programs; *program != NULL; program++) {
        struct transform_pool *pool = start(*program);
        assert_int_equal(outcome_of(pool, "x", message, sizeof message), TRANSFORM_UNAVAILABLE);
        assert_non_null(strstr(message, "cannot be started"));
        transform_pool_stop(pool);
    }
}

static void what_the_real_one_answers_is_taken(void **state)
{
    struct transform_pool *pool = start("../../fairlead-transform");
    char message[256];
    (void)state;
    assert_int_equal(outcome_of(pool, "addHandler('transform', (r) => { console.log(r.body); return r; });", message,
                                sizeof message), TRANSFORM_DONE);
    assert_string_equal(message, "x");
    assert_int_equal(outcome_of(pool, "addHandler('transform', (r) => null.x);", message, sizeof message),
                     TRANSFORM_THREW);
    transform_pool_stop(pool);
}

struct counted {
    struct transform_job job;
    int *count;
};

static void count_done(struct transform_job *job)
{
    struct counted *counted = (struct counted *)job;
    __atomic_fetch_add(counted->count, job->result.outcome == TRANSFORM_DONE, __ATOMIC_SEQ_CST);
    transform_result_free(&job->result);
}

static void what_waits_is_bounded_and_finished(void **state)
{
    enum { JOBS = 60 };
    static struct counted jobs[JOBS];
    struct transform_pool *pool = start("../../fairlead-transform");
    int done = 0;
    (void)state;
    int64_t before = limits.transform_queue;
    limits.transform_queue = 20;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct counted){.count = &done, .job = {.key = 1, .done = count_done, .input = {
            .code = TEXT("addHandler('transform', (r) => { for (let i = 0; i < 3e5; i++); return r; });"),
            .env = TEXT("{}"), .context = TEXT("{}"),
            .head = TEXT("{\"headers\":{\"content-type\":\"a\"},\"path\":\"/\",\"query\":\"\"}")}}};
        transform_pool_submit(pool, &jobs[i].job);
    }
    transform_pool_stop(pool);
    assert_true(done >= 20 && done < JOBS);
    limits.transform_queue = before;
}

int main(void)
{
    ssize_t size = readlink("/proc/self/exe", beside, sizeof beside - 1);
    beside[size > 0 ? size : 0] = '\0';
    *(strrchr(beside, '/') + 1) = '\0';
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_stops_what_is_no_run), cmocka_unit_test(the_pool_believes_no_frame),
        cmocka_unit_test(without_a_worker_nothing_runs), cmocka_unit_test(what_the_real_one_answers_is_taken),
        cmocka_unit_test(what_waits_is_bounded_and_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
