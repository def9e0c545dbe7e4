/*
 * The lists of store.h: one builder for all of them, driven by a table of what each list knows. The SQL is plain
 * enough for both dialects.
 *
 * Pages are cut by key, not by number: a cursor names the last row seen (its order value and its id), so rows that
 * come in meanwhile neither repeat nor hide others.
 */
#include "store/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/id.h"
#include "base/limits.h"

enum {
    STEPS_PER_ROW = 64,             /* of SQLite's machine, for limits.list_scan */
    CREATED_SLACK_MS = 60 * 1000,   /* a key's moment and created_at differ by less */
};

/* ---- the statement ---- */

enum { MOST_BINDINGS = 2048 };

struct query {
    const struct list_kind *kind;
    struct arena *arena;
    struct buffer sql;
    struct store_value *bindings;
    size_t binding_count;
    const struct store_filter *joined; /* of a KIND_LINK and one value: its table leads, in the order of ids */
};

static const struct column *find_column(const struct list_kind *kind, enum store_field field)
{
    for (size_t i = 0; i < kind->column_count; i++) {
        if (kind->columns_known[i].field == field)
            return &kind->columns_known[i];
    }
    return NULL;
}

static const char *id_name(const struct query *query)
{
    return query->joined != NULL ? "event_id" : "id";
}

static void add_value(struct query *query, struct store_value value)
{
    if (query->binding_count < MOST_BINDINGS)
        query->bindings[query->binding_count] = value;
    query->binding_count++;
    buffer_append_byte(&query->sql, '?');
}

static void add_integer(struct query *query, int64_t integer)
{
    add_value(query, (struct store_value){.integer = integer});
}

static const char *null_test(const struct column *column, bool null)
{
    return column->kind == KIND_TEXT ? (null ? " IS NULL" : " IS NOT NULL") : (null ? " = 0" : " <> 0");
}

static void add_in(struct query *query, const struct column *column, const struct store_filter *filter)
{
    bool null = false, first = true, link = column->kind == KIND_LINK && filter != query->joined;
    if (link)
        buffer_printf(&query->sql, "(EXISTS (SELECT 1 FROM %s WHERE event_id = id AND issue_id IN (", column->sql);
    else
        buffer_printf(&query->sql, "(%s IN (", filter == query->joined ? "issue_id" : column->sql);
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->values[i].is_null) {
            null = true;
            continue;
        }
        buffer_append_string(&query->sql, first ? "" : ", ");
        add_value(query, filter->values[i]);
        first = false;
    }
    buffer_append_string(&query->sql, link ? "))" : ")");
    if (null)
        buffer_printf(&query->sql, " OR %s%s", column->sql, null_test(column, true));
    buffer_append_string(&query->sql, ")");
}

/* In the data of the request: case is ignored for ASCII letters. */
static void add_contains(struct query *query, const struct store_filter *filter)
{
    static const char *const everywhere[] = {"path", "query", "headers", "body"};
    size_t count = filter->field == FIELD_PATH ? 1 : 4;
    buffer_printf(&query->sql, "EXISTS (SELECT 1 FROM request AS data WHERE data.id = %s AND (",
                  query->kind->contains_from);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&query->sql, "%sinstr(lower(CAST(data.%s AS TEXT)), lower(", i ? " OR " : "", everywhere[i]);
        add_value(query, filter->values[0]);
        buffer_append_string(&query->sql, ")) > 0");
    }
    buffer_append_string(&query->sql, "))");
}

