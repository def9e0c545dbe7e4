/* One page of a list: the statement, its rows, the cursors of the pages beside it. */
#include "store/list.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "store/list_query.h"

struct page_reading {
    struct store_reader *reader;
    struct arena *arena;
    const struct list_kind *kind;
    const struct list_walk *walk; /* NULL: not walked */
    const struct store_list *list;
    struct orders orders; /* in the direction of reading */
    struct content_search search;
    sqlite3_stmt *records; /* reads one record by its id */
    char *items;
    size_t count;
    bool more, partial;          /* there is a record beyond the page; a limit ended the page */
    struct cursor from;          /* where the page begins, when it was asked to begin somewhere */
    struct cursor first, last;   /* rows looked at */
    int64_t looked_at, deadline; /* rows; monotonic ms */
};

static bool reads_backwards(const struct store_list *list)
{
    return list->prev.data != NULL;
}

/* ---- the statement ---- */

/* Its first columns are the id and the orders' values; then the request, and whether the filters let it pass. */
static void add_columns(struct page_reading *reading, struct query *query, struct text passes)
{
    bool searches = reading->search.statement != NULL; /* what is not asked for an index need not have */
    buffer_append_string(&query->sql, "SELECT id");
    for (size_t i = 0; i < reading->orders.count; i++)
        buffer_printf(&query->sql, ", %s", reading->orders.items[i].sql);
    buffer_printf(&query->sql, ", %s, %.*s", searches ? query->kind->contains_from : "0", TEXT_ARGS(passes));
}

static void add_orders(struct query *query, const struct orders *orders)
{
    buffer_append_string(&query->sql, " ORDER BY ");
    for (size_t i = 0; i < orders->count; i++)
        buffer_printf(&query->sql, "%s %s, ", orders->items[i].sql, orders->items[i].ascending ? "ASC" : "DESC");
    buffer_printf(&query->sql, "id %s", orders->id_ascending ? "ASC" : "DESC");
}

/*
 * The filters as one expression; CASE stops at the first that fails, before columns are read that an index has not.
 * Its numbered values serve every arm of the statement.
 */
static bool write_passes(struct query *query, const struct store_list *list, struct text *passes, struct error *error)
{
    buffer_append_string(&query->sql, "CASE WHEN 1");
    bool done = query_filters(query, list, error);
    buffer_append_string(&query->sql, " THEN 1 ELSE 0 END");
    *passes = arena_copy_text(query->arena, buffer_text(&query->sql));
    buffer_clear(&query->sql);
    return done;
}

static bool build_walk(struct page_reading *reading, struct query *query, const struct cursor *cursor,
                       struct error *error)
{
    struct list_plan plan = {.after = INT64_MIN, .before = INT64_MAX};
    struct text passes;
    bool ascending = reading->orders.id_ascending;
    if (cursor != NULL)
        *(ascending ? &plan.after : &plan.before) = cursor->id;
    if (!list_plan(reading->reader, reading->arena, reading->kind, reading->walk, reading->list, &plan, error) ||
        !write_passes(query, &plan.list, &passes, error))
        return false;
    size_t arms = plan.sorted || plan.value_count == 0 ? 1 : plan.value_count;
    for (size_t i = 0; i < arms; i++) {
        buffer_append_string(&query->sql, i > 0 ? " UNION ALL " : "");
        add_columns(reading, query, passes);
        list_plan_way(query, &plan, arms > 1 ? i : plan.value_count);
        buffer_append_string(&query->sql, plan.nothing ? " AND 0" : "");
    }
    buffer_printf(&query->sql, " ORDER BY %s %s", arms > 1 ? "1" : list_plan_key(&plan), ascending ? "ASC" : "DESC");
    return true;
}

static bool build_sorted(struct page_reading *reading, struct query *query, const struct cursor *cursor,
                         struct error *error)
{
    const struct list_kind *kind = reading->kind;
    add_columns(reading, query, TEXT("1"));
    buffer_printf(&query->sql, " FROM %s WHERE %s", kind->table, kind->live ? kind->live : "1");
    if (!query_filters(query, reading->list, error))
        return false;
    if (cursor != NULL)
        cursor_condition(query, cursor, &reading->orders);
    add_orders(query, &reading->orders);
    buffer_append_string(&query->sql, " LIMIT ");
    query_integer(query, (int64_t)reading->list->limit + 1);
    return true;
}

static bool build(struct page_reading *reading, struct query *query, struct error *error)
{
    const struct store_list *list = reading->list;
    struct text given = reads_backwards(list) ? list->prev : list->next;
    bool walked = reading->walk != NULL && reading->orders.count == 0;
    if (given.data != NULL && !cursor_read(reading->arena, given, &reading->orders, &reading->from))
        return error_set(error, ERROR_INVALID, "the cursor is none that this list gave");
    const struct cursor *from = given.data != NULL ? &reading->from : NULL;
    return walked ? build_walk(reading, query, from, error) : build_sorted(reading, query, from, error);
}

