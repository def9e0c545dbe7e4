/* Lists of traffic: which index each filter takes, and that pages, partial or not, neither lose nor repeat a record. */
#include "store_fixture.h"

#include "base/limits.h"
#include "model/settings.h"
#include "store/list.h"
#include "store/project.h"

enum { EVENTS = 400, CONNECTIONS = 5, PAGE = 7 };

/* ---- plans ---- */

static const struct store_value ONE = {.integer = 1}, TWO = {.integer = 2}, FAILED = {.integer = EVENT_FAILED},
                                QUEUED = {.integer = EVENT_QUEUED}, SUCCESSFUL = {.integer = EVENT_SUCCESSFUL},
                                OK = {.integer = 200}, ERROR_500 = {.integer = 500}, MOMENT = {.integer = 1750000000000};
static const struct store_value BAD_OR_OK[] = {{.integer = 500}, {.integer = 200}};

#define IS(field_of, value) {.field = field_of, .operator = OP_IN, .values = &value, .count = 1}
#define COMPARES(field_of, operator_of, value) {.field = field_of, .operator = operator_of, .values = &value, .count = 1}
#define BY_KEY "SEARCH event USING INTEGER PRIMARY KEY (rowid<?)\n"

static const struct plan_row {
    const char *expected;
    struct store_filter filters[3];
} EVENT_PLANS[] = {
    {"SCAN event\n", {{0}}},
    {"SEARCH event USING INTEGER PRIMARY KEY (rowid=?)\n", {IS(FIELD_ID, ONE)}},
    {"SCAN event\n", {IS(FIELD_STATUS, SUCCESSFUL)}},
    {"SCAN event\n", {IS(FIELD_STATUS, QUEUED)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {IS(FIELD_STATUS, FAILED)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {IS(FIELD_RESPONSE_STATUS, ERROR_500)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {COMPARES(FIELD_RESPONSE_STATUS, OP_GTE, ERROR_500)}},
    {"SCAN event\n", {IS(FIELD_RESPONSE_STATUS, OK)}},
    {"SCAN event\n", {COMPARES(FIELD_RESPONSE_STATUS, OP_LT, ERROR_500)}},
    {"SCAN event\n", {{.field = FIELD_RESPONSE_STATUS, .operator = OP_IN, .values = BAD_OR_OK, .count = 2}}},
    {"SCAN event USING COVERING INDEX event_notable\n", {IS(FIELD_ERROR_CODE, ONE)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {{.field = FIELD_ERROR_CODE, .operator = OP_IS_NOT_NULL}}},
    {"SCAN event\n", {{.field = FIELD_ERROR_CODE, .operator = OP_IS_NULL}}},
    {"SCAN event\n", {IS(FIELD_ATTEMPTS, ONE)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {IS(FIELD_ATTEMPTS, TWO)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {COMPARES(FIELD_ATTEMPTS, OP_GT, ONE)}},
    {"SCAN event\n", {COMPARES(FIELD_ATTEMPTS, OP_GTE, ONE)}},
    {"SCAN event USING COVERING INDEX event_notable\n", {{.field = FIELD_NEXT_ATTEMPT_AT, .operator = OP_IS_NOT_NULL}}},
    {"SEARCH event USING INTEGER PRIMARY KEY (rowid>?)\n", {COMPARES(FIELD_CREATED_AT, OP_GTE, MOMENT)}},
    {BY_KEY, {COMPARES(FIELD_CREATED_AT, OP_LT, MOMENT)}},
    {"SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)\n",
     {COMPARES(FIELD_CREATED_AT, OP_GTE, MOMENT), COMPARES(FIELD_CREATED_AT, OP_LT, MOMENT)}},
    {BY_KEY, {COMPARES(FIELD_LAST_ATTEMPT_AT, OP_LTE, MOMENT)}},
    {BY_KEY, {COMPARES(FIELD_SUCCESSFUL_AT, OP_LTE, MOMENT)}},
    {"SCAN event\n", {COMPARES(FIELD_LAST_ATTEMPT_AT, OP_GTE, MOMENT)}},
    {"SEARCH event USING INDEX event_request (request_id=?)\n", {IS(FIELD_REQUEST_ID, ONE)}},
    {"SEARCH issue_event USING PRIMARY KEY (issue_id=?)\n", {IS(FIELD_ISSUE_ID, ONE)}},
    {"SEARCH event USING INDEX event_bulk (bulk_id=?)\n", {IS(FIELD_BULK_ID, ONE)}},
    {"SEARCH event USING INDEX event_notable (id<?)\n",
     {IS(FIELD_STATUS, FAILED), COMPARES(FIELD_LAST_ATTEMPT_AT, OP_LT, MOMENT)}},
};

static const struct plan_row REQUEST_PLANS[] = {
    {"SCAN request\n", {{0}}},
    {"SCAN request USING INDEX request_rejected\n", {IS(FIELD_REJECTED, ONE)}},
    {"SCAN request USING INDEX request_rejected\n", {IS(FIELD_REJECTION_CAUSE, TWO)}},
    {"SCAN request\n", {IS(FIELD_VERIFIED, ONE)}},
    {"SCAN request\n", {COMPARES(FIELD_EVENTS_COUNT, OP_GT, ONE)}},
    {"SEARCH request USING INTEGER PRIMARY KEY (rowid=?)\n", {IS(FIELD_ID, ONE)}},
    {"SEARCH request USING INTEGER PRIMARY KEY (rowid<?)\n", {COMPARES(FIELD_INGESTED_AT, OP_LT, MOMENT)}},
};

static void check_plan(struct fixture *f, const struct list_kind *kind, const struct store_filter *filters, size_t count,
                       const char *expected)
{
    struct store_list list = {.project_id = PROJECT, .filters = filters, .filter_count = count,
                              .order_by = FIELD_CREATED_AT, .limit = 10};
    struct text plan;
    if (!list_explain(f->reader, &f->arena, kind, &list, &plan, &f->error))
        fail_msg("%s: %s", expected, f->error.message);
    if (!text_starts_with(plan, text_of(expected)) || text_find(plan, TEXT("TEMP B-TREE")) >= 0)
        fail_msg("%.*s\nin place of\n%s", TEXT_ARGS(plan), expected);
}

static void check_plans(struct fixture *f, const struct list_kind *kind, const struct plan_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t filters = 0;
        while (filters < 3 && (rows[i].filters[filters].count > 0 || rows[i].filters[filters].operator != OP_IN))
            filters++;
        check_plan(f, kind, rows[i].filters, filters, rows[i].expected);
    }
}

/* With so many rows that none of them can be sorted; SQLite must not choose for itself, it has no statistics. */
static void each_filter_takes_its_index(void **state)
{
    struct fixture *f = *state;
    int64_t sort = limits.list_sort;
    limits.list_sort = 0;
    put_event(f, 1);
    struct event failed = an_event(f, 1, 1);
    failed.status = EVENT_FAILED;
    failed.id = 1;
    MUST_WRITE(f, insert_event, &failed);
    struct request request = a_request(f->source_id, TEXT("{}"));
    request.rejection_cause = REJECTION_NO_CONNECTION;
    MUST_WRITE(f, insert_request, &request);
    check_plans(f, &event_list_kind, EVENT_PLANS, sizeof EVENT_PLANS / sizeof EVENT_PLANS[0]);
    check_plans(f, &request_list_kind, REQUEST_PLANS, sizeof REQUEST_PLANS / sizeof REQUEST_PLANS[0]);
    struct store_value source = {.integer = f->source_id}, destination = {.integer = f->destination_id};
    struct store_filter by_source = IS(FIELD_SOURCE_ID, source), by_destination = IS(FIELD_DESTINATION_ID, destination);
    check_plan(f, &event_list_kind, &by_source, 1, "SEARCH event USING INDEX event_connection (connection_id=?)\n");
    check_plan(f, &event_list_kind, &by_destination, 1, "SEARCH event USING INDEX event_connection (connection_id=?)\n");
    check_plan(f, &request_list_kind, &by_source, 1, "SEARCH request USING INDEX request_source (source_id=?)\n");
    limits.list_sort = sort;
}

/* ---- pages ---- */

struct world {
    struct fixture *fixture;
    int64_t connections[CONNECTIONS], sources[CONNECTIONS];
    struct event events[EVENTS]; /* oldest first */
};

static unsigned random_state = 12345;

static unsigned chance(unsigned below)
{
    random_state = random_state * 1103515245U + 12345U;
    return (random_state >> 16) % below;
}

static bool insert_events(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct world *world = argument;
    for (size_t i = 0; i < EVENTS; i++) {
        if (!store_insert_event(transaction, &world->events[i], false, error))
            return false;
    }
    return true;
}

/* One by one: the writer reads others of them. */
static void restore(const struct limits *usual)
{
    limits.list_least = usual->list_least;
    limits.list_scan = usual->list_scan;
    limits.list_sort = usual->list_sort;
    limits.list_time_ms = usual->list_time_ms;
}

static void make_world(struct world *world, struct fixture *f)
{
    world->fixture = f;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%zu", i);
        struct connection connection = a_connection(f->source_id + (int64_t)(i % 2), f->destination_id, text_of(name));
        MUST_WRITE(f, put_connection, &connection);
        world->connections[i] = connection.id;
        world->sources[i] = connection.source_id;
    }
    for (size_t i = 0; i < EVENTS; i++) {
        size_t at = chance(CONNECTIONS);
        struct event event = an_event(f, (int64_t)(1 + chance(40)), 0);
        event.connection_id = world->connections[at];
        event.source_id = world->sources[at];
        event.status = (enum event_status)(1 + chance(6));
        event.attempts = chance(4);
        event.response_status = chance(2) ? 200 : 500;
        event.error_code = event.status == EVENT_FAILED && chance(2) ? ATTEMPT_ERROR_TIMEOUT : ATTEMPT_ERROR_NONE;
        event.due_at = event.status == EVENT_QUEUED || event.status == EVENT_SCHEDULED ? NOW : 0;
        event.last_attempt_at = event.attempts > 0 ? NOW + (int64_t)i : 0;
        world->events[i] = event;
    }
    MUST_WRITE(f, insert_events, world);
}

static int64_t value_of(const struct event *event, enum store_field field)
{
    switch (field) {
    case FIELD_CONNECTION_ID: return event->connection_id;
    case FIELD_SOURCE_ID: return event->source_id;
    case FIELD_REQUEST_ID: return event->request_id;
    case FIELD_STATUS: return event->status;
    case FIELD_ATTEMPTS: return event->attempts;
    case FIELD_RESPONSE_STATUS: return event->response_status;
    case FIELD_ERROR_CODE: return event->error_code;
    default: return event->id;
    }
}

/* The filters in plain C. */
static bool passes(const struct event *event, const struct store_filter *filters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = value_of(event, filters[i].field), operand = filters[i].values[0].integer;
        bool in = false;
        for (size_t k = 0; k < filters[i].count; k++)
            in |= value == filters[i].values[k].integer;
        if (filters[i].operator == OP_GTE ? value < operand : !in)
            return false;
    }
    return true;
}

static void random_filter(const struct world *world, struct store_filter *filter, struct store_value *values)
{
    static const enum store_field fields[] = {FIELD_CONNECTION_ID, FIELD_SOURCE_ID, FIELD_REQUEST_ID, FIELD_STATUS,
                                              FIELD_ATTEMPTS, FIELD_RESPONSE_STATUS, FIELD_ERROR_CODE, FIELD_ID};
    enum store_field field = fields[chance(8)];
    size_t count = 1 + chance(3);
    bool number = field == FIELD_ATTEMPTS || field == FIELD_RESPONSE_STATUS;
    for (size_t i = 0; i < count; i++)
        values[i] = (struct store_value){.integer = value_of(&world->events[chance(EVENTS)], field)};
    bool null = field == FIELD_ERROR_CODE; /* 0 is null there, which no value matches */
    for (size_t i = 0; null && i < count; i++)
        values[i].integer = ATTEMPT_ERROR_TIMEOUT;
    bool at_least = number && chance(2);
    *filter = (struct store_filter){.field = field, .operator = at_least ? OP_GTE : OP_IN, .values = values,
                                    .count = at_least ? 1 : count};
}

/* From one end to the other and back; the pages must give what plain C gives. */
static void walk(struct world *world, const struct store_filter *filters, size_t count, bool ascending)
{
    struct fixture *f = world->fixture;
    struct store_list list = {.project_id = PROJECT, .filters = filters, .filter_count = count,
                              .order_by = FIELD_CREATED_AT, .ascending = ascending, .limit = PAGE};
    struct store_page page;
    struct event *events;
    struct arena arena = {0}; /* of this walk: all of them together would be gigabytes */
    size_t at = 0, pages = 0, seen = 0;
    do {
        assert_true(store_list_events(f->reader, &arena, &list, &events, &page, &f->error));
        assert_true(page.count == PAGE || page.partial || page.next.data == NULL);
        assert_true(!page.partial || (page.count < PAGE && page.next.data != NULL));
        for (size_t i = 0; i < page.count; i++, at++, seen++) {
            while (at < EVENTS && !passes(&world->events[ascending ? at : EVENTS - 1 - at], filters, count))
                at++;
            assert_true(at < EVENTS);
            assert_int_equal(events[i].id, world->events[ascending ? at : EVENTS - 1 - at].id);
        }
        list.next = page.next;
        assert_true(++pages < EVENTS * 2);
    } while (page.next.data != NULL);
    for (; at < EVENTS; at++)
        assert_false(passes(&world->events[ascending ? at : EVENTS - 1 - at], filters, count));
    list.next = TEXT_NONE;
    list.prev = page.prev;
    size_t behind = page.count;
    while (list.prev.data != NULL) {
        assert_true(store_list_events(f->reader, &arena, &list, &events, &page, &f->error));
        behind += page.count;
        list.prev = page.prev;
    }
    assert_int_equal(behind, seen);
    arena_free(&arena);
}

static void pages_neither_lose_nor_repeat(void **state)
{
    static const struct {
        int64_t scan, sort;
    } settings[] = {{3, 0}, {11, 0}, {1000, 0}, {3, 50}, {1000, 2000}, {40, 20}};
    struct world *world = calloc(1, sizeof *world);
    struct limits usual = limits;
    make_world(world, *state);
    limits.list_time_ms = 60000;
    for (size_t round = 0; round < 600; round++) {
        struct store_filter filters[3];
        struct store_value values[3][3];
        size_t count = chance(4);
        for (size_t i = 0; i < count; i++)
            random_filter(world, &filters[i], values[i]);
        limits.list_scan = settings[round % 6].scan;
        limits.list_sort = settings[round % 6].sort;
        walk(world, filters, count, chance(2));
    }
    restore(&usual);
    free(world);
}

/* Windows of keys, as bulk operations go; a page tells how far it looked. */
static void windows_of_keys(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct limits usual = limits;
    struct fixture *f = *state;
    make_world(world, f);
    limits.list_scan = 5;
    struct store_filter filter = IS(FIELD_RESPONSE_STATUS, OK);
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1, .order_by = FIELD_ID,
                              .ascending = true, .limit = 100, .above = world->events[20].id,
                              .up_to = world->events[90].id};
    struct store_page page;
    struct event *events;
    size_t expected = 0, found = 0;
    for (size_t i = 21; i <= 90; i++)
        expected += world->events[i].response_status == 200;
    do {
        assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
        found += page.count;
        list.above = page.looked_to;
    } while (page.next.data != NULL);
    assert_int_equal(found, expected);
    restore(&usual);
    free(world);
}

static void estimates(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct limits usual = limits;
    struct fixture *f = *state;
    int64_t count, all = 0;
    make_world(world, f);
    struct store_filter filter = IS(FIELD_RESPONSE_STATUS, OK);
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1};
    for (size_t i = 0; i < EVENTS; i++)
        all += world->events[i].response_status == 200;
    assert_true(list_estimate(f->reader, &f->arena, &event_list_kind, &list, &count, &f->error));
    assert_int_equal(count, all);
    limits.list_scan = 100; /* a quarter of them, of keys that are made in no time: the rest is guessed */
    assert_true(list_estimate(f->reader, &f->arena, &event_list_kind, &list, &count, &f->error));
    assert_true(count > 20);
    restore(&usual);
    free(world);
}

/* A call that has no time left looks at some rows nevertheless. */
static void some_rows_are_looked_at_in_any_case(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct limits usual = limits;
    struct fixture *f = *state;
    make_world(world, f);
    struct store_value never = {.integer = INT64_MAX}; /* no index serves it */
    struct store_filter filter = COMPARES(FIELD_LAST_ATTEMPT_AT, OP_GTE, never);
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1, .order_by = FIELD_ID,
                              .ascending = true, .limit = PAGE, .above = world->events[EVENTS - 60].id};
    struct store_page page;
    struct event *events;
    limits.list_time_ms = -1;
    for (limits.list_least = 58; limits.list_least <= 60; limits.list_least++) {
        assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
        assert_int_equal(page.count, 0);
        assert_int_equal(page.partial, limits.list_least < 60);
    }
    restore(&usual);
    free(world);
}