static void add_comparison(struct query *query, const struct column *column, const struct store_filter *filter)
{
    static const char *const signs[] = {[OP_GT] = ">", [OP_GTE] = ">=", [OP_LT] = "<", [OP_LTE] = "<="};
    const struct store_value *value = &filter->values[0];
    bool below = filter->operator== OP_LT || filter->operator== OP_LTE;
    buffer_printf(&query->sql, "(%s %s ", column->sql, signs[filter->operator]);
    add_value(query, *value);
    if (column->kind == KIND_INTEGER && below)
        buffer_printf(&query->sql, " AND %s%s", column->sql, null_test(column, false));
    if (column->kind == KIND_KEY_MOMENT) { /* the same range by key, which has an index */
        buffer_printf(&query->sql, " AND %s %s ", id_name(query), below ? "<" : ">");
        add_integer(query, id_at_moment(value->integer + (below ? CREATED_SLACK_MS : -CREATED_SLACK_MS)));
    }
    buffer_append_string(&query->sql, ")");
}

static bool add_filter(struct query *query, const struct store_filter *filter, struct error *error)
{
    const struct column *column = find_column(query->kind, filter->field);
    bool contains = filter->operator== OP_CONTAINS && query->kind->contains_from != NULL;
    if (column == NULL && !contains)
        return error_set(error, ERROR_INVALID, "%s cannot be filtered by that", query->kind->table);
    buffer_append_string(&query->sql, " AND ");
    if (contains)
        add_contains(query, filter);
    else if (filter->operator== OP_IN)
        add_in(query, column, filter);
    else if (filter->operator== OP_IS_NULL || filter->operator== OP_IS_NOT_NULL)
        buffer_printf(&query->sql, "%s%s", column->sql, null_test(column, filter->operator== OP_IS_NULL));
    else
        add_comparison(query, column, filter);
    return true;
}

/*
 * A link of one value leads: else all rows would be looked at in search of those that it links. Unless there is a filter
 * that leaves few rows anyway.
 */
static const struct store_filter *find_joined(const struct list_kind *kind, const struct store_list *list)
{
    const struct store_filter *joined = NULL;
    for (size_t i = 0; i < list->filter_count; i++) {
        const struct store_filter *filter = &list->filters[i];
        const struct column *column = find_column(kind, filter->field);
        if (filter->field == FIELD_ID || filter->field == FIELD_REQUEST_ID)
            return NULL;
        if (column != NULL && column->kind == KIND_LINK && filter->operator== OP_IN && filter->count == 1)
            joined = filter;
    }
    return joined;
}

static bool add_where(struct query *query, const struct store_list *list, struct error *error)
{
    const struct list_kind *kind = query->kind;
    query->joined = find_joined(kind, list);
    if (query->joined != NULL)
        buffer_printf(&query->sql, " FROM %s CROSS JOIN %s ON id = event_id",
                      find_column(kind, query->joined->field)->sql, kind->table);
    else
        buffer_printf(&query->sql, " FROM %s", kind->table);
    buffer_printf(&query->sql, " WHERE %s", kind->live ? kind->live : "1");
    if (kind->of_project) {
        buffer_append_string(&query->sql, " AND project_id = ");
        add_integer(query, list->project_id);
    }
    for (size_t i = 0; i < list->filter_count; i++) {
        if (!add_filter(query, &list->filters[i], error))
            return false;
    }
    return true;
}

static sqlite3_stmt *prepare(struct store_reader *reader, struct query *query, struct error *error)
{
    sqlite3_stmt *statement;
    if (query->binding_count > MOST_BINDINGS) {
        error_set(error, ERROR_INVALID, "the filters hold more than %d values", (int)MOST_BINDINGS);
        return NULL;
    }
    if (sqlite3_prepare_v2(reader->db, buffer_string(&query->sql), -1, &statement, NULL) != SQLITE_OK) {
        database_fail(reader, error);
        return NULL;
    }
    for (size_t i = 0; i < query->binding_count; i++) {
        const struct store_value *value = &query->bindings[i];
        if (value->is_text)
            bind_text(statement, (int)i + 1, value->text);
        else
            sqlite3_bind_int64(statement, (int)i + 1, value->integer);
    }
    return statement;
}

/* ---- cursors ---- */

struct cursor {
    struct store_value value;
    int64_t id;
};

