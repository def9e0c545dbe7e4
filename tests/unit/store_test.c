/* The store through store.h: records, leases, slices, lists. */
#include "store_fixture.h"

#include "store/project.h"

/* ---- records ---- */

static bool insert_project_and_key(struct store_transaction *transaction, void *argument, struct error *error)
{
    (void)argument;
    const struct project project = {.id = PROJECT, .name = TEXT("one"), .signing_secret = TEXT("s"), .created_at = 1};
    const struct api_key key = {.id = 1, .project_id = PROJECT, .last_digits = TEXT("abcd"), .created_at = 1};
    return store_put_project(transaction, &project, error) &&
           store_insert_api_key(transaction, &key, TEXT("beef"), error);
}

static void configuration_comes_back_as_written(void **state)
{
    struct fixture *f = *state;
    struct source source;
    struct destination destination;
    struct connection connection;
    struct project project;
    struct api_key key;
    MUST_WRITE(f, insert_project_and_key, NULL);
    assert_true(store_read_project(f->reader, &f->arena, PROJECT, &project, &f->error));
    ASSERT_TEXT(project.name, "one");
    assert_true(store_read_api_key_by_hash(f->reader, &f->arena, TEXT("beef"), &key, &f->error));
    assert_int_equal(key.project_id, PROJECT);
    assert_false(key.is_operator);
    assert_false(store_read_api_key_by_hash(f->reader, &f->arena, TEXT("bee"), &key, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);

    assert_true(store_read_source(f->reader, &f->arena, PROJECT, f->source_id, &source, &f->error));
    ASSERT_TEXT(source.token, "token-1");
    ASSERT_TEXT(source.config, "{\"a\":1}");
    assert_null(source.description.data);
    assert_false(store_read_source(f->reader, &f->arena, PROJECT + 1, f->source_id, &source, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);
    assert_true(store_read_destination_by_name(f->reader, &f->arena, PROJECT, TEXT("shop"), &destination, &f->error));
    assert_int_equal(destination.type, DESTINATION_MOCK_API);
    assert_true(store_read_connection_by_name(f->reader, &f->arena, PROJECT, 0, TEXT("main"), &connection, &f->error));
    assert_int_equal(connection.destination_id, f->destination_id);
}

static void bodies_come_back_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    struct request request = a_request(f->source_id, TEXT("\0\xff{}\n")), read;
    MUST_WRITE(f, insert_request, &request);
    assert_true(store_read_request(f->reader, &f->arena, PROJECT, request.id, true, &read, &f->error));
    assert_true(text_equal(read.body, request.body));
    ASSERT_TEXT(read.path, "/Orders");
    assert_true(store_read_request(f->reader, &f->arena, PROJECT, request.id, false, &read, &f->error));
    assert_null(read.body.data);
    assert_int_equal(read.events_count, 1);
}

static void a_live_name_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct source twin = a_source(TEXT("orders"), TEXT("token-2")), first;
    assert_false(write_step(f->store, true, put_source, &twin, &f->error));
    assert_int_equal(f->error.code, ERROR_CONFLICT);
    assert_true(store_is_writable(f->store));
    assert_true(store_read_source(f->reader, &f->arena, 0, f->source_id, &first, &f->error));
    first.deleted_at = NOW;
    MUST_WRITE(f, put_source, &first);
    MUST_WRITE(f, put_source, &twin);
    struct connection nameless = a_connection(f->source_id, f->destination_id, TEXT_NONE), other = nameless;
    other.id = id_new();
    MUST_WRITE(f, put_connection, &nameless);
    MUST_WRITE(f, put_connection, &other);
}

static void changes_tell_what_came_after(void **state)
{
    struct fixture *f = *state;
    struct store_changes changes;
    assert_true(store_read_changes(f->reader, &f->arena, 0, &changes, &f->error));
    assert_int_equal(changes.source_count, 1);
    assert_int_equal(changes.connection_count, 1);
    int64_t since = changes.last;
    struct source source = changes.sources[0];
    source.deleted_at = NOW;
    MUST_WRITE(f, put_source, &source);
    assert_true(store_read_changes(f->reader, &f->arena, since, &changes, &f->error));
    assert_int_equal(changes.source_count, 1);
    assert_int_equal(changes.sources[0].deleted_at, NOW);
    assert_int_equal(changes.destination_count, 0);
    assert_true(changes.last > since);
}