/* Events that another table links to a value are found from there. */
static void links_lead(void **state)
{
    struct fixture *f = *state;
    struct event events[4], *found;
    struct store_value one = {.integer = 1};
    struct store_filter filter = IS(FIELD_ISSUE_ID, one);
    struct column columns[] = {{FIELD_ID, "id", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
                               {FIELD_ISSUE_ID, "issue_event", KIND_LINK}};
    struct list_kind kind = event_list_kind;
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1,
                              .order_by = FIELD_CREATED_AT, .limit = 10};
    struct store_page page;
    void *items;
    struct limits usual = limits;
    kind.columns_known = columns;
    kind.column_count = 3;
    for (int i = 0; i < 4; i++)
        events[i] = put_event(f, 0);
    struct sqlite3 *db = f->reader->db;
    assert_int_equal(sqlite3_exec(db, "PRAGMA query_only = 0; CREATE TABLE IF NOT EXISTS issue_event(issue_id INTEGER NOT"
                                      " NULL, event_id INTEGER NOT NULL, PRIMARY KEY(issue_id, event_id)) WITHOUT ROWID",
                                  NULL, NULL, NULL), SQLITE_OK);
    char sql[128];
    snprintf(sql, sizeof sql, "INSERT INTO issue_event VALUES(1, %lld), (1, %lld), (2, %lld)", (long long)events[0].id,
             (long long)events[2].id, (long long)events[3].id);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    for (limits.list_sort = 0; limits.list_sort < 2; limits.list_sort++) {
        if (!list_page(f->reader, &f->arena, &kind, &list, &items, &page, &f->error))
            fail_msg("%s", f->error.message);
        found = items;
        assert_int_equal(page.count, 2);
        assert_int_equal(found[0].id, events[2].id);
        assert_int_equal(found[1].id, events[0].id);
    }
    restore(&usual);
    check_plan(f, &kind, &filter, 1, "SEARCH issue_event USING");
}

