/*
 * Pages are cut by key, not by number: a cursor names the last row seen (its id and the values that it is ordered by),
 * so rows that come in meanwhile neither repeat nor hide others.
 */
#include "store/list_query.h"

#include <inttypes.h>

#include "base/encoding.h"

bool orders_find(const struct list_kind *kind, const struct store_list *list, struct orders *orders,
                 struct error *error)
{
    *orders = (struct orders){0};
    for (size_t i = 0; i <= list->then_count && i < ORDERS_MOST; i++) {
        struct store_order asked = i > 0 ? list->then[i - 1] : (struct store_order){list->order_by, list->ascending};
        const struct column *column = query_column(kind, asked.field);
        if (column == NULL)
            return error_set(error, ERROR_INVALID, "%s cannot be ordered by that", kind->table);
        orders->id_ascending = asked.ascending;
        if (column->kind == KIND_KEY_MOMENT || asked.field == FIELD_ID)
            return true;
        orders->items[orders->count++] = (struct order){column->sql, column->kind == KIND_TEXT, asked.ascending};
    }
    return true;
}

/* The id, then for each order "i12;" (an integer) or "t5:hello" (a text with its size); all in base64url. */
struct text cursor_write(struct arena *arena, const struct cursor *cursor, const struct orders *orders)
{
    struct buffer plain = {0}, coded = {0};
    buffer_printf(&plain, "%" PRId64 ";", cursor->id);
    for (size_t i = 0; i < orders->count; i++) {
        const struct store_value *value = &cursor->values[i];
        if (!orders->items[i].is_text) {
            buffer_printf(&plain, "i%" PRId64 ";", value->integer);
            continue;
        }
        buffer_printf(&plain, "t%zu:", value->text.size);
        buffer_append_text(&plain, value->text);
    }
    base64url_encode(&coded, buffer_text(&plain));
    struct text text = arena_copy_text(arena, buffer_text(&coded));
    buffer_free(&plain);
    buffer_free(&coded);
    return text;
}

static bool take_integer(struct text *rest, char end, int64_t *value)
{
    ptrdiff_t at = text_find_byte(*rest, end);
    if (at < 0 || !text_to_integer(text_slice(*rest, 0, (size_t)at), value))
        return false;
    *rest = text_slice(*rest, (size_t)at + 1, rest->size);
    return true;
}

static bool take_value(struct text *rest, bool is_text, struct store_value *value)
{
    int64_t size;
    *value = (struct store_value){.is_text = is_text};
    if (!text_starts_with(*rest, is_text ? TEXT("t") : TEXT("i")))
        return false;
    *rest = text_slice(*rest, 1, rest->size);
    if (!is_text)
        return take_integer(rest, ';', &value->integer);
    if (!take_integer(rest, ':', &size) || size < 0 || (size_t)size > rest->size)
        return false;
    value->text = text_slice(*rest, 0, (size_t)size);
    *rest = text_slice(*rest, (size_t)size, rest->size);
    return true;
}

bool cursor_read(struct arena *arena, struct text text, const struct orders *orders, struct cursor *cursor)
{
    struct buffer plain = {0};
    bool good = base64_decode(&plain, text);
    struct text rest = arena_copy_text(arena, buffer_text(&plain));
    buffer_free(&plain);
    *cursor = (struct cursor){0};
    good = good && take_integer(&rest, ';', &cursor->id) && cursor->id >= 0 && cursor->id < INT64_MAX;
    for (size_t i = 0; good && i < orders->count; i++)
        good = take_value(&rest, orders->items[i].is_text, &cursor->values[i]);
    return good && rest.size == 0;
}

struct cursor cursor_of(struct arena *arena, sqlite3_stmt *statement, const struct orders *orders)
{
    struct cursor cursor = {.id = sqlite3_column_int64(statement, 0)};
    for (size_t i = 0; i < orders->count; i++) {
        struct store_value *value = &cursor.values[i];
        value->is_text = orders->items[i].is_text;
        if (value->is_text)
            value->text = column_text(arena, statement, (int)i + 1);
        else
            value->integer = sqlite3_column_int64(statement, (int)i + 1);
        if (value->is_text && value->text.data == NULL)
            value->text = TEXT("");
    }
    return cursor;
}

void cursor_condition(struct query *query, const struct cursor *cursor, const struct orders *orders)
{
    buffer_append_string(&query->sql, " AND ");
    for (size_t i = 0; i < orders->count; i++) {
        const struct order *order = &orders->items[i];
        buffer_printf(&query->sql, "(%s %s ", order->sql, order->ascending ? ">" : "<");
        query_value(query, cursor->values[i]);
        buffer_printf(&query->sql, " OR (%s = ", order->sql);
        query_value(query, cursor->values[i]);
        buffer_append_string(&query->sql, " AND ");
    }
    buffer_printf(&query->sql, "id %s ", orders->id_ascending ? ">" : "<");
    query_integer(query, cursor->id);
    for (size_t i = 0; i < orders->count; i++)
        buffer_append_string(&query->sql, "))");
}