static void a_second_process_is_turned_away(void **state)
{
    struct fixture *f = *state;
    char pid[16];
    assert_null(store_open(f->directory, &f->error));
    assert_int_equal(f->error.code, ERROR_CONFLICT);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_non_null(strstr(f->error.message, f->directory));
    assert_non_null(strstr(f->error.message, pid));
}

/* ---- leases ---- */

struct claiming {
    struct arena arena;
    struct store_lane lane;
    int64_t now;
    size_t limit;
    struct store_claimed claimed;
};

static bool run_claiming(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct claiming *claiming = argument;
    return store_claim(transaction, &claiming->lane, claiming->now, claiming->limit, &claiming->arena, &claiming->claimed,
                       error);
}

/* Claims and says how many; *first is the first one's id. */
static size_t claim(struct fixture *f, size_t limit, int64_t *first, int64_t *next_due_at)
{
    struct claiming claiming = {.lane.destination_id = f->destination_id, .now = NOW, .limit = limit};
    MUST_WRITE(f, run_claiming, &claiming);
    *first = claiming.claimed.count > 0 ? claiming.claimed.events[0].id : 0;
    *next_due_at = claiming.claimed.next_due_at;
    arena_free(&claiming.arena);
    return claiming.claimed.count;
}

static void claims_take_the_oldest_due_once(void **state)
{
    struct fixture *f = *state;
    struct event later = put_event(f, NOW), sooner = put_event(f, NOW - 5);
    struct event future = put_event(f, NOW + 9), leased = an_event(f, id_new(), NOW - 9);
    int64_t first, next;
    MUST_WRITE(f, insert_leased_event, &leased);
    assert_int_equal(claim(f, 1, &first, &next), 1);
    assert_int_equal(first, sooner.id);
    assert_int_equal(next, NOW);
    assert_int_equal(claim(f, 9, &first, &next), 1);
    assert_int_equal(first, later.id);
    assert_int_equal(next, future.due_at);
    store_release(f->store, &sooner.id, 1);
    assert_int_equal(claim(f, 9, &first, &next), 1);
    assert_int_equal(first, sooner.id);
}

