/* Whose turn it is: shares of processor time, quick and slow lines, bounds. No processes. */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "transform/line.h"

enum { JOBS = 4000 };

static struct lines lines;
static struct transform_job jobs[JOBS];
static int used;
static struct limits before;

static int set_up(void **state)
{
    (void)state;
    lines = (struct lines){0};
    used = 0;
    before = limits;
    limits.transform_key_queue = 2000;
    limits.transform_queue = 4000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lines_free(&lines);
    limits = before;
    return 0;
}

static struct transform_job *make(int64_t project_id, int64_t key, const char *code)
{
    assert_true(used < JOBS);
    jobs[used] = (struct transform_job){.project_id = project_id, .key = key, .input = {
        .code = text_of(code), .env = TEXT("{}"), .context = TEXT("{}"), .head = TEXT("{}")}};
    lines_name(&jobs[used]);
    return &jobs[used++];
}

static bool add(int64_t key, const char *code)
{
    return lines_add(&lines, make(1, key, code));
}

static struct transform_job *take(enum pace pace)
{
    return lines_take(&lines, pace, 0, 1);
}

/* Runs one job of the line, so that it is known. */
static void get_known(int64_t key, const char *code, int64_t cpu_us)
{
    assert_true(add(key, code));
    struct transform_job *job = take(PACE_QUICK);
    assert_int_equal(job->key, key);
    lines_finish(&lines, job, PACE_QUICK, cpu_us);
}

/* ---- fairness -------------------------------------------------------------------------------------- */

static void each_line_gets_its_share_of_time(void **state)
{
    int64_t used_us[4] = {0}, runs[4] = {0};
    (void)state;
    get_known(1, "a", 100);
    get_known(2, "b", 1000);
    get_known(3, "c", 5000);
    for (int i = 0; i < 900; i++) {
        add(1, "a");
        add(2, "b");
        add(3, "c");
    }
    for (int i = 0; i < 550; i++) {
        struct transform_job *job = take(PACE_QUICK);
        int64_t cost = job->key == 1 ? 100 : job->key == 2 ? 1000 : 5000;
        used_us[job->key] += cost;
        runs[job->key]++;
        lines_finish(&lines, job, PACE_QUICK, cost);
    }
    assert_true(runs[1] > 450);
    assert_in_range((uintmax_t)used_us[2], (uintmax_t)used_us[1] - 6000, (uintmax_t)used_us[1] + 6000);
    assert_in_range((uintmax_t)used_us[3], (uintmax_t)used_us[1] - 6000, (uintmax_t)used_us[1] + 6000);
}

static void a_line_that_was_idle_gets_no_credit(void **state)
{
    int first = 0;
    (void)state;
    get_known(1, "a", 100);
    get_known(2, "b", 100);
    for (int i = 0; i < 1000; i++) {
        add(1, "a");
        lines_finish(&lines, take(PACE_QUICK), PACE_QUICK, 100);
    }
    for (int i = 0; i < 200; i++) {
        add(1, "a");
        add(2, "b");
    }
    for (int i = 0; i < 200; i++) {
        struct transform_job *job = take(PACE_QUICK);
        first += job->key == 1;
        lines_finish(&lines, job, PACE_QUICK, 100);
    }
    assert_in_range(first, 95, 105);
}

static void a_process_stays_with_a_line_for_a_while(void **state)
{
    int changes = 0;
    uint64_t last = 0;
    (void)state;
    get_known(1, "a", 50);
    get_known(2, "b", 50);
    for (int i = 0; i < 500; i++) {
        add(1, "a");
        add(2, "b");
    }
    for (int i = 0; i < 1000; i++) {
        struct transform_job *job = lines_take(&lines, PACE_QUICK, last, 1);
        changes += job->pool.line->id != last;
        last = job->pool.line->id;
        lines_finish(&lines, job, PACE_QUICK, 50);
    }
    assert_in_range(changes, 20, 100);
}

