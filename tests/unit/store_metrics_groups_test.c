/* Delivery groups in the metrics: a dimension of texts, and the notes of what waits in each. */
#include "store_fixture.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/metrics.h"

static void put_events(struct fixture *f, const char *group, int64_t lane, int count)
{
    for (int i = 0; i < count; i++) {
        struct event event = an_event(f, id_new(), NOW);
        event.delivery_group = group != NULL ? text_of(group) : TEXT_NONE;
        event.lane = lane;
        event.created_at = clock_now_ms();
        MUST_WRITE(f, insert_event, &event);
    }
}

static struct metric_result read_groups(struct fixture *f, enum metric_subject subject, const char *measure)
{
    struct metric_result result;
    int64_t now = clock_now_ms();
    struct metric_query query = {.subject = subject, .project_id = PROJECT, .start = now - 600000, .end = now + 60000,
                                 .now = now, .measures = {measure}, .measure_count = 1,
                                 .dimensions = {"delivery_group"}, .dimension_count = 1};
    if (!store_read_metrics(f->reader, &f->arena, &query, &result, &f->error))
        fail_msg("%s", f->error.message);
    return result;
}

static void must_be(const struct metric_result *result, size_t i, const char *group, double value)
{
    assert_true(i < result->count);
    const struct store_value *dimension = &result->rows[i]->dimensions[0];
    assert_int_equal(dimension->is_null, group == NULL);
    if (group != NULL)
        assert_true(dimension->is_text && text_equal(dimension->text, text_of(group)));
    assert_float_equal(result->rows[i]->measures[0], value, 0);
}

static void groups_come_in_the_order_of_their_names(void **state)
{
    struct fixture *f = *state;
    put_events(f, "b", 1, 3);
    put_events(f, "", 2, 1);
    put_events(f, NULL, 0, 2);
    put_events(f, "ab", 3, 4);
    put_events(f, "a", 4, 5);
    put_events(f, "b", 1, 1);
    struct metric_result result = read_groups(f, METRIC_EVENTS, "count");
    assert_int_equal(result.count, 5);
    must_be(&result, 0, NULL, 2);
    must_be(&result, 1, "", 1);
    must_be(&result, 2, "a", 5);
    must_be(&result, 3, "ab", 4);
    must_be(&result, 4, "b", 4);
}

/* However many groups there are, those that have a row are whole and no others take memory. */
static void groups_are_bounded_as_rows_are(void **state)
{
    struct fixture *f = *state;
    int64_t rows = limits.metric_rows;
    char group[32];
    for (int i = 0; i < 300; i++) {
        snprintf(group, sizeof group, "g%03d", i % 100);
        put_events(f, group, 1 + i % 100, 1);
    }
    limits.metric_rows = 10;
    struct metric_result result = read_groups(f, METRIC_EVENTS, "count");
    limits.metric_rows = rows;
    assert_true(result.too_many_rows);
    assert_int_equal(result.count, 10);
    for (size_t i = 0; i < result.count; i++) {
        snprintf(group, sizeof group, "g%03zu", i);
        must_be(&result, i, group, 3);
    }
}

static struct metric_result depths_of(struct fixture *f, size_t groups)
{
    struct metric_result result = {0};
    int64_t sample_ms = limits.metric_sample_ms;
    limits.metric_sample_ms = 5;
    struct metric_sampler *sampler = metric_sampler_start(f->store, &f->error);
    assert_non_null(sampler);
    for (int i = 0; i < 500 && result.count < groups; i++) {
        usleep(10000);
        result = read_groups(f, METRIC_QUEUE, "max_depth");
    }
    metric_sampler_stop(sampler);
    limits.metric_sample_ms = sample_ms;
    return result;
}

static void the_deepest_groups_are_noted(void **state)
{
    struct fixture *f = *state;
    int64_t groups = limits.metric_groups;
    put_events(f, "small", 11, 1);
    put_events(f, "large", 12, 5);
    put_events(f, NULL, 0, 3);
    put_events(f, "middle", 13, 2);
    limits.metric_groups = 3;
    struct metric_result result = depths_of(f, 3);
    limits.metric_groups = groups;
    assert_int_equal(result.count, 3);
    must_be(&result, 0, NULL, 3);
    must_be(&result, 1, "large", 5);
    must_be(&result, 2, "middle", 2);
}

/* Lanes of connections are no groups: all that waits waits without one. */
static void an_order_by_connection_has_no_groups(void **state)
{
    struct fixture *f = *state;
    put_events(f, NULL, f->connection_id, 3);
    put_events(f, NULL, 0, 4);
    struct metric_result result = depths_of(f, 1);
    assert_int_equal(result.count, 1);
    must_be(&result, 0, NULL, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(groups_come_in_the_order_of_their_names),
        WITH_STORE(groups_are_bounded_as_rows_are),
        WITH_STORE(the_deepest_groups_are_noted),
        WITH_STORE(an_order_by_connection_has_no_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
