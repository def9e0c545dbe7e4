/* Filters as SQL, plain enough for both dialects. */
#include "store/list_query.h"

#include <string.h>

#include "base/id.h"

enum { CREATED_SLACK_MS = 60 * 1000 /* a key's moment and created_at differ by less */ };

struct query query_new(const struct list_kind *kind, struct arena *arena)
{
    return (struct query){.kind = kind, .arena = arena};
}

void query_end(struct query *query)
{
    buffer_free(&query->sql);
}

const struct column *query_column(const struct list_kind *kind, enum store_field field)
{
    for (size_t i = 0; i < kind->column_count; i++) {
        if (kind->columns_known[i].field == field)
            return &kind->columns_known[i];
    }
    return NULL;
}

void query_value(struct query *query, struct store_value value)
{
    if (query->value_count == query->value_room && query->value_room < MOST_VALUES) {
        struct store_value *larger = ARENA_ARRAY(query->arena, struct store_value, query->value_room * 2 + 16);
        if (query->value_count > 0)
            memcpy(larger, query->values, query->value_count * sizeof *larger);
        query->values = larger;
        query->value_room = query->value_room * 2 + 16;
    }
    if (query->value_count < query->value_room)
        query->values[query->value_count] = value;
    buffer_printf(&query->sql, "?%zu", ++query->value_count);
}

void query_integer(struct query *query, int64_t integer)
{
    query_value(query, (struct store_value){.integer = integer});
}

static const char *null_test(const struct column *column, bool null)
{
    return column->kind == KIND_TEXT ? (null ? " IS NULL" : " IS NOT NULL") : (null ? " = 0" : " <> 0");
}

void query_in(struct query *query, const char *column, const struct store_value *values, size_t count)
{
    bool first = true;
    buffer_printf(&query->sql, "%s IN (", column);
    for (size_t i = 0; i < count; i++) {
        if (values[i].is_null)
            continue;
        buffer_append_string(&query->sql, first ? "" : ", ");
        query_value(query, values[i]);
        first = false;
    }
    buffer_append_string(&query->sql, ")");
}

static void add_in(struct query *query, const struct column *column, const struct store_filter *filter)
{
    bool null = false;
    for (size_t i = 0; i < filter->count; i++)
        null |= filter->values[i].is_null;
    buffer_append_string(&query->sql, "(");
    query_in(query, column->sql, filter->values, filter->count);
    if (null)
        buffer_printf(&query->sql, " OR %s%s", column->sql, null_test(column, true));
    buffer_append_string(&query->sql, ")");
}

/* Rows are linked to values by a table of (issue_id, event_id). */
static void add_link(struct query *query, const struct column *column, const struct store_filter *filter)
{
    buffer_printf(&query->sql, "EXISTS (SELECT 1 FROM %s WHERE event_id = %s.id AND ", column->sql, query->kind->table);
    query_in(query, "issue_id", filter->values, filter->count);
    buffer_append_string(&query->sql, ")");
}

static void add_comparison(struct query *query, const struct column *column, const struct store_filter *filter)
{
    static const char *const signs[] = {[OP_GT] = ">", [OP_GTE] = ">=", [OP_LT] = "<", [OP_LTE] = "<="};
    const struct store_value *value = &filter->values[0];
    bool below = filter->operator == OP_LT || filter->operator == OP_LTE;
    buffer_printf(&query->sql, "(%s %s ", column->sql, signs[filter->operator]);
    query_value(query, *value);
    if (column->kind == KIND_INTEGER && below)
        buffer_printf(&query->sql, " AND %s%s", column->sql, null_test(column, false));
    if (column->kind == KIND_KEY_MOMENT) { /* the same range by key, which has an index */
        buffer_printf(&query->sql, " AND id %s ", below ? "<" : ">");
        query_integer(query, id_at_moment(value->integer + (below ? CREATED_SLACK_MS : -CREATED_SLACK_MS)));
    }
    buffer_append_string(&query->sql, ")");
}

/* As it stands there. */
static void add_column_contains(struct query *query, const struct column *column, const struct store_filter *filter)
{
    buffer_printf(&query->sql, "instr(%s, ", column->sql);
    query_value(query, filter->values[0]);
    buffer_append_string(&query->sql, ") > 0");
}

static bool add_filter(struct query *query, const struct store_filter *filter, struct error *error)
{
    const struct column *column = query_column(query->kind, filter->field);
    if (filter_is_of_content(filter) && query->kind->contains_from != NULL)
        return true;
    bool unfit = column != NULL && ((filter->operator == OP_CONTAINS && column->kind != KIND_TEXT) ||
                                    (filter->operator != OP_IN && column->kind == KIND_LINK));
    if (column == NULL || unfit)
        return error_set(error, ERROR_INVALID, "%s cannot be filtered by that", query->kind->table);
    buffer_append_string(&query->sql, " AND ");
    if (column->kind == KIND_LINK)
        add_link(query, column, filter);
    else if (filter->operator == OP_CONTAINS)
        add_column_contains(query, column, filter);
    else if (filter->operator == OP_IN)
        add_in(query, column, filter);
    else if (filter->operator == OP_IS_NULL || filter->operator == OP_IS_NOT_NULL)
        buffer_printf(&query->sql, "%s%s", column->sql, null_test(column, filter->operator == OP_IS_NULL));
    else
        add_comparison(query, column, filter);
    return true;
}

/* Moments come last: indexes do not hold them. */
static bool is_late(enum store_field field)
{
    return field == FIELD_CREATED_AT || field == FIELD_INGESTED_AT || field == FIELD_UPDATED_AT ||
           field == FIELD_LAST_ATTEMPT_AT || field == FIELD_SUCCESSFUL_AT;
}

bool query_filters(struct query *query, const struct store_list *list, struct error *error)
{
    if (query->kind->of_project) {
        buffer_append_string(&query->sql, " AND project_id = ");
        query_integer(query, list->project_id);
    }
    for (int late = 0; late < 2; late++) {
        for (size_t i = 0; i < list->filter_count; i++) {
            if (is_late(list->filters[i].field) == (late == 1) && !add_filter(query, &list->filters[i], error))
                return false;
        }
    }
    return true;
}

sqlite3_stmt *query_prepare(struct store_reader *reader, struct query *query, struct error *error)
{
    sqlite3_stmt *statement;
    if (query->value_count > MOST_VALUES) {
        error_set(error, ERROR_INVALID, "the filters hold more than %d values", (int)MOST_VALUES);
        return NULL;
    }
    if (sqlite3_prepare_v2(reader->db, buffer_string(&query->sql), -1, &statement, NULL) != SQLITE_OK) {
        database_fail(reader, error);
        return NULL;
    }
    for (size_t i = 0; i < query->value_count; i++) {
        const struct store_value *value = &query->values[i];
        if (value->is_text)
            bind_text(statement, (int)i + 1, value->text);
        else
            sqlite3_bind_int64(statement, (int)i + 1, value->integer);
    }
    return statement;
}