/* "i" or "t" (integer, text), the id, ":", the order value; all in base64url. */
static struct text write_cursor(struct arena *arena, const struct cursor *cursor)
{
    struct buffer plain = {0}, coded = {0};
    if (cursor->value.is_text) {
        buffer_printf(&plain, "t%" PRId64 ":", cursor->id);
        buffer_append_text(&plain, cursor->value.text);
    } else {
        buffer_printf(&plain, "i%" PRId64 ":%" PRId64, cursor->id, cursor->value.integer);
    }
    base64url_encode(&coded, buffer_text(&plain));
    struct text text = arena_copy_text(arena, buffer_text(&coded));
    buffer_free(&plain);
    buffer_free(&coded);
    return text;
}

static bool read_cursor(struct arena *arena, struct text text, bool is_text, struct cursor *cursor)
{
    struct buffer plain = {0};
    bool good = base64_decode(&plain, text) && plain.size > 2 && plain.data[0] == (is_text ? 't' : 'i');
    struct text rest = arena_copy_text(arena, text_slice(buffer_text(&plain), 1, plain.size));
    ptrdiff_t colon = text_find_byte(rest, ':');
    buffer_free(&plain);
    if (!good || colon < 0 || !text_to_integer(text_slice(rest, 0, (size_t)colon), &cursor->id))
        return false;
    struct text value = text_slice(rest, (size_t)colon + 1, rest.size);
    cursor->value = (struct store_value){.is_text = is_text, .text = value};
    return is_text || text_to_integer(value, &cursor->value.integer);
}

/* ---- one page ---- */

struct page_order {
    const char *sql;
    bool is_text;
    bool by_id; /* the order value is the id itself */
};

static bool find_order(const struct list_kind *kind, enum store_field field, struct page_order *order,
                       struct error *error)
{
    const struct column *column = find_column(kind, field);
    if (column == NULL)
        return error_set(error, ERROR_INVALID, "%s cannot be ordered by that", kind->table);
    order->by_id = column->kind == KIND_KEY_MOMENT || field == FIELD_ID;
    order->sql = order->by_id ? "id" : column->sql;
    order->is_text = column->kind == KIND_TEXT;
    return true;
}

static bool add_cursor(struct query *query, struct text text, const struct page_order *order, bool ascending,
                       struct error *error)
{
    struct cursor cursor;
    if (!read_cursor(query->arena, text, order->is_text, &cursor))
        return error_set(error, ERROR_INVALID, "the cursor is none that this list gave");
    const char *sign = ascending ? ">" : "<";
    if (order->by_id) {
        buffer_printf(&query->sql, " AND %s %s ", id_name(query), sign);
        add_integer(query, cursor.id);
        return true;
    }
    buffer_printf(&query->sql, " AND (coalesce(%s, '') %s ", order->sql, sign);
    add_value(query, cursor.value);
    buffer_printf(&query->sql, " OR (coalesce(%s, '') = ", order->sql);
    add_value(query, cursor.value);
    buffer_printf(&query->sql, " AND id %s ", sign);
    add_integer(query, cursor.id);
    buffer_append_string(&query->sql, "))");
    return true;
}

static struct cursor cursor_of(struct arena *arena, sqlite3_stmt *statement, const struct page_order *order)
{
    int column = sqlite3_column_count(statement) - 1;
    struct cursor cursor = {.id = sqlite3_column_int64(statement, 0), .value.is_text = order->is_text};
    if (order->is_text)
        cursor.value.text = column_text(arena, statement, column);
    else
        cursor.value.integer = sqlite3_column_int64(statement, column);
    if (order->is_text && cursor.value.text.data == NULL)
        cursor.value.text = TEXT("");
    return cursor;
}

