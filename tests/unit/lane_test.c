/* One destination's queue in memory, and its share of slots and bytes. */
#include "case.h"

#include <stdlib.h>

#include "base/limits.h"
#include "deliver/lane.h"

static struct payload *payload_of(size_t body_bytes)
{
    char *body = calloc(1, body_bytes + 1);
    struct payload *payload = payload_create(&(struct request){.id = 1, .body = {body, body_bytes}}, 0);
    free(body);
    assert_non_null(payload);
    return payload;
}

/* A lane in an outlet of its own. */
#define LANE(name, ...)                                                                                  \
    struct outlet name##_outlet = {0};                                                                   \
    struct lane name = {.outlet = &name##_outlet, __VA_ARGS__};                                          \
    name##_outlet.running = name.running;                                                                \
    name##_outlet.held = name.queued + name.reserved;                                                    \
    name##_outlet.bytes = name.bytes

static void append(struct lane *lane, int64_t event_id, int64_t connection_id)
{
    lane_append(lane, &(struct event){.id = event_id, .connection_id = connection_id}, payload_of(0));
}

static void release(struct queued *queued)
{
    payload_release(queued->payload);
    free(queued);
}

/* The ids in order, as one number: 1, 2, 3 give 123. */
static int64_t drain(struct lane *lane)
{
    int64_t order = 0;
    struct queued *queued;
    while ((queued = lane_take(lane)) != NULL) {
        order = order * 10 + queued->event.id;
        release(queued);
    }
    assert_int_equal(lane->queued, 0);
    assert_null(lane->last);
    return order;
}

static void the_oldest_comes_first(void **state)
{
    (void)state;
    LANE(lane, .key = 0);
    assert_int_equal(drain(&lane), 0);
    for (int64_t id = 1; id <= 3; id++)
        append(&lane, id, 1);
    assert_int_equal(lane.queued, 3);
    assert_int_equal(drain(&lane), 123);
    append(&lane, 4, 1);
    assert_int_equal(drain(&lane), 4);
}

static void what_matches_is_taken_out(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t event_id, connection_id, left;
    } cases[] = {
        {"all", 0, 0, 0},           {"the first", 1, 0, 234},      {"the last", 4, 0, 123},
        {"one in between", 2, 0, 134}, {"none", 9, 0, 1234},          {"one connection's", 0, 1, 24},
        {"the other's", 0, 2, 13},  {"of another connection", 1, 2, 1234},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .key = 0);
        for (int64_t id = 1; id <= 4; id++)
            append(&lane, id, id % 2 == 1 ? 1 : 2);
        struct queued *removed = lane_remove(&lane, cases[i].event_id, cases[i].connection_id), *next;
        for (; removed != NULL; removed = next) {
            next = removed->next;
            release(removed);
        }
        append(&lane, 5, 3); /* the end of the queue must be right */
        check_integer(cases[i].what, "left", drain(&lane), cases[i].left * 10 + 5);
    }
}

static void slots_are_left_to_others(void **state)
{
    (void)state;
    limits.deliveries = 100;
    limits.destination_deliveries = 40;
    static const struct {
        const char *what;
        int64_t running, running_in_all;
        bool expected;
    } cases[] = {
        {"nothing runs", 0, 0, true},         {"below its limit", 39, 39, false}, /* 61 are free, a half is 30 */
        {"half of what is free", 29, 40, true}, {"more than half", 30, 40, false},
        {"others took much", 4, 90, true},    {"others took more", 5, 90, false},
        {"the last slot, for one without", 0, 99, true}, {"the last slot, for one with", 1, 99, false},
        {"all taken", 0, 100, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .running = cases[i].running);
        check_integer(cases[i].what, "may start", outlet_may_start(&lane_outlet, cases[i].running_in_all), cases[i].expected);
    }
    limits.destination_deliveries = 10;
    LANE(lane, .running = 10);
    assert_false(outlet_may_start(&lane_outlet, 10));
}

