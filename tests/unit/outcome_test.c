/* What an attempt's end makes of its event. */
#include "case.h"

#include "base/limits.h"
#include "deliver/outcome.h"

enum { CREATED = 1000, STARTED = 5000, ENDED = 5400, RECORDED = 5500, INTERVAL = 60000 };

static const struct retry_rule NO_RULE = {.strategy = RETRY_NONE};
static const struct retry_rule LINEAR = {.strategy = RETRY_LINEAR, .interval_ms = INTERVAL, .count = 3};

/* An event at its first delivery. */
static struct event waiting(void)
{
    return (struct event){.id = 1, .status = EVENT_QUEUED, .due_at = CREATED, .next_trigger = TRIGGER_INITIAL,
                          .created_at = CREATED, .updated_at = CREATED};
}

static struct attempt ended(enum attempt_trigger trigger, int status, enum attempt_error error)
{
    return (struct attempt){.event_id = 1, .successful = status >= 200 && status <= 299, .trigger = trigger,
                            .response_status = status, .error_code = error, .delivered_at = STARTED,
                            .responded_at = status ? ENDED : 0};
}

static void check_event(const char *what, const struct event *event, enum event_status status, int64_t due_at,
                        int64_t next_attempt_at)
{
    check_integer(what, "status", event->status, status);
    check_integer(what, "due_at", event->due_at, due_at);
    check_integer(what, "next_attempt_at", event->next_attempt_at, next_attempt_at);
    check_integer(what, "updated_at", event->updated_at, RECORDED);
    check_integer(what, "last_attempt_at", event->last_attempt_at, STARTED);
}

static void an_attempt_ends_or_plans_the_next(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const struct retry_rule *rule;
        enum attempt_trigger trigger;
        int64_t retries_before, planned_before;
        int status;
        enum attempt_error error;
        const char *retry_after;
        enum event_status expected;
        int64_t next, retries_after;
    } cases[] = {
        {"success", &LINEAR, TRIGGER_INITIAL, 0, 0, 204, 0, NULL, EVENT_SUCCESSFUL, 0, 0},
        {"redirect that was not followed", &NO_RULE, TRIGGER_INITIAL, 0, 0, 302, 0, NULL, EVENT_FAILED, 0, 0},
        {"failure without a rule", &NO_RULE, TRIGGER_INITIAL, 0, 0, 500, 0, NULL, EVENT_FAILED, 0, 0},
        {"failure with a rule", &LINEAR, TRIGGER_INITIAL, 0, 0, 500, 0, NULL, EVENT_FAILED, STARTED + INTERVAL, 0},
        {"refused", &LINEAR, TRIGGER_INITIAL, 0, 0, 0, ATTEMPT_ERROR_CONNECTION_REFUSED, NULL, EVENT_FAILED,
         STARTED + INTERVAL, 0},
        {"a retry counts", &LINEAR, TRIGGER_AUTOMATIC, 1, 0, 500, 0, NULL, EVENT_FAILED, STARTED + INTERVAL, 2},
        {"the last retry", &LINEAR, TRIGGER_AUTOMATIC, 2, 0, 500, 0, NULL, EVENT_FAILED, 0, 3},
        {"unpausing is no retry", &LINEAR, TRIGGER_UNPAUSE, 0, 0, 500, 0, NULL, EVENT_FAILED, STARTED + INTERVAL, 0},
        {"by hand, nothing planned", &LINEAR, TRIGGER_MANUAL, 3, 0, 500, 0, NULL, EVENT_FAILED, 0, 3},
        {"by hand, the plan stays", &LINEAR, TRIGGER_MANUAL, 1, 90000, 500, 0, NULL, EVENT_FAILED, 90000, 1},
        {"in bulk, the plan stays", &LINEAR, TRIGGER_BULK_RETRY, 1, 90000, 500, 0, NULL, EVENT_FAILED, 90000, 1},
        {"by hand, success ends the plan", &LINEAR, TRIGGER_MANUAL, 1, 90000, 200, 0, NULL, EVENT_SUCCESSFUL, 0, 1},
        {"Retry-After wins", &LINEAR, TRIGGER_INITIAL, 0, 0, 429, 0, "7", EVENT_FAILED, RECORDED + 7000, 0},
        {"Retry-After needs no rule", &NO_RULE, TRIGGER_INITIAL, 0, 0, 503, 0, "7", EVENT_FAILED, RECORDED + 7000, 0},
        {"Retry-After -1 stops", &LINEAR, TRIGGER_INITIAL, 0, 0, 503, 0, "-1", EVENT_FAILED, 0, 0},
        {"Retry-After does not shift by hand", &LINEAR, TRIGGER_MANUAL, 1, 90000, 503, 0, "7", EVENT_FAILED, 90000, 1},
        {"Retry-After beyond the last retry", &LINEAR, TRIGGER_AUTOMATIC, 2, 0, 503, 0, "7", EVENT_FAILED, 0, 3},
        {"nothing to send", &LINEAR, TRIGGER_INITIAL, 0, 0, 0, ATTEMPT_ERROR_PAYLOAD_MISSING, NULL, EVENT_FAILED, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event event = waiting();
        event.automatic_retries = cases[i].retries_before;
        event.next_attempt_at = cases[i].planned_before;
        event.next_trigger = cases[i].trigger;
        event.attempts = 4;
        const struct event claimed = event;
        const struct attempt attempt = ended(cases[i].trigger, cases[i].status, cases[i].error);
        outcome_apply(&event, &claimed, &attempt, cases[i].rule, text_of(cases[i].retry_after), RECORDED);
        check_event(cases[i].what, &event, cases[i].expected, cases[i].next, cases[i].next);
        check_integer(cases[i].what, "attempts", event.attempts, 5);
        check_integer(cases[i].what, "automatic_retries", event.automatic_retries, cases[i].retries_after);
        check_integer(cases[i].what, "response_status", event.response_status, cases[i].status);
        check_integer(cases[i].what, "error_code", event.error_code, cases[i].error);
        check_integer(cases[i].what, "successful_at", event.successful_at,
                      cases[i].expected == EVENT_SUCCESSFUL ? ENDED : 0);
        if (cases[i].next != 0)
            check_integer(cases[i].what, "next_trigger", event.next_trigger, TRIGGER_AUTOMATIC);
    }
}

