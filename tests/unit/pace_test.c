/* Rates over every window: deliveries are played on a clock of the test's own. */
#include "case.h"

#include <stdlib.h>

#include "deliver/pace.h"

enum { MOST = 4000 };
static const int64_t MS = 1000, S = 1000000;

struct delivery {
    struct pace_ticket ticket;
    int64_t began_us, arrived_us, ends_us;
    bool open;
};

/* How late each arrives, and is answered; ms behind its beginning. The n-th of them. */
typedef void (*conditions)(int n, int64_t *arrives_ms, int64_t *answered_ms);

struct play {
    struct pace pace;
    struct delivery deliveries[MOST];
    int begun;
    int64_t now_us;
    int64_t stall_us; /* every STALL_STEPS steps the process is held up for so long */
    int steps;
};
enum { STALL_STEPS = 700 };

/* Begins whatever may begin until `until_us`, asked each `step_us`. */
static void play(struct play *play, int64_t until_us, int64_t step_us, conditions network)
{
    for (; play->now_us < until_us; play->now_us += step_us) {
        if (++play->steps % STALL_STEPS == 0)
            play->now_us += play->stall_us;
        for (int i = 0; i < play->begun; i++) {
            struct delivery *delivery = &play->deliveries[i];
            if (delivery->open && delivery->ends_us <= play->now_us) {
                pace_end(&play->pace, &delivery->ticket, play->now_us);
                delivery->open = false;
            }
        }
        while (pace_next_at(&play->pace, play->now_us) <= play->now_us) {
            int64_t arrives_ms, answered_ms;
            assert_true(play->begun < MOST);
            struct delivery *delivery = &play->deliveries[play->begun];
            network(play->begun++, &arrives_ms, &answered_ms);
            pace_begin(&play->pace, &delivery->ticket, play->now_us);
            delivery->began_us = play->now_us;
            delivery->arrived_us = play->now_us + arrives_ms * MS;
            delivery->ends_us = play->now_us + answered_ms * MS;
            delivery->open = true;
        }
    }
}

static int by_arrival(const void *left, const void *right)
{
    const struct delivery *a = left, *b = right;
    return (a->arrived_us > b->arrived_us) - (a->arrived_us < b->arrived_us);
}

/* Ends the play. */
static int64_t most_within(struct play *play, int64_t span_us)
{
    int64_t most = 0;
    qsort(play->deliveries, (size_t)play->begun, sizeof play->deliveries[0], by_arrival);
    for (int first = 0, last = 0; last < play->begun; last++) {
        while (play->deliveries[last].arrived_us - play->deliveries[first].arrived_us >= span_us)
            first++;
        most = last - first + 1 > most ? last - first + 1 : most;
    }
    return most;
}

static void at_once(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    (void)n;
    *arrives_ms = 0;
    *answered_ms = 1;
}

static void slow(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    (void)n;
    *arrives_ms = 1;
    *answered_ms = 300;
}

static void uneven(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    *arrives_ms = n * 7919 % 60;
    *answered_ms = *arrives_ms + 1 + n * 104729 % 20;
}

/* Connections are made for the first of them. */
static void slow_to_connect(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    *arrives_ms = n < 6 ? 200 : 1;
    *answered_ms = *arrives_ms + 2;
}

/* The destination stops reading now and then. */
static void with_stalls(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    *arrives_ms = n % 50 < 3 ? 400 - n % 50 : 1;
    *answered_ms = *arrives_ms + 2;
}

static void never_answered(int n, int64_t *arrives_ms, int64_t *answered_ms)
{
    *arrives_ms = 1;
    *answered_ms = n % 10 == 0 ? 60000 : 2;
}

static void every_window_keeps_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct rate rate;
        conditions network;
        int64_t seconds, step_us;
        double reached; /* of what the limit allows, at least */
        int64_t stall_us;
    } cases[] = {
        {"one a second", {1, PERIOD_SECOND}, at_once, 20, 500, 0.98, 0},
        {"a few a second", {7, PERIOD_SECOND}, at_once, 20, 500, 0.98, 0},
        {"many a second", {300, PERIOD_SECOND}, at_once, 10, 500, 0.98, 0},
        {"more than there are marks", {1000, PERIOD_SECOND}, at_once, 3, 250, 0.98, 0},
        {"seldom looked at", {100, PERIOD_SECOND}, at_once, 10, 15000, 0.95, 0},
        {"held up now and then", {50, PERIOD_SECOND}, at_once, 20, 500, 0.98, 150000},
        {"held up, and many", {200, PERIOD_SECOND}, at_once, 10, 500, 0.98, 150000},
        {"held up, and by the minute", {600, PERIOD_MINUTE}, uneven, 130, 1000, 0.98, 400000},
        {"slow answers", {10, PERIOD_SECOND}, slow, 20, 500, 0.97, 0},
        {"uneven answers", {20, PERIOD_SECOND}, uneven, 20, 500, 0.90, 0},
        {"slow to connect", {10, PERIOD_SECOND}, slow_to_connect, 20, 500, 0.90, 0},
        {"stalls", {50, PERIOD_SECOND}, with_stalls, 20, 500, 0.85, 0},
        {"without an answer", {20, PERIOD_SECOND}, never_answered, 20, 500, 0.60, 0},
        {"by the minute", {40, PERIOD_MINUTE}, uneven, 200, 1000, 0.98, 0},
        {"by the hour", {3600, PERIOD_HOUR}, uneven, 100, 1000, 0.97, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct play *this = calloc(1, sizeof *this);
        int64_t period_us = rate_period_ms(cases[i].rate.period) * MS;
        this->now_us = 5 * S;
        this->stall_us = cases[i].stall_us;
        pace_set(&this->pace, cases[i].rate, this->now_us);
        play(this, this->now_us + cases[i].seconds * S, cases[i].step_us, cases[i].network);
        double allowed = (double)cases[i].rate.limit * (double)cases[i].seconds * (double)S / (double)period_us;
        if (this->begun < (int)(allowed * cases[i].reached))
            fail_msg("%s: %d began of %.0f", cases[i].what, this->begun, allowed);
        int64_t most = most_within(this, period_us);
        if (most > cases[i].rate.limit)
            fail_msg("%s: %lld within a period", cases[i].what, (long long)most);
        pace_free(&this->pace);
        free(this);
    }
}

