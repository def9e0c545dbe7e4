/* Issues over a store: what falls behind, what is undone, what memory may believe. */
#include "store_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "issue/issues.h"
#include "store/issue.h"
#include "store/issue_trigger.h"
#include "store/notification.h"

enum { PATIENCE_MS = 20000 };

struct engine {
    struct catalog *catalog;
    struct issues *issues;
};

static bool put_trigger(struct store_transaction *transaction, void *trigger, struct error *error)
{
    return store_put_issue_trigger(transaction, trigger, error);
}

static bool update_event(struct store_transaction *transaction, void *event, struct error *error)
{
    return store_update_event(transaction, event, error);
}

static void add_trigger(struct fixture *f, enum issue_type type, struct text configs)
{
    struct issue_trigger trigger = {.id = id_new(), .project_id = PROJECT, .type = type, .configs = configs,
                                    .created_at = NOW, .updated_at = NOW};
    MUST_WRITE(f, put_trigger, &trigger);
}

static struct engine start(struct fixture *f)
{
    struct engine engine = {.catalog = catalog_open(f->store, &f->error)};
    assert_non_null(engine.catalog);
    engine.issues = issues_start(f->store, engine.catalog, &f->error);
    assert_non_null(engine.issues);
    return engine;
}

static void stop(struct engine *engine)
{
    issues_stop(engine->issues);
    catalog_close(engine->catalog);
}

static struct issue *list_issues(struct fixture *f, size_t *count)
{
    struct store_list list = {.project_id = PROJECT, .order_by = FIELD_CREATED_AT, .ascending = true, .limit = 100};
    struct store_page page;
    struct issue *issues;
    assert_true(store_list_issues(f->reader, &f->arena, &list, &issues, &page, &f->error));
    *count = page.count;
    return issues;
}

static struct issue await_issue(struct fixture *f, enum issue_status status)
{
    int64_t give_up = clock_monotonic_ms() + PATIENCE_MS;
    while (clock_monotonic_ms() < give_up) {
        size_t count;
        struct issue *issues = list_issues(f, &count);
        if (count == 1 && issues[0].status == status)
            return issues[0];
        usleep(2000);
    }
    fail_msg("no issue became %s", issue_status_name(status));
    return (struct issue){0};
}

/* ---- reported by jobs ---- */

struct report {
    struct engine *engine;
    struct event event;
    struct attempt attempt;
    bool fail;
};

static bool report_attempt(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct report *report = argument;
    return issues_attempt(report->engine->issues, transaction, &report->attempt, &report->event, error) &&
           (!report->fail || error_set(error, ERROR_STORE_IO, "on purpose"));
}

static bool forget(struct store_transaction *transaction, void *issues, struct error *error)
{
    (void)transaction;
    (void)error;
    issues_forget(issues);
    return true;
}

static struct report failing(struct fixture *f, struct engine *engine, int64_t status)
{
    struct event event = put_event(f, 0);
    return (struct report){engine, event,
                           {.id = id_new(), .project_id = PROJECT, .event_id = event.id, .destination_id = f->destination_id,
                            .response_status = status, .delivered_at = clock_now_ms()}, false};
}

static int64_t linked(struct fixture *f, int64_t issue_id)
{
    struct store_value value = {.integer = issue_id};
    struct store_filter filter = {.field = FIELD_ISSUE_ID, .operator = OP_IN, .values = &value, .count = 1};
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1,
                              .order_by = FIELD_CREATED_AT, .limit = 100};
    struct store_page page;
    struct event *events;
    assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
    return (int64_t)page.count;
}

static void what_was_undone_is_not_believed(void **state)
{
    struct fixture *f = *state;
    size_t count;
    add_trigger(f, ISSUE_DELIVERY, TEXT("{\"strategy\":\"final_attempt\",\"connections\":\"*\"}"));
    struct engine engine = start(f);
    struct report report = failing(f, &engine, 500);
    report.fail = true;
    assert_false(write_step(f->store, false, report_attempt, &report, &f->error));
    MUST_WRITE(f, forget, engine.issues);
    list_issues(f, &count);
    assert_int_equal(count, 0);
    report.fail = false;
    MUST_WRITE(f, report_attempt, &report);
    struct issue issue = await_issue(f, ISSUE_OPENED);
    assert_int_equal(linked(f, issue.id), 1);
    stop(&engine);
}

enum { KEYS = KNOWN_ISSUES + 50 };

static bool report_all_keys(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct report *report = argument;
    for (int64_t i = 0; i < KEYS; i++) {
        report->attempt.response_status = 1000 + i;
        if (!report_attempt(transaction, report, error))
            return false;
    }
    return true;
}

/* More keys than memory holds, twice: every one has one issue. */
static void memory_is_bounded_and_forgets_nothing(void **state)
{
    struct fixture *f = *state;
    add_trigger(f, ISSUE_DELIVERY, TEXT("{\"strategy\":\"final_attempt\",\"connections\":\"*\"}"));
    struct engine engine = start(f);
    struct report report = failing(f, &engine, 500);
    MUST_WRITE(f, report_all_keys, &report);
    MUST_WRITE(f, report_all_keys, &report);
    struct store_list list = {.project_id = PROJECT};
    int64_t count;
    assert_true(store_count_issues(f->reader, &list, &count, &f->error));
    assert_int_equal(count, KEYS);
    stop(&engine);
}