/* ---- content ---- */

static bool holds_needle(void *context, const struct request *request)
{
    ++*(size_t *)context;
    return text_find(request->body, TEXT("needle")) >= 0;
}

static void content_is_asked_row_by_row(void **state)
{
    struct fixture *f = *state;
    int64_t wanted = 0;
    size_t asked = 0, found = 0, pages = 0;
    for (int i = 0; i < 30; i++) {
        struct request request = a_request(f->source_id, i == 4 ? TEXT("a needle") : TEXT("hay"));
        MUST_WRITE(f, insert_request, &request);
        wanted = i == 4 ? request.id : wanted;
    }
    struct store_content content = {holds_needle, &asked, true};
    struct store_list list = {.project_id = PROJECT, .content = &content, .order_by = FIELD_CREATED_AT, .limit = 5};
    struct store_page page;
    struct request *requests;
    int64_t usual = limits.list_scan;
    limits.list_scan = 10;
    do {
        assert_true(store_list_requests(f->reader, &f->arena, &list, &requests, &page, &f->error));
        if (page.count > 0)
            assert_int_equal(requests[0].id, wanted);
        found += page.count;
        pages++;
        list.next = page.next;
    } while (page.next.data != NULL);
    limits.list_scan = usual;
    assert_int_equal(found, 1);
    assert_int_equal(asked, 30);
    assert_true(pages >= 3);
}