/* ---- rows ---- */

static bool prepare_records(struct page_reading *reading, struct error *error)
{
    const struct list_kind *kind = reading->kind;
    const char *sql = arena_printf(reading->arena, "SELECT %s%s FROM %s WHERE id = ?", kind->columns,
                                   reading->list->with_data ? kind->data_columns : "", kind->table);
    return sqlite3_prepare_v2(reading->reader->db, sql, -1, &reading->records, NULL) == SQLITE_OK ||
           database_fail(reading->reader, error);
}

static bool take_record(struct page_reading *reading, int64_t id, struct error *error)
{
    sqlite3_bind_int64(reading->records, 1, id);
    int code = sqlite3_step(reading->records);
    if (code == SQLITE_ROW)
        reading->kind->read(reading->arena, reading->records, reading->items + reading->count++ * reading->kind->size);
    bool done = code == SQLITE_ROW || code == SQLITE_DONE || database_fail(reading->reader, error);
    sqlite3_reset(reading->records);
    return done;
}

/*
 * A full page only wants to know whether there is more; without an answer in time it says that there may be. Time is no
 * reason before some rows were looked at: clients that know nothing of partial pages would see none of a few events
 * on a busy machine.
 */
static bool limit_reached(struct page_reading *reading)
{
    return reading->walk != NULL &&
           (reading->looked_at >= limits.list_scan || reading->search.bytes >= limits.list_scan_bytes ||
            (reading->looked_at >= limits.list_least && clock_monotonic_ms() >= reading->deadline));
}

static bool row_passes(struct page_reading *reading, sqlite3_stmt *statement, bool *passes, struct error *error)
{
    int column = (int)reading->orders.count + 1;
    *passes = sqlite3_column_int64(statement, column + 1) != 0;
    return !*passes || content_passes(&reading->search, sqlite3_column_int64(statement, column), passes, error);
}

static bool look_at_row(struct page_reading *reading, sqlite3_stmt *statement, struct error *error)
{
    struct cursor cursor = cursor_of(reading->arena, statement, &reading->orders);
    bool passes;
    if (!row_passes(reading, statement, &passes, error))
        return false;
    reading->more = passes && reading->count == reading->list->limit;
    if (reading->more)
        return true;
    if (reading->looked_at++ == 0)
        reading->first = cursor;
    reading->last = cursor;
    return !passes || take_record(reading, cursor.id, error);
}

/* The record beyond the page only tells that there is more. */
static bool read_rows(struct page_reading *reading, sqlite3_stmt *statement, struct error *error)
{
    int code = SQLITE_DONE;
    while (!reading->more && !reading->partial && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!look_at_row(reading, statement, error))
            return false;
        reading->partial = !reading->more && limit_reached(reading);
    }
    return reading->more || reading->partial || code == SQLITE_DONE || database_fail(reading->reader, error);
}

static void reverse(char *items, size_t size, size_t count)
{
    char swap[512];
    for (size_t i = 0; count > 1 && i < count / 2; i++) {
        char *a = items + i * size, *b = items + (count - 1 - i) * size;
        memcpy(swap, a, size);
        memcpy(a, b, size);
        memcpy(b, swap, size);
    }
}

/* Cursors name rows looked at: between those and the records of the page lies nothing that belongs to the list. */
static void finish_page(struct page_reading *reading, struct store_page *page)
{
    bool backwards = reads_backwards(reading->list), goes_on = reading->more || reading->partial;
    bool came_from = backwards || reading->list->next.data != NULL;
    struct cursor beginning = reading->first;
    if (reading->looked_at == 0) { /* the way back begins with the row that the cursor names */
        beginning = reading->from;
        beginning.id += reading->orders.id_ascending ? 1 : beginning.id > 0 ? -1 : 0;
    }
    struct text ahead = goes_on ? cursor_write(reading->arena, &reading->last, &reading->orders) : TEXT_NONE;
    struct text behind = came_from ? cursor_write(reading->arena, &beginning, &reading->orders) : TEXT_NONE;
    *page = (struct store_page){.count = reading->count, .next = backwards ? behind : ahead,
                                .prev = backwards ? ahead : behind,
                                .partial = reading->partial && reading->count < reading->list->limit,
                                .looked_to = reading->looked_at > 0 ? reading->last.id : 0};
    if (backwards)
        reverse(reading->items, reading->kind->size, reading->count);
}