/* Seen again within a second: written by the check, or by the stop. */
static void the_last_time_is_written_in_the_end(void **state)
{
    struct fixture *f = *state;
    add_trigger(f, ISSUE_DELIVERY, TEXT("{\"strategy\":\"final_attempt\",\"connections\":\"*\"}"));
    struct engine engine = start(f);
    struct report report = failing(f, &engine, 500);
    MUST_WRITE(f, report_attempt, &report);
    struct issue before = await_issue(f, ISSUE_OPENED);
    usleep(20000);
    MUST_WRITE(f, report_attempt, &report);
    assert_true(await_issue(f, ISSUE_OPENED).last_seen_at == before.last_seen_at);
    stop(&engine);
    assert_true(await_issue(f, ISSUE_OPENED).last_seen_at >= before.last_seen_at + 20);
}

static void a_destination_that_is_behind_has_an_issue_until_it_is_not(void **state)
{
    struct fixture *f = *state;
    int64_t check_ms = limits.issue_check_ms, now = clock_now_ms();
    limits.issue_check_ms = 100;
    add_trigger(f, ISSUE_BACKPRESSURE, TEXT("{\"delay\":90000,\"destinations\":\"sh*\"}"));
    struct event event = put_event(f, now - 80000);
    struct engine engine = start(f);
    usleep(300000);
    size_t count;
    list_issues(f, &count);
    assert_int_equal(count, 0);
    struct event older = put_event(f, now - 100000);
    struct issue issue = await_issue(f, ISSUE_OPENED);
    assert_int_equal(issue.key.type, ISSUE_BACKPRESSURE);
    assert_int_equal(issue.key.subject_id, f->destination_id);
    assert_int_equal(issue.key.first, 90000);
    older.due_at = 0;
    MUST_WRITE(f, update_event, &older);
    usleep(300000);
    await_issue(f, ISSUE_OPENED); /* 80 s are more than half of the delay */
    event.due_at = 0;
    MUST_WRITE(f, update_event, &event);
    assert_true(await_issue(f, ISSUE_RESOLVED).auto_resolved_at > 0);
    older.due_at = now - 200000;
    MUST_WRITE(f, update_event, &older);
    struct issue again = await_issue(f, ISSUE_OPENED);
    assert_int_equal(again.id, issue.id);
    assert_int_equal(again.first_seen_at, issue.first_seen_at);
    stop(&engine);
    limits.issue_check_ms = check_ms;
}

/* ---- transformations ---- */

struct run_report {
    struct issues *issues;
    struct execution execution;
};

static bool report_run(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct run_report *report = argument;
    return issues_execution(report->issues, transaction, &report->execution, error);
}

static void runs_that_report_enough_have_an_issue(void **state)
{
    struct fixture *f = *state;
    size_t count;
    add_trigger(f, ISSUE_TRANSFORMATION, TEXT("{\"log_level\":\"error\",\"transformations\":\"*\"}"));
    struct engine engine = start(f);
    struct run_report report = {engine.issues, {.id = id_new(), .project_id = PROJECT, .transformation_id = 5,
                                                .connection_id = f->connection_id, .log_level = EXECUTION_WARN}};
    MUST_WRITE(f, report_run, &report);
    assert_int_equal(report.execution.issue_id, 0);
    report.execution.log_level = EXECUTION_FATAL;
    report.execution.connection_id = 0;
    MUST_WRITE(f, report_run, &report);
    assert_int_equal(report.execution.issue_id, 0);
    report.execution.connection_id = f->connection_id;
    MUST_WRITE(f, report_run, &report);
    struct issue *issues = list_issues(f, &count);
    assert_int_equal(count, 1);
    assert_true(issues[0].id == report.execution.issue_id);
    assert_true(issues[0].reference_id == report.execution.id);
    assert_int_equal(issues[0].key.first, EXECUTION_FATAL);
    stop(&engine);
}

/* ---- telling ---- */

static bool put_notification(struct store_transaction *transaction, void *notification, struct error *error)
{
    return store_put_notification(transaction, notification, error);
}

static size_t notices(struct fixture *f, struct notice **found)
{
    size_t count;
    assert_true(store_read_notices(f->reader, &f->arena, 0, 100, found, &count, &f->error));
    return count;
}

static void a_notification_is_never_about_notifications(void **state)
{
    struct fixture *f = *state;
    struct notice *found;
    add_trigger(f, ISSUE_DELIVERY, TEXT("{\"strategy\":\"final_attempt\",\"connections\":\"*\"}"));
    struct notification own = {PROJECT, f->source_id, true, ~0u, NOW}, other = {PROJECT, 99, true, ~0u, NOW};
    MUST_WRITE(f, put_notification, &own);
    struct engine engine = start(f);
    struct report report = failing(f, &engine, 500);
    MUST_WRITE(f, report_attempt, &report);
    assert_int_equal(notices(f, &found), 1); /* the issue, for its channels only */
    assert_int_equal(found[0].topic, TOPIC_ISSUE_OPENED);
    assert_false(found[0].to_source);
    MUST_WRITE(f, put_notification, &other);
    assert_true(catalog_refresh(engine.catalog, &f->error));
    MUST_WRITE(f, report_attempt, &report);
    report.attempt.successful = true;
    MUST_WRITE(f, report_attempt, &report);
    assert_int_equal(notices(f, &found), 3);
    assert_int_equal(found[1].topic, TOPIC_ATTEMPT_FAILED);
    assert_true(found[1].to_source && found[1].object_id == report.attempt.id);
    assert_int_equal(found[2].topic, TOPIC_EVENT_SUCCESSFUL);
    assert_true(found[2].to_source && found[2].object_id == report.event.id);
    stop(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_was_undone_is_not_believed),
        WITH_STORE(memory_is_bounded_and_forgets_nothing),
        WITH_STORE(the_last_time_is_written_in_the_end),
        WITH_STORE(a_destination_that_is_behind_has_an_issue_until_it_is_not),
        WITH_STORE(runs_that_report_enough_have_an_issue),
        WITH_STORE(a_notification_is_never_about_notifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