static void bytes_are_left_to_others(void **state)
{
    (void)state;
    limits.delivery_queue = 10;
    limits.delivery_queue_bytes = 1000;
    static const struct {
        const char *what;
        size_t queued, reserved, bytes, asked, in_all;
        bool expected;
    } cases[] = {
        {"empty", 0, 0, 0, 100, 0, true},
        {"empty, though more than there is", 0, 0, 0, 5000, 1000, true}, /* or it could never be delivered */
        {"as much as is left", 1, 0, 400, 100, 500, true},
        {"more than is left", 1, 0, 400, 101, 500, false},
        {"others have it all", 1, 0, 1, 1, 1000, false},
        {"more than all is held", 1, 0, 1, 1, 2000, false},
        {"queue full", 10, 0, 10, 1, 10, false},
        {"queue promised", 4, 6, 10, 1, 10, false},
        {"one place left", 4, 5, 10, 1, 10, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .queued = cases[i].queued, .reserved = cases[i].reserved, .bytes = cases[i].bytes);
        check_integer(cases[i].what, "may hold", lane_may_hold(&lane, cases[i].asked, cases[i].in_all),
                      cases[i].expected);
    }
}

static void a_claim_brings_what_fits(void **state)
{
    (void)state;
    limits.delivery_queue = 10;
    limits.delivery_queue_bytes = 1000;
    static const struct {
        const char *what;
        bool behind;
        size_t queued, bytes, typical, in_all, most, expected;
    } cases[] = {
        {"not behind", false, 0, 0, 10, 0, 8, 0},
        {"empty", true, 0, 0, 10, 0, 100, 10},
        {"at most", true, 0, 0, 10, 0, 8, 8},
        {"half full", true, 5, 50, 10, 50, 100, 5},
        {"more than half full", true, 6, 60, 10, 60, 100, 0},
        {"room for three", true, 1, 100, 100, 600, 100, 3},
        {"no room for a typical one", true, 1, 450, 200, 500, 100, 0},
        {"empty, and none fits", true, 0, 0, 5000, 1000, 100, 1},
        {"nothing known yet", true, 0, 0, 0, 0, 100, 10},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .behind = cases[i].behind, .queued = cases[i].queued, .bytes = cases[i].bytes,
                            .typical_bytes = cases[i].typical);
        check_integer(cases[i].what, "wanted", (int64_t)lane_wants(&lane, cases[i].in_all, cases[i].most),
                      (int64_t)cases[i].expected);
    }
}

/* Else the same events would be claimed and given back again and again. */
static void what_did_not_fit_is_not_asked_for_again(void **state)
{
    (void)state;
    limits.delivery_queue = 10;
    limits.delivery_queue_bytes = 1000;
    LANE(lane, .behind = true, .queued = 1, .bytes = 100, .typical_bytes = 10);
    assert_true(lane_wants(&lane, 100, 100) > 0);
    assert_false(lane_may_hold(&lane, 900, 100));
    lane_lacks(&lane, 900);
    assert_int_equal(lane_wants(&lane, 100, 100), 0);
    lane.queued = lane_outlet.held = 0;
    lane.bytes = lane_outlet.bytes = 0;
    assert_int_equal(lane_wants(&lane, 0, 100), 1);
    lane_lacks(&lane, 5);
    assert_int_equal(lane.typical_bytes, 900);
}

static void the_typical_payload_follows_what_comes(void **state)
{
    (void)state;
    LANE(lane, .key = 0);
    size_t bytes = 0;
    for (int i = 0; i < 60; i++) {
        struct payload *payload = payload_of(i < 10 ? 9000 : 1000);
        bytes = payload->bytes;
        lane_append(&lane, &(struct event){.id = 1}, payload);
    }
    assert_in_range(lane.typical_bytes, bytes, bytes + bytes / 10);
    struct queued *queued;
    while ((queued = lane_take(&lane)) != NULL)
        release(queued);
}

