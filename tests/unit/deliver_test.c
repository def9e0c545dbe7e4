/* The delivery engine over a store: what becomes of events that cannot simply be delivered. */
#include "store_fixture.h"

#include <semaphore.h>

#include "base/clock.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "deliver/deliver.h"
#include "issue/issues.h"

enum { PATIENCE_MS = 20000 };

struct engine {
    struct catalog *catalog;
    struct issues *issues;
    struct deliver *deliver;
};

static struct engine start_engine(struct fixture *f)
{
    struct engine engine = {.catalog = catalog_open(f->store, &f->error)};
    if (engine.catalog == NULL)
        fail_msg("%s", f->error.message);
    engine.issues = issues_start(f->store, engine.catalog, &f->error);
    if (engine.issues == NULL)
        fail_msg("%s", f->error.message);
    engine.deliver = deliver_start(f->store, engine.catalog, engine.issues, NULL, "http://gate.test", NULL, &f->error);
    if (engine.deliver == NULL)
        fail_msg("%s", f->error.message);
    return engine;
}

static void stop_engine(struct engine *engine)
{
    deliver_stop(engine->deliver, PATIENCE_MS);
    issues_stop(engine->issues);
    catalog_close(engine->catalog);
}

static struct event await_status(struct fixture *f, int64_t event_id, enum event_status status)
{
    int64_t give_up = clock_monotonic_ms() + PATIENCE_MS;
    struct event event = read_event(f, event_id);
    while (event.status != status && clock_monotonic_ms() < give_up) {
        usleep(1000);
        event = read_event(f, event_id);
    }
    assert_int_equal(event.status, status);
    return event;
}

/* With its request, whose id the event carries. */
static struct event put_whole_event(struct fixture *f, enum attempt_trigger trigger)
{
    struct request request = a_request(f->source_id, TEXT("{}"));
    struct event event = an_event(f, request.id, NOW);
    event.next_trigger = trigger;
    MUST_WRITE(f, insert_request, &request);
    MUST_WRITE(f, insert_event, &event);
    return event;
}

static void set_paused(struct fixture *f, int64_t paused_at)
{
    struct connection connection;
    assert_true(store_read_connection(f->reader, &f->arena, 0, f->connection_id, &connection, &f->error));
    connection.paused_at = paused_at;
    MUST_WRITE(f, put_connection, &connection);
}

static struct attempt only_attempt(struct fixture *f, int64_t event_id)
{
    struct store_value value = {.integer = event_id};
    struct store_filter filter = {.field = FIELD_EVENT_ID, .operator = OP_IN, .values = &value, .count = 1};
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1,
                              .order_by = FIELD_CREATED_AT, .limit = 10};
    struct store_page page;
    struct attempt *attempts;
    assert_true(store_list_attempts(f->reader, &f->arena, &list, &attempts, &page, &f->error));
    assert_int_equal(page.count, 1);
    return attempts[0];
}

static void what_is_due_at_the_start_is_delivered(void **state)
{
    struct fixture *f = *state;
    struct event event = put_whole_event(f, TRIGGER_INITIAL);
    struct engine engine = start_engine(f);
    struct event after = await_status(f, event.id, EVENT_SUCCESSFUL);
    stop_engine(&engine);
    assert_int_equal(after.attempts, 1);
    struct attempt attempt = only_attempt(f, event.id);
    ASSERT_TEXT(attempt.requested_url, "mock://fairlead/Orders");
    assert_int_equal(attempt.response_status, 200);
}

static void an_event_without_its_request_fails(void **state)
{
    struct fixture *f = *state;
    struct event lost = put_event(f, NOW), whole = put_whole_event(f, TRIGGER_INITIAL);
    struct engine engine = start_engine(f);
    struct event after = await_status(f, lost.id, EVENT_FAILED);
    await_status(f, whole.id, EVENT_SUCCESSFUL); /* what stands behind it is not held up */
    stop_engine(&engine);
    assert_int_equal(after.error_code, ATTEMPT_ERROR_PAYLOAD_MISSING);
    assert_int_equal(after.due_at, 0);
    assert_int_equal(after.attempts, 1);
    assert_int_equal(only_attempt(f, lost.id).error_code, ATTEMPT_ERROR_PAYLOAD_MISSING);
}

static void a_paused_connection_holds_what_users_ask_for_too(void **state)
{
    struct fixture *f = *state;
    set_paused(f, NOW);
    struct event initial = put_whole_event(f, TRIGGER_INITIAL);
    struct engine engine = start_engine(f);
    await_status(f, initial.id, EVENT_HOLD);
    struct event by_hand = put_whole_event(f, TRIGGER_MANUAL);
    deliver_wake(engine.deliver, &by_hand);
    assert_int_equal(await_status(f, by_hand.id, EVENT_HOLD).attempts, 0);
    set_paused(f, 0);
    assert_true(catalog_refresh(engine.catalog, &f->error));
    await_status(f, initial.id, EVENT_SUCCESSFUL);
    await_status(f, by_hand.id, EVENT_SUCCESSFUL);
    stop_engine(&engine);
    assert_int_equal(only_attempt(f, by_hand.id).trigger, TRIGGER_UNPAUSE);
}

/* ---- a store that is stuck, with a full queue ---- */

enum { QUEUE = 64 };

static sem_t stuck, go_on;

static bool get_stuck(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    (void)transaction;
    (void)job;
    (void)error;
    sem_post(&stuck);
    sem_wait(&go_on);
    return true;
}

static bool do_nothing(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    (void)transaction;
    (void)job;
    (void)error;
    return true;
}

static void ignore_end(struct store_job *job, const struct error *error)
{
    (void)job;
    (void)error;
}

/* Until go_on is posted the store takes nothing more. The jobs must outlive it. */
static void stuff(struct store *store, struct store_job jobs[QUEUE + 1])
{
    jobs[0] = (struct store_job){.run = get_stuck, .done = ignore_end};
    assert_true(store_submit(store, &jobs[0], NULL));
    sem_wait(&stuck);
    for (int i = 1; i <= QUEUE; i++) {
        jobs[i] = (struct store_job){.run = do_nothing, .done = ignore_end};
        assert_true(store_submit(store, &jobs[i], NULL));
    }
}

static void what_the_store_refuses_is_offered_again(void **state)
{
    struct fixture *f = *state;
    struct store_job jobs[QUEUE + 1];
    const int64_t queue = limits.store_queue;
    set_paused(f, NOW);
    struct event event = put_whole_event(f, TRIGGER_INITIAL);
    limits.store_queue = QUEUE; /* only who submits reads it, and the engine's threads do not run yet */
    struct engine engine = start_engine(f);
    await_status(f, event.id, EVENT_HOLD);
    set_paused(f, 0);
    sem_init(&stuck, 0, 0);
    sem_init(&go_on, 0, 0);
    stuff(f->store, jobs);
    assert_true(catalog_refresh(engine.catalog, &f->error));
    assert_int_equal(read_event(f, event.id).status, EVENT_HOLD);
    sem_post(&go_on);
    await_status(f, event.id, EVENT_SUCCESSFUL);
    stop_engine(&engine);
    sem_destroy(&stuck);
    sem_destroy(&go_on);
    limits.store_queue = queue;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_due_at_the_start_is_delivered),
        WITH_STORE(an_event_without_its_request_fails),
        WITH_STORE(a_paused_connection_holds_what_users_ask_for_too),
        WITH_STORE(what_the_store_refuses_is_offered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