static void leases_end_with_the_process_that_held_them(void **state)
{
    struct fixture *f = *state;
    struct event leased = an_event(f, id_new(), NOW - 9);
    int64_t first, next;
    struct due_destination *due;
    size_t count;
    MUST_WRITE(f, insert_leased_event, &leased);
    close_store(f);
    open_store(f);
    assert_true(store_read_due_destinations(f->reader, &f->arena, &due, &count, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(due[0].destination_id, f->destination_id);
    assert_int_equal(due[0].plain_due_at, NOW - 9);
    assert_int_equal(due[0].lane_due_at, 0);
    assert_int_equal(claim(f, 9, &first, &next), 1);
    assert_int_equal(first, leased.id);
}

/* ---- lanes ---- */

static struct event put_in_lane(struct fixture *f, int64_t lane, int64_t due_at, enum event_status status)
{
    struct event event = an_event(f, id_new(), due_at);
    event.lane = lane;
    event.status = status;
    event.delivery_group = TEXT("a group");
    MUST_WRITE(f, insert_event, &event);
    return event;
}

/* The ids of a claim from a lane, one for each place in `events`; 0 where there is none. */
static struct store_claimed claim_lane(struct fixture *f, struct store_lane lane, int64_t *ids, size_t limit)
{
    struct claiming claiming = {.lane = lane, .now = NOW, .limit = limit};
    MUST_WRITE(f, run_claiming, &claiming);
    for (size_t i = 0; i < limit; i++)
        ids[i] = i < claiming.claimed.count ? claiming.claimed.events[i].id : 0;
    arena_free(&claiming.arena);
    return claiming.claimed;
}

static void lanes_are_claimed_one_by_one(void **state)
{
    struct fixture *f = *state;
    struct event plain = put_event(f, NOW - 1), late = put_in_lane(f, 7, NOW, EVENT_QUEUED);
    struct event early = put_in_lane(f, 7, NOW - 5, EVENT_QUEUED), other = put_in_lane(f, 9, NOW - 7, EVENT_QUEUED);
    struct due_destination *due;
    struct due_lane *lanes;
    int64_t ids[3];
    size_t count;
    assert_true(store_read_due_destinations(f->reader, &f->arena, &due, &count, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(due[0].plain_due_at, NOW - 1);
    assert_int_equal(due[0].lane_due_at, NOW - 7);
    assert_true(store_read_due_lanes(f->reader, &f->arena, f->destination_id, 0, 9, &lanes, &count, &f->error));
    assert_int_equal(count, 2);
    assert_int_equal(lanes[0].key, 7);
    assert_int_equal(lanes[0].due_at, NOW - 5);
    assert_true(store_read_due_lanes(f->reader, &f->arena, f->destination_id, 7, 9, &lanes, &count, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(lanes[0].key, 9);
    claim_lane(f, (struct store_lane){f->destination_id, 7, false}, ids, 3);
    assert_int_equal(ids[0], early.id);
    assert_int_equal(ids[1], late.id);
    assert_int_equal(ids[2], 0);
    claim_lane(f, (struct store_lane){f->destination_id, 0, false}, ids, 3);
    assert_int_equal(ids[0], plain.id);
    assert_int_equal(ids[1], 0);
    struct event read = read_event(f, other.id);
    assert_int_equal(read.lane, 9);
    ASSERT_TEXT(read.delivery_group, "a group");
}

static bool update_event(struct store_transaction *transaction, void *event, struct error *error)
{
    return store_update_event(transaction, event, error);
}

static void an_ordered_lane_gives_what_comes_first(void **state)
{
    struct fixture *f = *state;
    struct store_lane lane = {f->destination_id, 7, true};
    struct event first = put_in_lane(f, 7, NOW, EVENT_QUEUED), second = put_in_lane(f, 7, NOW - 5, EVENT_QUEUED);
    struct event retried = put_in_lane(f, 7, NOW + 9, EVENT_FAILED);
    put_in_lane(f, 7, NOW - 9, EVENT_QUEUED);
    int64_t ids[4];
    struct store_claimed claimed = claim_lane(f, lane, ids, 4);
    assert_int_equal(claimed.count, 2); /* the third waits for its moment, and the fourth for the third */
    assert_int_equal(ids[0], first.id);
    assert_int_equal(ids[1], second.id);
    assert_int_equal(claimed.next_due_at, NOW + 9);
    assert_false(claimed.held);
    store_release(f->store, &second.id, 1);
    claimed = claim_lane(f, lane, ids, 4); /* the first is leased */
    assert_int_equal(claimed.count, 0);
    assert_int_equal(claimed.next_due_at, 0);
    store_release(f->store, &first.id, 1);
    first.status = EVENT_HOLD;
    first.due_at = 0;
    MUST_WRITE(f, update_event, &first);
    claimed = claim_lane(f, lane, ids, 4);
    assert_int_equal(claimed.count, 0);
    assert_true(claimed.held);
    first.status = second.status = retried.status = EVENT_SUCCESSFUL;
    second.due_at = retried.due_at = 0;
    MUST_WRITE(f, update_event, &first);
    MUST_WRITE(f, update_event, &second);
    MUST_WRITE(f, update_event, &retried);
    assert_int_equal(claim_lane(f, lane, ids, 4).count, 1);
}

struct outcome {
    struct attempt attempt;
    struct event event;
};

static bool record(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct outcome *outcome = argument;
    return store_record_attempt(transaction, &outcome->attempt, &outcome->event, error);
}

static void an_outcome_ends_the_lease(void **state)
{
    struct fixture *f = *state;
    struct event event = put_event(f, NOW - 1);
    struct attempt attempt;
    int64_t first, next;
    assert_int_equal(claim(f, 9, &first, &next), 1);
    struct outcome outcome = {
        .attempt = {.id = id_new(), .project_id = PROJECT, .event_id = event.id, .destination_id = f->destination_id,
                    .attempt_number = 1, .trigger = TRIGGER_INITIAL, .response_status = 500, .body = TEXT("no"),
                    .delivery_latency_ms = 3, .response_latency_ms = 4},
        .event = event};
    outcome.event.status = EVENT_FAILED;
    outcome.event.due_at = outcome.event.next_attempt_at = NOW;
    outcome.event.attempts = 1;
    MUST_WRITE(f, record, &outcome);
    assert_true(store_read_attempt(f->reader, &f->arena, PROJECT, outcome.attempt.id, &attempt, &f->error));
    ASSERT_TEXT(attempt.body, "no");
    assert_int_equal(read_event(f, event.id).status, EVENT_FAILED);
    assert_int_equal(claim(f, 9, &first, &next), 1);
    assert_int_equal(first, event.id);
}

/* ---- slices ---- */

typedef bool (*slice_function)(struct store_transaction *, int64_t, int64_t, size_t, size_t *, struct error *);

struct slicing {
    slice_function slice;
    int64_t connection_id;
    size_t changed;
};

static bool run_slicing(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct slicing *slicing = argument;
    return slicing->slice(transaction, slicing->connection_id, NOW + 1, 2, &slicing->changed, error);
}

static size_t change_all(struct fixture *f, slice_function slice)
{
    struct slicing slicing = {.slice = slice, .connection_id = f->connection_id};
    size_t sum = 0;
    do {
        MUST_WRITE(f, run_slicing, &slicing);
        assert_true(slicing.changed <= 2);
        sum += slicing.changed;
    } while (slicing.changed > 0 && sum < 100);
    return sum;
}

static void slices_hold_resume_and_cancel(void **state)
{
    struct fixture *f = *state;
    struct event events[5], leased = an_event(f, id_new(), NOW);
    for (size_t i = 0; i < 5; i++)
        events[i] = put_event(f, NOW + (int64_t)i);
    MUST_WRITE(f, insert_leased_event, &leased);
    assert_int_equal(change_all(f, store_hold_events), 5);
    assert_int_equal(read_event(f, events[4].id).status, EVENT_HOLD);
    assert_int_equal(read_event(f, events[4].id).due_at, 0);
    assert_int_equal(read_event(f, leased.id).status, EVENT_QUEUED);
    assert_int_equal(change_all(f, store_resume_events), 5);
    assert_int_equal(read_event(f, events[0].id).status, EVENT_QUEUED);
    assert_int_equal(read_event(f, events[0].id).due_at, NOW + 1);
    assert_int_equal(read_event(f, events[0].id).next_trigger, TRIGGER_UNPAUSE);
    struct slicing some = {.slice = store_hold_events, .connection_id = f->connection_id};
    MUST_WRITE(f, run_slicing, &some); /* two are held now, three are queued: both are cancelled */
    assert_int_equal(change_all(f, store_cancel_events), 5);
    assert_int_equal(read_event(f, events[2].id).status, EVENT_CANCELLED);
}

/* ---- lists ---- */

static size_t list_events(struct fixture *f, struct store_list list, struct event **events, struct store_page *page)
{
    list.project_id = PROJECT;
    if (!store_list_events(f->reader, &f->arena, &list, events, page, &f->error))
        fail_msg("%s", f->error.message);
    return page->count;
}

static void pages_go_forward_and_back_while_rows_come_in(void **state)
{
    struct fixture *f = *state;
    struct event made[ROWS], *events;
    struct store_page page, back;
    struct store_list list = {.order_by = FIELD_CREATED_AT, .limit = 3};
    for (size_t i = 0; i < ROWS; i++)
        made[i] = put_event(f, 0);
    assert_int_equal(list_events(f, list, &events, &page), 3);
    assert_int_equal(events[0].id, made[6].id);
    assert_null(page.prev.data);
    put_event(f, 0); /* newest first: neither repeats nor hides a row of the next page */
    list.next = page.next;
    assert_int_equal(list_events(f, list, &events, &page), 3);
    assert_int_equal(events[0].id, made[3].id);
    list.next = page.next;
    assert_int_equal(list_events(f, list, &events, &back), 1);
    assert_int_equal(events[0].id, made[0].id);
    assert_null(back.next.data);
    list.next = TEXT_NONE;
    list.prev = page.prev;
    assert_int_equal(list_events(f, list, &events, &page), 3);
    assert_int_equal(events[0].id, made[6].id);
    assert_int_equal(events[2].id, made[4].id);
    assert_non_null(page.prev.data); /* the row that came in */
    list.prev = TEXT_NONE;
    list.limit = 0;
    assert_int_equal(list_events(f, list, &events, &page), 0);
}

static void lists_are_filtered(void **state)
{
    struct fixture *f = *state;
    struct event failed = an_event(f, id_new(), 0), *events;
    struct store_page page;
    struct store_value status = {.integer = EVENT_FAILED}, gone = {.integer = 12345};
    struct store_filter filters[] = {
        {.field = FIELD_STATUS, .operator= OP_IN, .values = &status, .count = 1},
        {.field = FIELD_CONNECTION_ID, .operator= OP_IN, .values = &gone, .count = 1}};
    struct store_list list = {.order_by = FIELD_CREATED_AT, .limit = 5, .filters = filters, .filter_count = 1};
    put_event(f, 0);
    failed.status = EVENT_FAILED;
    MUST_WRITE(f, insert_event, &failed);
    assert_int_equal(list_events(f, list, &events, &page), 1);
    assert_int_equal(events[0].id, failed.id);
    list.filter_count = 2;
    assert_int_equal(list_events(f, list, &events, &page), 0);
    filters[0].field = FIELD_FULL_NAME;
    list.project_id = PROJECT;
    assert_false(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
    assert_int_equal(f->error.code, ERROR_INVALID);
}

static void requests_are_searched(void **state)
{
    struct fixture *f = *state;
    struct request request = a_request(f->source_id, TEXT("{\"name\":\"Needle\"}")), other, *found;
    struct store_page page;
    struct store_value term = {.is_text = true, .text = TEXT("nEEdle")};
    struct store_filter filter = {.field = FIELD_SEARCH_TERM, .operator= OP_CONTAINS, .values = &term, .count = 1};
    struct store_list list = {.project_id = PROJECT, .order_by = FIELD_CREATED_AT, .limit = 5, .filters = &filter,
                              .filter_count = 1};
    other = a_request(f->source_id, TEXT("hay"));
    MUST_WRITE(f, insert_request, &request);
    MUST_WRITE(f, insert_request, &other);
    assert_true(store_list_requests(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(page.count, 1);
    assert_int_equal(found[0].id, request.id);
}

static void connections_have_a_full_name_and_a_count(void **state)
{
    struct fixture *f = *state;
    struct connection nameless = a_connection(f->source_id, f->destination_id, TEXT_NONE), *found;
    struct store_page page;
    int64_t count;
    struct store_value name = {.is_text = true, .text = TEXT("orders -> shop")};
    struct store_filter filter = {.field = FIELD_FULL_NAME, .operator= OP_IN, .values = &name, .count = 1};
    struct store_list list = {.project_id = PROJECT, .order_by = FIELD_NAME, .limit = 5, .filters = &filter,
                              .filter_count = 1};
    MUST_WRITE(f, put_connection, &nameless);
    assert_true(store_list_connections(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(page.count, 1);
    assert_int_equal(found[0].id, nameless.id);
    list.filter_count = 0;
    assert_true(store_count(f->reader, COUNT_CONNECTIONS, &list, &count, &f->error));
    assert_int_equal(count, 2);
    list.next = TEXT("no-cursor");
    assert_false(store_list_connections(f->reader, &f->arena, &list, &found, &page, &f->error));
    assert_int_equal(f->error.code, ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(configuration_comes_back_as_written),
        WITH_STORE(bodies_come_back_byte_for_byte),
        WITH_STORE(a_live_name_is_taken_once),
        WITH_STORE(changes_tell_what_came_after),
        WITH_STORE(a_second_process_is_turned_away),
        WITH_STORE(claims_take_the_oldest_due_once),
        WITH_STORE(leases_end_with_the_process_that_held_them),
        WITH_STORE(lanes_are_claimed_one_by_one),
        WITH_STORE(an_ordered_lane_gives_what_comes_first),
        WITH_STORE(an_outcome_ends_the_lease),
        WITH_STORE(slices_hold_resume_and_cancel),
        WITH_STORE(pages_go_forward_and_back_while_rows_come_in),
        WITH_STORE(lists_are_filtered),
        WITH_STORE(requests_are_searched),
        WITH_STORE(connections_have_a_full_name_and_a_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