static void several_are_taken_while_they_are_short(void **state)
{
    struct transform_job *job;
    int count = 0;
    (void)state;
    get_known(1, "a", 50);
    get_known(2, "b", 900);
    for (int i = 0; i < 20; i++)
        add(1, "a");
    job = lines_take(&lines, PACE_QUICK, 0, 8);
    for (; job != NULL; job = job->pool.next)
        count += job->key == 1;
    assert_int_equal(count, 8);
    for (int i = 0; i < 20; i++)
        add(2, "b");
    job = lines_take(&lines, PACE_QUICK, jobs[used - 1].pool.line->id, 8);
    assert_int_equal(job->key, 2);
    assert_null(job->pool.next);
}

/* ---- quick and slow -------------------------------------------------------------------------------- */

static void an_unknown_line_runs_one_at_a_time(void **state)
{
    (void)state;
    add(1, "a");
    add(1, "a");
    struct transform_job *job = lines_take(&lines, PACE_QUICK, 0, 8);
    assert_null(job->pool.next);
    assert_null(take(PACE_QUICK));
    lines_finish(&lines, job, PACE_QUICK, 10);
    assert_non_null(take(PACE_QUICK));
}

static void what_is_too_long_runs_again_as_slow(void **state)
{
    (void)state;
    limits.transform_quick_ms = 20;
    add(1, "a");
    add(1, "a");
    struct transform_job *first = take(PACE_QUICK), *again;
    lines_finish_later(&lines, first, 20000);
    assert_null(take(PACE_QUICK));
    again = take(PACE_SLOW);
    assert_ptr_equal(again, first); /* before the one that came later */
    lines_finish(&lines, again, PACE_SLOW, 900000);
    assert_int_equal(first->pool.spent_us, 920000);
    assert_null(take(PACE_QUICK));
    assert_non_null(take(PACE_SLOW));
}

static void a_slow_line_becomes_quick_by_quick_runs(void **state)
{
    int runs = 0;
    (void)state;
    limits.transform_quick_ms = 20;
    add(1, "a");
    lines_finish_later(&lines, take(PACE_QUICK), 20000);
    lines_finish(&lines, take(PACE_SLOW), PACE_SLOW, 1000000);
    for (; !lines_any(&lines, PACE_QUICK); runs++) {
        assert_true(runs < 200);
        assert_true(add(1, "a"));
        struct transform_job *job = take(PACE_SLOW);
        if (job == NULL)
            break;
        lines_finish(&lines, job, PACE_SLOW, 100);
    }
    assert_in_range(runs, 20, 100);
}

static void changed_code_is_a_new_line(void **state)
{
    (void)state;
    add(1, "while (true);");
    lines_finish_later(&lines, take(PACE_QUICK), 20000);
    lines_finish(&lines, take(PACE_SLOW), PACE_SLOW, 1000000);
    add(1, "mended");
    assert_non_null(take(PACE_QUICK));
    assert_null(take(PACE_SLOW));
}

static void names_differ_by_project_env_and_code(void **state)
{
    struct transform_job *one = make(1, 5, "a"), *other = make(2, 5, "a"), *same = make(1, 6, "a");
    (void)state;
    assert_true(one->pool.code != other->pool.code);
    assert_true(one->pool.code == same->pool.code); /* the loaded code serves all connections of a project */
    same->input.env = TEXT("{\"a\":\"b\"}");
    lines_name(same);
    assert_true(one->pool.code != same->pool.code);
    assert_true(one->pool.code != make(1, 5, "b")->pool.code);
}

/* ---- bounds ------------------------------------------------------------------------------------------ */

static void queues_are_bounded(void **state)
{
    int taken = 0;
    (void)state;
    limits.transform_queue = 50;
    limits.transform_key_queue = 20;
    for (int i = 0; i < 100; i++)
        taken += add(1, "a");
    assert_int_equal(taken, 20);
    for (int i = 0; i < 100; i++)
        taken += add(2 + i, "a");
    assert_int_equal(taken, 50);
    for (int i = 0; i < 100; i++)
        taken += add(0, "trial");
    assert_int_equal(taken, 50 + 64);
    lines_finish(&lines, take(PACE_QUICK), PACE_QUICK, 1);
    assert_true(add(1, "a") || add(200, "a"));
}