static void deliveries_are_even(void **state)
{
    (void)state;
    struct play *this = calloc(1, sizeof *this);
    this->now_us = S;
    pace_set(&this->pace, (struct rate){4, PERIOD_MINUTE}, this->now_us);
    play(this, 50 * S, MS, at_once);
    assert_int_equal(this->begun, 4);
    for (int i = 1; i < 4; i++)
        assert_in_range(this->deliveries[i].began_us - this->deliveries[i - 1].began_us, 14900 * MS, 15100 * MS);
    pace_free(&this->pace);
    free(this);
}

static void a_change_holds_at_once(void **state)
{
    (void)state;
    struct play *this = calloc(1, sizeof *this);
    this->now_us = S;
    pace_set(&this->pace, (struct rate){100, PERIOD_SECOND}, this->now_us);
    play(this, 3 * S, MS, at_once);
    int before = this->begun;
    pace_set(&this->pace, (struct rate){2, PERIOD_SECOND}, this->now_us);
    play(this, 4 * S - 100 * MS, MS, at_once); /* the last second had a hundred */
    assert_int_equal(this->begun, before);
    play(this, 7 * S, MS, at_once);
    assert_in_range(this->begun - before, 5, 7);
    pace_set(&this->pace, (struct rate){0, PERIOD_SECOND}, this->now_us);
    assert_true(pace_next_at(&this->pace, this->now_us) <= this->now_us);
    pace_free(&this->pace);
    free(this);
}

static void after_a_start_the_window_of_before_holds(void **state)
{
    (void)state;
    for (int64_t limit = 1; limit <= 256; limit *= 4) {
        struct play *this = calloc(1, sizeof *this);
        this->now_us = S;
        this->stall_us = 110 * MS; /* the last one just before the end */
        pace_set(&this->pace, (struct rate){limit, PERIOD_SECOND}, this->now_us);
        play(this, 4 * S + 321 * MS, MS, at_once);
        this->stall_us = 0;
        pace_free(&this->pace);
        this->pace = (struct pace){.unknown_us = this->now_us};
        pace_set(&this->pace, (struct rate){limit, PERIOD_SECOND}, this->now_us);
        assert_true(pace_next_at(&this->pace, this->now_us) > this->now_us);
        play(this, 8 * S, MS, at_once);
        assert_in_range(most_within(this, S), 1, limit);
        pace_free(&this->pace);
        free(this);
    }
}

static void it_can_be_given_up_when_nothing_of_it_counts(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct pace_ticket ticket;
    assert_true(pace_is_idle(&pace, S));
    pace_set(&pace, (struct rate){10, PERIOD_SECOND}, S);
    pace_begin(&pace, &ticket, S);
    assert_false(pace_is_idle(&pace, S));
    pace_end(&pace, &ticket, S + MS);
    assert_false(pace_is_idle(&pace, S + 900 * MS));
    assert_true(pace_is_idle(&pace, 3 * S));
    pace_free(&pace);
}

/* A delivery that began without a rate ends under one, and the other way round. */
static void a_rate_may_come_and_go_meanwhile(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct pace_ticket first, second;
    pace_begin(&pace, &first, S);
    pace_set(&pace, (struct rate){1, PERIOD_SECOND}, S);
    pace_end(&pace, &first, S + MS);
    pace_begin(&pace, &second, S + 2 * MS);
    pace_set(&pace, (struct rate){0, PERIOD_SECOND}, S + 3 * MS);
    pace_end(&pace, &second, S + 4 * MS);
    assert_int_equal(pace.open, 0);
    assert_null(pace.oldest);
    pace_free(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_window_keeps_the_limit),
        cmocka_unit_test(deliveries_are_even),
        cmocka_unit_test(a_change_holds_at_once),
        cmocka_unit_test(after_a_start_the_window_of_before_holds),
        cmocka_unit_test(it_can_be_given_up_when_nothing_of_it_counts),
        cmocka_unit_test(a_rate_may_come_and_go_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