static void what_happened_meanwhile_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool cancelled;
        enum attempt_trigger retried; /* 0: not */
        int status;
        enum event_status expected;
        int64_t due_at;
        enum attempt_error error;
        int64_t response_status;
    } cases[] = {
        {"cancelled, then failed", true, 0, 500, EVENT_CANCELLED, 0, ATTEMPT_ERROR_CANCELLED, 0},
        {"cancelled, then unreachable", true, 0, 0, EVENT_CANCELLED, 0, ATTEMPT_ERROR_CANCELLED, 0},
        {"cancelled, but it arrived", true, 0, 200, EVENT_SUCCESSFUL, 0, ATTEMPT_ERROR_NONE, 200},
        {"asked for again, then failed", false, TRIGGER_MANUAL, 500, EVENT_QUEUED, 5200, ATTEMPT_ERROR_NONE, 500},
        {"asked for again in bulk, then failed", false, TRIGGER_BULK_RETRY, 500, EVENT_QUEUED, 5200, ATTEMPT_ERROR_NONE,
         500},
        {"asked for again, though it arrived", false, TRIGGER_MANUAL, 200, EVENT_QUEUED, 5200, ATTEMPT_ERROR_NONE, 200},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct event claimed = waiting();
        struct event event = claimed;
        if (cases[i].cancelled) {
            event.status = EVENT_CANCELLED;
            event.error_code = ATTEMPT_ERROR_CANCELLED;
            event.due_at = 0;
        }
        if (cases[i].retried) {
            event.due_at = 5200;
            event.next_trigger = cases[i].retried;
        }
        const struct attempt attempt = ended(TRIGGER_INITIAL, cases[i].status,
                                             cases[i].status ? ATTEMPT_ERROR_NONE : ATTEMPT_ERROR_TIMEOUT);
        outcome_apply(&event, &claimed, &attempt, &NO_RULE, TEXT_NONE, RECORDED);
        check_event(cases[i].what, &event, cases[i].expected, cases[i].due_at, 0);
        check_integer(cases[i].what, "error_code", event.error_code, cases[i].error);
        check_integer(cases[i].what, "response_status", event.response_status, cases[i].response_status);
        if (cases[i].retried)
            check_integer(cases[i].what, "next_trigger", event.next_trigger, cases[i].retried);
    }
}

/* Before the first attempt nothing is planned: whoever asked for it, its failure plans the automatic retries. */
static void the_first_attempt_makes_the_plan(void **state)
{
    (void)state;
    static const enum attempt_trigger triggers[] = {TRIGGER_INITIAL, TRIGGER_MANUAL, TRIGGER_BULK_RETRY};
    for (size_t i = 0; i < COUNT(triggers); i++) {
        struct event event = waiting();
        event.next_trigger = triggers[i];
        const struct event claimed = event;
        const struct attempt attempt = ended(triggers[i], 500, ATTEMPT_ERROR_NONE);
        outcome_apply(&event, &claimed, &attempt, &LINEAR, TEXT_NONE, RECORDED);
        check_event(attempt_trigger_name(triggers[i]), &event, EVENT_FAILED, STARTED + INTERVAL, STARTED + INTERVAL);
    }
}

static void every_failure_has_an_error_code(void **state)
{
    (void)state;
    for (int failure = HTTP_OK + 1; failure <= HTTP_FAILED; failure++) {
        enum attempt_error error = outcome_error((enum http_failure)failure);
        assert_int_not_equal(error, ATTEMPT_ERROR_NONE);
        assert_non_null(attempt_error_name(error));
    }
    assert_int_equal(outcome_error(HTTP_OK), ATTEMPT_ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attempt_ends_or_plans_the_next),
        cmocka_unit_test(what_happened_meanwhile_is_kept),
        cmocka_unit_test(the_first_attempt_makes_the_plan),
        cmocka_unit_test(every_failure_has_an_error_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