static bool begin(struct page_reading *reading, struct error *error)
{
    struct store_list directed = *reading->list;
    if (reads_backwards(&directed)) {
        directed.ascending = !directed.ascending;
        for (size_t i = 0; i < directed.then_count; i++)
            directed.then[i].ascending = !directed.then[i].ascending;
    }
    if (!orders_find(reading->kind, &directed, &reading->orders, error) || !prepare_records(reading, error) ||
        !content_begin(&reading->search, reading->reader, reading->list, error))
        return false;
    bool searches = reading->search.statement != NULL;
    reading->deadline = clock_monotonic_ms() + (searches ? limits.list_search_ms : limits.list_time_ms);
    reading->items = arena_allocate(reading->arena, (reading->list->limit + 1) * reading->kind->size);
    return true;
}

static void end(struct page_reading *reading)
{
    content_end(&reading->search);
    sqlite3_finalize(reading->records);
}

bool list_page(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
               const struct store_list *list, void **out, struct store_page *page, struct error *error)
{
    struct page_reading reading = {.reader = reader, .arena = arena, .kind = kind, .walk = list_walk_of(kind),
                                   .list = list};
    struct query query = query_new(kind, arena);
    *page = (struct store_page){0};
    *out = NULL;
    if (list->limit == 0)
        return true;
    bool done = begin(&reading, error) && build(&reading, &query, error);
    sqlite3_stmt *statement = done ? query_prepare(reader, &query, error) : NULL;
    done = statement != NULL && read_rows(&reading, statement, error);
    sqlite3_finalize(statement);
    query_end(&query);
    end(&reading);
    *out = reading.items;
    if (done)
        finish_page(&reading, page);
    return done;
}

bool list_explain(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
                  const struct store_list *list, struct text *plan, struct error *error)
{
    struct page_reading reading = {.reader = reader, .arena = arena, .kind = kind, .walk = list_walk_of(kind),
                                   .list = list};
    struct query query = query_new(kind, arena);
    struct buffer lines = {0};
    bool done = begin(&reading, error) && build(&reading, &query, error);
    struct text sql = arena_copy_text(arena, buffer_text(&query.sql));
    buffer_clear(&query.sql);
    buffer_printf(&query.sql, "EXPLAIN QUERY PLAN %.*s", TEXT_ARGS(sql));
    sqlite3_stmt *statement = done ? query_prepare(reader, &query, error) : NULL;
    while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        buffer_printf(&lines, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    *plan = arena_copy_text(arena, buffer_text(&lines));
    buffer_free(&lines);
    query_end(&query);
    end(&reading);
    return statement != NULL;
}

bool list_count(struct store_reader *reader, const struct list_kind *kind, const struct store_list *list, int64_t *count,
                struct error *error)
{
    struct arena arena = {0};
    struct query query = query_new(kind, &arena);
    buffer_printf(&query.sql, "SELECT count(*) FROM %s WHERE %s", kind->table, kind->live ? kind->live : "1");
    sqlite3_stmt *statement = query_filters(&query, list, error) ? query_prepare(reader, &query, error) : NULL;
    bool done = statement != NULL && (sqlite3_step(statement) == SQLITE_ROW || database_fail(reader, error));
    *count = done ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    query_end(&query);
    arena_free(&arena);
    return done;
}

/* Counts rows that pass, until a limit ends it. */
static bool count_rows(struct page_reading *reading, sqlite3_stmt *statement, struct error *error)
{
    int code = SQLITE_DONE;
    bool passes;
    while (!reading->partial && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!row_passes(reading, statement, &passes, error))
            return false;
        reading->last.id = sqlite3_column_int64(statement, 0);
        if (reading->looked_at++ == 0)
            reading->first = reading->last;
        reading->count += passes;
        reading->partial = limit_reached(reading);
    }
    return reading->partial || code == SQLITE_DONE || database_fail(reading->reader, error);
}

/* All of the keys have as many as those that were looked at. */
static int64_t by_share(const struct page_reading *reading)
{
    double looked_at = (double)(reading->last.id - reading->first.id), all = (double)(id_new() - reading->first.id);
    return looked_at > 0 ? (int64_t)((double)reading->count * all / looked_at) : (int64_t)reading->count;
}

bool list_estimate(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
                   const struct store_list *list, int64_t *count, struct error *error)
{
    struct store_list directed = *list;
    directed.order_by = FIELD_ID;
    directed.ascending = true;
    struct page_reading reading = {.reader = reader, .arena = arena, .kind = kind, .walk = list_walk_of(kind),
                                   .list = &directed, .deadline = clock_monotonic_ms() + limits.list_search_ms};
    struct query query = query_new(kind, arena);
    bool done = orders_find(kind, &directed, &reading.orders, error) &&
                content_begin(&reading.search, reader, &directed, error) && build(&reading, &query, error);
    sqlite3_stmt *statement = done ? query_prepare(reader, &query, error) : NULL;
    done = statement != NULL && count_rows(&reading, statement, error);
    *count = reading.partial ? by_share(&reading) : (int64_t)reading.count;
    sqlite3_finalize(statement);
    query_end(&query);
    end(&reading);
    return done;
}