static void slow_queues_are_shorter(void **state)
{
    int taken = 0;
    (void)state;
    limits.transform_slow_queue = 24;
    for (int key = 1; key <= 20; key++) {
        add(key, "a");
        lines_finish_later(&lines, take(PACE_QUICK), 20000);
        lines_finish(&lines, take(PACE_SLOW), PACE_SLOW, 1000000);
    }
    for (int i = 0; i < 100; i++)
        taken += add(1, "a");
    assert_int_equal(taken, 3);
    for (int i = 0; i < 200; i++)
        taken += add(1 + i % 20, "a");
    assert_int_equal(taken, 24);
}

static void known_lines_are_bounded(void **state)
{
    (void)state;
    limits.transform_keys = 10;
    for (int key = 1; key <= 1000; key++)
        get_known(key, "a", 10);
    assert_int_equal(lines.idle, 10);
    assert_int_equal(lines.by_id.used, 10);
    add(1000, "a");
    assert_int_equal(lines.by_id.used, 10);
    assert_true(lines_take(&lines, PACE_QUICK, 0, 8)->pool.line->known);
}

/* Whatever is done in whatever order: what is counted is what is there, and all of it comes out. */
static void counts_stay_right(void **state)
{
    static const char *const codes[] = {"a", "b", "c"};
    struct transform_job *out[64];
    size_t count = 0, done = 0;
    (void)state;
    limits.transform_keys = 2;
    limits.transform_workers = 4;
    srand(7);
    for (int step = 0; step < 20000; step++) {
        int choice = rand() % 4;
        enum pace pace = rand() % 3 == 0 ? PACE_SLOW : PACE_QUICK;
        if (choice == 0 && used < JOBS) {
            done += !add(rand() % 3, codes[rand() % 3]);
        } else if (choice == 1 && count < 56) {
            struct transform_job *job = lines_take(&lines, pace, (uint64_t)rand(), 8);
            for (; job != NULL; job = job->pool.next) {
                job->pool.code = pace;
                out[count++] = job;
            }
        } else if (choice >= 2 && count > 0) {
            size_t at = (size_t)rand() % count;
            struct transform_job *job = out[at];
            pace = (enum pace)job->pool.code;
            lines_name(job);
            out[at] = out[--count];
            bool later = pace == PACE_QUICK && rand() % 5 == 0;
            done += !later;
            if (later)
                lines_finish_later(&lines, job, 20000);
            else
                lines_finish(&lines, job, pace, rand() % 3 == 0 ? 40000 : 10);
        }
        assert_int_equal(lines.jobs[PACE_QUICK] + lines.jobs[PACE_SLOW], used - (int)done);
    }
    while (count > 0) {
        lines_finish(&lines, out[--count], PACE_SLOW, 10);
        done++;
    }
    while (!lines_done(&lines)) {
        struct transform_job *job = take(PACE_QUICK);
        enum pace pace = job != NULL ? PACE_QUICK : PACE_SLOW;
        job = job != NULL ? job : take(PACE_SLOW);
        assert_non_null(job);
        lines_finish(&lines, job, pace, 10);
        done++;
    }
    assert_int_equal(done, used);
    assert_int_equal(lines.trials, 0);
    assert_int_equal(lines.jobs[PACE_QUICK], 0);
    assert_int_equal(lines.jobs[PACE_SLOW], 0);
    assert_int_equal(lines.idle, lines.by_id.used);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(each_line_gets_its_share_of_time), CASE(a_line_that_was_idle_gets_no_credit),
        CASE(a_process_stays_with_a_line_for_a_while), CASE(several_are_taken_while_they_are_short),
        CASE(an_unknown_line_runs_one_at_a_time), CASE(what_is_too_long_runs_again_as_slow),
        CASE(a_slow_line_becomes_quick_by_quick_runs), CASE(changed_code_is_a_new_line),
        CASE(names_differ_by_project_env_and_code), CASE(queues_are_bounded), CASE(slow_queues_are_shorter),
        CASE(known_lines_are_bounded), CASE(counts_stay_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