static bool put_project(struct store_transaction *transaction, void *project, struct error *error)
{
    return store_put_project(transaction, project, error);
}

/* Others' records are looked at on the way, at most. */
static void other_projects_stay_apart(void **state)
{
    struct fixture *f = *state;
    struct store_list list = {.project_id = PROJECT + 1, .order_by = FIELD_CREATED_AT, .limit = 5};
    struct store_page page;
    struct event *events;
    put_event(f, 0);
    struct project project = {.id = PROJECT, .name = TEXT("one"), .signing_secret = TEXT("x")};
    MUST_WRITE(f, put_project, &project);
    project = (struct project){.id = PROJECT + 1, .name = TEXT("other"), .signing_secret = TEXT("x")};
    MUST_WRITE(f, put_project, &project);
    assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
    assert_int_equal(page.count, 0);
    struct store_value connection = {.integer = f->connection_id};
    struct store_filter filter = IS(FIELD_CONNECTION_ID, connection);
    list.filters = &filter;
    list.filter_count = 1;
    assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
    assert_int_equal(page.count, 0);
    list.project_id = PROJECT;
    assert_true(store_list_events(f->reader, &f->arena, &list, &events, &page, &f->error));
    assert_int_equal(page.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(each_filter_takes_its_index), WITH_STORE(pages_neither_lose_nor_repeat),
        WITH_STORE(windows_of_keys), WITH_STORE(some_rows_are_looked_at_in_any_case), WITH_STORE(estimates),
        WITH_STORE(links_lead),
        WITH_STORE(content_is_asked_row_by_row), WITH_STORE(other_projects_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
