/* Bulk operations in the store: their records, and the walks over what they may touch. */
#include "store_fixture.h"

#include "store/bulk.h"

static bool insert_bulk(struct store_transaction *transaction, void *bulk, struct error *error)
{
    return store_insert_bulk(transaction, bulk, error);
}

static bool update_bulk(struct store_transaction *transaction, void *bulk, struct error *error)
{
    return store_update_bulk(transaction, bulk, error);
}

static bool insert_ignored(struct store_transaction *transaction, void *ignored, struct error *error)
{
    return store_insert_ignored_event(transaction, ignored, error);
}

static struct bulk put_bulk(struct fixture *f, enum bulk_kind kind, const char *query)
{
    struct bulk bulk = {.id = id_new(), .project_id = PROJECT, .kind = kind, .created_at = NOW, .updated_at = NOW,
                        .estimated_count = 9, .bound = 77, .query = text_of(query)};
    MUST_WRITE(f, insert_bulk, &bulk);
    return bulk;
}

static void records_come_back_as_they_were_changed(void **state)
{
    struct fixture *f = *state;
    struct bulk bulk = put_bulk(f, BULK_EVENTS_RETRY, "{\"a\":1}"), read;
    bulk.updated_at = NOW + 1;
    bulk.completed_at = NOW + 2;
    bulk.processed_batch = 3;
    bulk.completed_count = 4;
    bulk.failed_count = 5;
    bulk.position = 6;
    MUST_WRITE(f, update_bulk, &bulk);
    assert_true(store_read_bulk(f->reader, &f->arena, PROJECT, BULK_EVENTS_RETRY, bulk.id, &read, &f->error));
    ASSERT_TEXT(read.query, "{\"a\":1}");
    const struct {
        int64_t value, expected;
    } cases[] = {
        {read.updated_at, NOW + 1}, {read.completed_at, NOW + 2}, {read.cancelled_at, 0}, {read.processed_batch, 3},
        {read.completed_count, 4}, {read.failed_count, 5}, {read.position, 6}, {read.bound, 77},
        {read.estimated_count, 9}, {read.created_at, NOW}, {read.kind, BULK_EVENTS_RETRY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cases[i].value, cases[i].expected);
    assert_false(store_read_bulk(f->reader, &f->arena, PROJECT, BULK_EVENTS_CANCEL, bulk.id, &read, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);
    assert_false(store_read_bulk(f->reader, &f->arena, PROJECT + 1, BULK_EVENTS_RETRY, bulk.id, &read, &f->error));
    assert_int_equal(f->error.code, ERROR_NOT_FOUND);
}

static void open_ones_are_read_in_their_order_and_counted(void **state)
{
    struct fixture *f = *state;
    struct bulk first = put_bulk(f, BULK_EVENTS_RETRY, "{\"a\":1}"), done = put_bulk(f, BULK_EVENTS_RETRY, "{\"a\":2}");
    struct bulk second = put_bulk(f, BULK_EVENTS_CANCEL, "{\"a\":1}"), *bulks;
    size_t count;
    int64_t open, same;
    done.cancelled_at = NOW;
    MUST_WRITE(f, update_bulk, &done);
    assert_true(store_read_open_bulks(f->reader, &f->arena, 0, 5, &bulks, &count, &f->error));
    assert_int_equal(count, 2);
    assert_int_equal(bulks[0].id, first.id);
    assert_int_equal(bulks[1].id, second.id);
    assert_true(store_read_open_bulks(f->reader, &f->arena, 0, 1, &bulks, &count, &f->error));
    assert_int_equal(count, 1);
    assert_true(store_read_open_bulks(f->reader, &f->arena, first.id, 5, &bulks, &count, &f->error));
    assert_int_equal(count, 1);
    assert_int_equal(bulks[0].id, second.id);
    assert_true(store_count_open_bulks(f->reader, PROJECT, BULK_EVENTS_RETRY, TEXT("{\"a\":1}"), &open, &same, &f->error));
    assert_int_equal(open, 2);
    assert_int_equal(same, 1);
    assert_true(store_count_open_bulks(f->reader, PROJECT, BULK_EVENTS_RETRY, TEXT("{\"a\":2}"), &open, &same, &f->error));
    assert_int_equal(same, 0);
    assert_true(store_count_open_bulks(f->reader, PROJECT + 1, BULK_EVENTS_RETRY, TEXT("{\"a\":1}"), &open, &same, &f->error));
    assert_int_equal(open + same, 0);
}

/* A list of keys in a range goes on where the one before ended, and says where that was. */
static void slices_cover_every_row_up_to_the_bound(void **state)
{
    struct fixture *f = *state;
    int64_t ids[ROWS], last;
    assert_true(store_bulk_last(f->reader, BULK_OF_EVENTS, &last, &f->error));
    assert_int_equal(last, 0);
    for (size_t i = 0; i < ROWS; i++)
        ids[i] = put_event(f, NOW).id;
    assert_true(store_bulk_last(f->reader, BULK_OF_EVENTS, &last, &f->error));
    assert_int_equal(last, ids[ROWS - 1]);
    const struct {
        int64_t above, up_to;
        size_t count;
        int64_t first, looked_to;
        bool more;
    } cases[] = {
        {0, ids[6], 3, ids[0], ids[2], true}, {ids[2], ids[6], 3, ids[3], ids[5], true},
        {ids[5], ids[6], 1, ids[6], ids[6], false}, {ids[6], ids[6], 0, 0, 0, false}, {0, ids[1], 2, ids[0], ids[1], false},
        {ids[3], 0, 3, ids[4], ids[6], false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event *found;
        struct store_page page;
        struct store_list list = {.project_id = PROJECT, .order_by = FIELD_ID, .ascending = true, .limit = 3,
                                  .above = cases[i].above, .up_to = cases[i].up_to};
        assert_true(store_list_events(f->reader, &f->arena, &list, &found, &page, &f->error));
        assert_int_equal(page.count, cases[i].count);
        assert_int_equal(page.looked_to, cases[i].looked_to);
        assert_int_equal(page.next.size > 0, cases[i].more);
        if (page.count > 0)
            assert_int_equal(found[0].id, cases[i].first);
    }
}

static void estimates_are_exact_while_there_is_little(void **state)
{
    struct fixture *f = *state;
    int64_t count;
    struct store_value status = {.integer = EVENT_QUEUED}, other = {.integer = EVENT_FAILED};
    struct store_filter filter = {FIELD_STATUS, OP_IN, &status, 1};
    struct store_list list = {.project_id = PROJECT, .filters = &filter, .filter_count = 1};
    for (size_t i = 0; i < ROWS; i++)
        put_event(f, NOW);
    assert_true(store_estimate_subject(f->reader, BULK_OF_EVENTS, &list, &count, &f->error));
    assert_int_equal(count, ROWS);
    filter.values = &other;
    assert_true(store_estimate_subject(f->reader, BULK_OF_EVENTS, &list, &count, &f->error));
    assert_int_equal(count, 0);
    list.project_id = PROJECT + 1;
    list.filter_count = 0;
    assert_true(store_estimate_subject(f->reader, BULK_OF_EVENTS, &list, &count, &f->error));
    assert_int_equal(count, 0);
}

static void ignored_events_are_found_by_cause_and_transformation(void **state)
{
    struct fixture *f = *state;
    static const struct text metas[] = {{NULL, 0}, {"[\"body\"]", 8}, {"{\"transformation_id\":\"trs_1\"}", 29}};
    for (int i = 0; i < 3; i++) {
        struct ignored_event ignored = {id_new(), id_new(), f->connection_id, (enum ignored_cause)(i + 1), metas[i]};
        MUST_WRITE(f, insert_ignored, &ignored);
    }
    const struct store_value cause = {.integer = IGNORED_FILTERED}, id = {.is_text = true, .text = TEXT("trs_1")};
    const struct {
        struct store_filter filter;
        int64_t project_id;
        size_t count;
        enum ignored_cause cause;
    } cases[] = {
        {{FIELD_CAUSE, OP_IN, &cause, 1}, PROJECT, 1, IGNORED_FILTERED},
        {{FIELD_TRANSFORMATION_ID, OP_IN, &id, 1}, PROJECT, 1, IGNORED_TRANSFORMATION_FAILED},
        {{FIELD_CAUSE, OP_IS_NOT_NULL, NULL, 0}, PROJECT, 3, IGNORED_DISABLED},
        {{FIELD_CAUSE, OP_IN, &cause, 1}, PROJECT + 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ignored_event *found;
        struct store_page page;
        struct store_list list = {.project_id = cases[i].project_id, .filters = &cases[i].filter, .filter_count = 1,
                                  .order_by = FIELD_ID, .ascending = true, .limit = 5};
        if (!store_list_ignored_of_project(f->reader, &f->arena, &list, &found, &page, &f->error))
            fail_msg("%s", f->error.message);
        assert_int_equal(page.count, cases[i].count);
        if (page.count > 0)
            assert_int_equal(found[0].cause, cases[i].cause);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(records_come_back_as_they_were_changed),
        WITH_STORE(open_ones_are_read_in_their_order_and_counted),
        WITH_STORE(slices_cover_every_row_up_to_the_bound),
        WITH_STORE(estimates_are_exact_while_there_is_little),
        WITH_STORE(ignored_events_are_found_by_cause_and_transformation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