static void what_is_due_first_comes_first(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool ordered;
        int64_t key, expected;
    } cases[] = {{"by the moment", false, 7, 3142}, {"in order", true, 7, 1234}, {"without a key", true, 0, 3142}};
    static const struct event events[] = {{.id = 1, .due_at = 20}, {.id = 2, .due_at = 40}, {.id = 4, .due_at = 30},
                                          {.id = 3, .due_at = 10}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .key = cases[i].key);
        lane_outlet.ordered = cases[i].ordered;
        for (size_t k = 0; k < COUNT(events); k++)
            lane_append(&lane, &events[k], payload_of(0));
        check_integer(cases[i].what, "order", drain(&lane), cases[i].expected);
        assert_int_equal(lane_outlet.held, 0);
    }
}

static void lanes_leave_room_to_each_other(void **state)
{
    (void)state;
    limits.destination_deliveries = 16;
    limits.delivery_queue = 100;
    static const struct {
        const char *what;
        int64_t running, running_in_outlet;
        size_t queued, held_in_outlet;
        bool may_start, may_hold;
    } cases[] = {
        {"nothing there", 0, 0, 0, 0, true, true},       {"half of what is free", 4, 4, 49, 49, true, true},
        {"more than half", 6, 6, 50, 50, false, false},  {"others have much", 1, 13, 10, 95, false, false},
        {"the first beside others", 0, 15, 0, 99, true, true}, {"others have all", 0, 16, 0, 100, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LANE(lane, .key = 7, .running = cases[i].running, .queued = cases[i].queued);
        lane_outlet.keyed = true;
        lane_outlet.running = cases[i].running_in_outlet;
        lane_outlet.held = cases[i].held_in_outlet;
        check_integer(cases[i].what, "may start", lane_may_start(&lane), cases[i].may_start);
        check_integer(cases[i].what, "may hold", lane_may_hold(&lane, 10, 0), cases[i].may_hold);
    }
}

static void an_ordered_lane_goes_on_when_all_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct lane lane;
        bool blocked, open, wants;
    } cases[] = {
        {"nothing there", {.behind = true}, false, false, true},
        {"one under way", {.behind = true, .running = 1}, true, false, false},
        {"one not on disk", {.behind = true, .unrecorded = 1}, true, false, false},
        {"one in memory", {.behind = true, .queued = 1}, false, false, false},
        {"one promised", {.behind = true, .reserved = 1}, false, false, false},
        {"one on hold before it", {.behind = true, .held = true}, false, false, false},
        {"one that waits for its retry", {.wake.place = 1}, false, false, false},
        {"a claim under way", {.behind = true, .claims = 1}, false, false, false},
        {"all known", {.queued = 0}, false, true, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outlet outlet = {.ordered = true, .keyed = true};
        struct lane lane = cases[i].lane;
        lane.outlet = &outlet;
        lane.key = 7;
        check_integer(cases[i].what, "blocked", lane_is_blocked(&lane), cases[i].blocked);
        check_integer(cases[i].what, "open", lane_is_open(&lane), cases[i].open);
        check_integer(cases[i].what, "wants", lane_wants(&lane, 0, 10) > 0, cases[i].wants);
    }
}

static int restore_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < limit_row_count; i++)
        *(int64_t *)(void *)((char *)&limits + limit_rows[i].offset) = limit_rows[i].value;
    return 0;
}

#define WITH_LIMITS(test) cmocka_unit_test_teardown(test, restore_limits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_comes_first),
        cmocka_unit_test(what_matches_is_taken_out),
        WITH_LIMITS(slots_are_left_to_others),
        WITH_LIMITS(bytes_are_left_to_others),
        WITH_LIMITS(a_claim_brings_what_fits),
        WITH_LIMITS(what_did_not_fit_is_not_asked_for_again),
        cmocka_unit_test(what_is_due_first_comes_first),
        WITH_LIMITS(lanes_leave_room_to_each_other),
        cmocka_unit_test(an_ordered_lane_goes_on_when_all_is_known),
        cmocka_unit_test(the_typical_payload_follows_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