static int out_of_steps(void *steps_left)
{
    return --*(int64_t *)steps_left < 0;
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

/* Reads up to limit + 1 rows; the one too many only tells that there is more. */
static bool read_rows(struct store_reader *reader, struct query *query, sqlite3_stmt *statement, size_t limit,
                      const struct page_order *order, char *items, size_t *count, bool *more, struct cursor ends[2],
                      struct error *error)
{
    int64_t steps = limits.list_scan;
    int code = SQLITE_DONE;
    *count = 0;
    *more = false;
    sqlite3_progress_handler(reader->db, STEPS_PER_ROW, out_of_steps, &steps);
    while (!*more && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (*count == limit) {
            *more = true;
            break;
        }
        query->kind->read(query->arena, statement, items + *count * query->kind->size);
        ends[1] = cursor_of(query->arena, statement, order);
        if ((*count)++ == 0)
            ends[0] = ends[1];
    }
    sqlite3_progress_handler(reader->db, 0, NULL, NULL);
    return *more || code == SQLITE_DONE || database_fail(reader, error);
}

static bool build_page(struct query *query, const struct store_list *list, const struct page_order *order,
                       struct error *error)
{
    bool backwards = list->prev.data != NULL, ascending = list->ascending != backwards;
    struct text cursor = backwards ? list->prev : list->next;
    const char *dir = ascending ? "ASC" : "DESC";
    const struct list_kind *kind = query->kind;
    buffer_printf(&query->sql, "SELECT %s%s, %s", kind->columns, list->with_data ? kind->data_columns : "", order->sql);
    if (!add_where(query, list, error) ||
        (cursor.data != NULL && !add_cursor(query, cursor, order, ascending, error)))
        return false;
    if (order->by_id)
        buffer_printf(&query->sql, " ORDER BY %s %s LIMIT ", id_name(query), dir);
    else
        buffer_printf(&query->sql, " ORDER BY coalesce(%s, '') %s, id %s LIMIT ", order->sql, dir, dir);
    add_integer(query, (int64_t)list->limit + 1);
    return true;
}

bool list_page(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
                      const struct store_list *list, void **out, struct store_page *page, struct error *error)
{
    struct page_order order = {0};
    struct cursor ends[2] = {0};
    bool more = false, backwards = list->prev.data != NULL;
    struct query query = {.kind = kind, .arena = arena,
                          .bindings = ARENA_ARRAY(arena, struct store_value, MOST_BINDINGS)};
    char *items = arena_allocate(arena, (list->limit + 1) * kind->size);
    *page = (struct store_page){0};
    *out = items;
    bool done = find_order(kind, list->order_by, &order, error) && build_page(&query, list, &order, error);
    sqlite3_stmt *statement = done ? prepare(reader, &query, error) : NULL;
    done = statement != NULL &&
           read_rows(reader, &query, statement, list->limit, &order, items, &page->count, &more, ends, error);
    sqlite3_finalize(statement);
    buffer_free(&query.sql);
    if (!done || page->count == 0)
        return done;
    if (backwards)
        reverse(items, kind->size, page->count);
    const struct cursor *first = &ends[backwards ? 1 : 0], *last = &ends[backwards ? 0 : 1];
    bool has_next = backwards || more, has_previous = backwards ? more : list->next.data != NULL;
    page->next = has_next ? write_cursor(arena, last) : TEXT_NONE;
    page->prev = has_previous ? write_cursor(arena, first) : TEXT_NONE;
    return true;
}

bool list_count(struct store_reader *reader, const struct list_kind *kind, const struct store_list *list, int64_t *count,
                struct error *error)
{
    struct arena arena = {0};
    struct query query = {.kind = kind, .arena = &arena,
                          .bindings = ARENA_ARRAY(&arena, struct store_value, MOST_BINDINGS)};
    buffer_append_string(&query.sql, "SELECT count(*)");
    sqlite3_stmt *statement = add_where(&query, list, error) ? prepare(reader, &query, error) : NULL;
    bool done = statement != NULL && (sqlite3_step(statement) == SQLITE_ROW || database_fail(reader, error));
    *count = done ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    buffer_free(&query.sql);
    arena_free(&arena);
    return done;
}
