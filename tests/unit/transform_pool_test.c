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

/* ---- fairness, with real processes ------------------------------------------------------------------- */

#define HANDLER(body) "addHandler('transform', (r) => { " body " return r; });"
#define HEAD_OF_TEXT TEXT("{\"headers\":{\"content-type\":\"a\"},\"path\":\"/\",\"query\":\"\"}")

struct fair_job {
    struct transform_job job;
    struct transform_pool *pool;
    int *runs;
    int again; /* times that it is submitted again when it is done */
    enum transform_outcome expected;
    int *wrong;
};

static void run_again(struct transform_job *job)
{
    struct fair_job *fair = (struct fair_job *)job;
    bool wrong = job->result.outcome != fair->expected;
    __atomic_fetch_add(fair->wrong, wrong, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(fair->runs, 1, __ATOMIC_SEQ_CST);
    transform_result_free(&job->result);
    if (__atomic_fetch_sub(&fair->again, 1, __ATOMIC_SEQ_CST) > 0)
        transform_pool_submit(fair->pool, job);
}

static void submit(struct fair_job *fair, int64_t key, const char *code)
{
    fair->job = (struct transform_job){.project_id = 1, .key = key, .done = run_again, .input = {
        .code = text_of(code), .env = TEXT("{}"), .context = TEXT("{}"), .head = HEAD_OF_TEXT}};
    transform_pool_submit(fair->pool, &fair->job);
}

static void end_all(struct fair_job *jobs, int count)
{
    for (int i = 0; i < count; i++)
        __atomic_store_n(&jobs[i].again, 0, __ATOMIC_SEQ_CST);
}

static bool reached(const int *runs, int count)
{
    for (int i = 0; i < 6000 && __atomic_load_n(runs, __ATOMIC_SEQ_CST) < count; i++)
        usleep(10000);
    return __atomic_load_n(runs, __ATOMIC_SEQ_CST) >= count;
}

/*
 * Endless loops, one after the other without a pause, beside a quick line with one job at a time. Runs are counted: all
 * quick ones are done before a few of the loops are, each of which is granted much more processor time.
 */
static void endless_loops_leave_the_others_their_processes(void **state)
{
    enum { LOOPS = 4, QUICK = 400 };
    static struct fair_job loops[LOOPS], quick;
    int loop_runs = 0, quick_runs = 0, wrong = 0;
    (void)state;
    struct limits before = limits;
    limits.transform_cpu_ms = 500;
    struct transform_pool *pool = start("../../fairlead-transform");
    for (int i = 0; i < LOOPS; i++) {
        loops[i] = (struct fair_job){.pool = pool, .runs = &loop_runs, .wrong = &wrong,
                                     .expected = TRANSFORM_TIMED_OUT};
        submit(&loops[i], 1 + i % 2, HANDLER("while (true);"));
    }
    quick = (struct fair_job){.pool = pool, .runs = &quick_runs, .wrong = &wrong, .again = QUICK - 1};
    submit(&quick, 9, HANDLER("r.body = 'x';"));
    assert_true(reached(&quick_runs, QUICK));
    assert_true(__atomic_load_n(&loop_runs, __ATOMIC_SEQ_CST) < LOOPS);
    transform_pool_stop(pool);
    assert_int_equal(loop_runs, LOOPS);
    assert_int_equal(wrong, 0);
    limits = before;
}

/* With one process: a line of runs that take long, but not too long, gets no more of it than one of short runs. */
static void time_is_shared_not_turns(void **state)
{
    static struct fair_job heavy[8], light[8];
    int heavy_runs = 0, light_runs = 0, wrong = 0;
    (void)state;
    struct limits before = limits;
    limits.transform_workers = 1;
    limits.transform_quick_ms = 400; /* the machine may be slow */
    struct transform_pool *pool = start("../../fairlead-transform");
    for (int i = 0; i < 8; i++) {
        heavy[i] = (struct fair_job){.pool = pool, .runs = &heavy_runs, .wrong = &wrong, .again = 100000};
        light[i] = (struct fair_job){.pool = pool, .runs = &light_runs, .wrong = &wrong, .again = 100000};
        submit(&heavy[i], 1, HANDLER("for (let i = 0; i < 1e5; i++);"));
        submit(&light[i], 2, HANDLER("r.body = 'x';"));
    }
    assert_true(reached(&heavy_runs, 40));
    int light_then = __atomic_load_n(&light_runs, __ATOMIC_SEQ_CST);
    end_all(heavy, 8);
    end_all(light, 8);
    transform_pool_stop(pool);
    assert_true(light_then > 40 * 4);
    assert_int_equal(wrong, 0);
    limits = before;
}

static void a_trial_is_served_beside_a_flood(void **state)
{
    enum { FLOOD = 32 };
    static struct fair_job flood[FLOOD];
    int runs = 0, wrong = 0;
    char message[256];
    (void)state;
    struct limits before = limits;
    limits.transform_queue = FLOOD;
    struct transform_pool *pool = start("../../fairlead-transform");
    for (int i = 0; i < FLOOD; i++) {
        flood[i] = (struct fair_job){.pool = pool, .runs = &runs, .wrong = &wrong, .again = 100000};
        submit(&flood[i], 1, HANDLER("r.body = 'x';"));
    }
    assert_int_equal(outcome_of(pool, HANDLER("console.log('trial');"), message, sizeof message), TRANSFORM_DONE);
    assert_string_equal(message, "trial");
    end_all(flood, FLOOD);
    transform_pool_stop(pool);
    assert_int_equal(wrong, 0);
    limits = before;
}

/* ---- what is kept loaded ------------------------------------------------------------------------------- */

static void expect_lines(struct transform_pool *pool, int64_t project_id, const char *code, const char *expected)
{
    struct transform_result result;
    struct buffer lines = {0};
    const struct transform_input input = {.code = text_of(code), .env = TEXT("{\"NAME\":\"n\"}"),
                                          .context = TEXT("{}"), .head = HEAD_OF_TEXT};
    transform_pool_run(pool, project_id, &input, &result);
    for (size_t i = 0; i < json_array_size(result.console); i++)
        buffer_printf(&lines, "%s;", json_string_value(json_member(json_array_get(result.console, i), "message")));
    check_text(code, buffer_text(&lines), expected);
    assert_int_equal(result.outcome, TRANSFORM_DONE);
    assert_true(result.cpu_us > 0);
    buffer_free(&lines);
    transform_result_free(&result);
}

static void runs_see_nothing_of_others(void **state)
{
    (void)state;
    struct limits before = limits;
    limits.transform_workers = 1;
    struct transform_pool *pool = start("../../fairlead-transform");
    const char *counts = "let n = 0; const big = []; console.log('top', process.env.NAME); Promise.reject('lost');"
                         HANDLER("n++; big.push('x'.repeat(3e6)); globalThis.seen = (globalThis.seen ?? 0) + 1;"
                                 "process.env.NAME += '!'; Array.prototype.map = null;"
                                 "console.log(n, big.length, seen, process.env.NAME);");
    const char *looks = HANDLER("console.log(typeof seen, [1].map((x) => x).length, process.env.NAME);");
    for (int i = 0; i < 6; i++)
        expect_lines(pool, 1, counts, "top n;1 1 1 n!;thrown: lost;");
    for (int i = 0; i < 3; i++) {
        expect_lines(pool, 1, looks, "undefined 1 n;");
        expect_lines(pool, 2, counts, "top n;1 1 1 n!;thrown: lost;");
        expect_lines(pool, 2, looks, "undefined 1 n;");
    }
    /* A top level of megabytes is loaded anew each time, one that ends in the middle leaves nothing. */
    for (int i = 0; i < 4; i++)
        expect_lines(pool, 1, "const all = 'y'.repeat(9e6); let m = 0;" HANDLER("console.log(all.length, ++m);"),
                     "9000000 1;");
    transform_pool_stop(pool);
    limits = before;
}

/* Time and chance of the top level are those of the run. */
static void chance_is_new_for_each_run(void **state)
{
    char lines[4][256];
    (void)state;
    struct transform_pool *pool = start("../../fairlead-transform");
    static const char *const codes[] = {
        "const id = Math.random();" HANDLER("console.log(id);"),
        "const id = crypto.randomUUID();" HANDLER("console.log(id);"),
        HANDLER("console.log(Math.random(), crypto.randomUUID());"),
        "const t = performance.now() + Date.now();" HANDLER("console.log(t);")};
    for (size_t code = 0; code < COUNT(codes); code++) {
        for (int i = 0; i < 4; i++) {
            usleep(2000);
            assert_int_equal(outcome_of(pool, codes[code], lines[i], sizeof lines[i]), TRANSFORM_DONE);
            for (int j = 0; j < i; j++)
                assert_string_not_equal(lines[i], lines[j]);
        }
    }
    transform_pool_stop(pool);
}

/* A run that is ended in the middle of the engine leaves the code loadable and everything else as it was. */
static void after_a_trap_all_is_as_before(void **state)
{
    char message[256];
    (void)state;
    struct limits before = limits;
    limits.transform_workers = 1;
    limits.transform_cpu_ms = limits.transform_quick_ms = 30;
    struct transform_pool *pool = start("../../fairlead-transform");
    const char *deep = "let n = 0;" HANDLER("if (n++ > 0) throw 'kept'; let o = {};"
                                            "for (let i = 0; i < 3e5; i++) o = { o };"
                                            "JSON.stringify(o); while (true);");
    const char *good = HANDLER("console.log('good');");
    for (int i = 0; i < 3; i++) {
        assert_int_not_equal(outcome_of(pool, deep, message, sizeof message), TRANSFORM_DONE);
        assert_null(strstr(message, "kept"));
        for (int j = 0; j < 3; j++)
            assert_int_equal(outcome_of(pool, good, message, sizeof message), TRANSFORM_DONE);
        assert_string_equal(message, "good");
    }
    transform_pool_stop(pool);
    limits = before;
}

/* What waits when the gateway stops is refused, so that it stops soon; what runs is finished. */
static void a_quiet_pool_refuses_what_waits(void **state)
{
    enum { LOOPS = 40 };
    static struct fair_job loops[LOOPS];
    int runs = 0, wrong = 0;
    (void)state;
    struct limits before = limits;
    limits.transform_quick_ms = limits.transform_cpu_ms = 200;
    struct transform_pool *pool = start("../../fairlead-transform");
    for (int i = 0; i < LOOPS; i++) {
        loops[i] = (struct fair_job){.pool = pool, .runs = &runs, .wrong = &wrong, .expected = TRANSFORM_UNAVAILABLE};
        submit(&loops[i], 1 + i % 10, HANDLER("while (true);"));
    }
    usleep(50000);
    transform_pool_quiesce(pool);
    transform_pool_quiesce(pool);
    assert_true(__atomic_load_n(&runs, __ATOMIC_SEQ_CST) >= LOOPS - 10);
    assert_int_equal(outcome_of(pool, HANDLER(""), (char[64]){0}, 64), TRANSFORM_UNAVAILABLE);
    transform_pool_stop(pool);
    assert_int_equal(runs, LOOPS);
    assert_in_range(wrong, 1, 10); /* those that ran */
    limits = before;
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
        cmocka_unit_test(endless_loops_leave_the_others_their_processes), cmocka_unit_test(time_is_shared_not_turns),
        cmocka_unit_test(a_trial_is_served_beside_a_flood), cmocka_unit_test(runs_see_nothing_of_others),
        cmocka_unit_test(chance_is_new_for_each_run), cmocka_unit_test(after_a_trap_all_is_as_before),
        cmocka_unit_test(a_quiet_pool_refuses_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
