/*
 * Which way a walk takes. SQLite is told the index by name: without statistics, which a user's store does not have, it
 * cannot know that nearly all events are SUCCESSFUL. What it would estimate is counted instead, a few thousand rows at
 * most: an index that holds no more of what is asked is read whole and sorted. Else the walk goes in the order of keys
 * along the first index that serves a filter, or along the table.
 */
#include "store/list_query.h"

#include "base/id.h"
#include "base/limits.h"

enum { CREATED_SLACK_MS = 60 * 1000 /* a key's moment and what is written in the row differ by less */ };

/* ---- bounds ---- */

/* What happened to a row happened after its key was made: one that it happened to before T has a key before T. */
static bool is_later_than_key(enum store_field field)
{
    return field == FIELD_LAST_ATTEMPT_AT || field == FIELD_SUCCESSFUL_AT || field == FIELD_UPDATED_AT;
}

static void bound_keys(const struct list_kind *kind, const struct store_list *list, struct list_plan *plan)
{
    for (size_t i = 0; i < list->filter_count; i++) {
        const struct store_filter *filter = &list->filters[i];
        const struct column *column = query_column(kind, filter->field);
        bool moment = column != NULL && column->kind == KIND_KEY_MOMENT;
        bool below = filter->operator == OP_LT || filter->operator == OP_LTE;
        bool above = filter->operator == OP_GT || filter->operator == OP_GTE;
        int64_t value = filter->count > 0 ? filter->values[0].integer : 0;
        if (below && (moment || is_later_than_key(filter->field))) {
            int64_t before = id_at_moment(value + CREATED_SLACK_MS);
            plan->before = before < plan->before ? before : plan->before;
        } else if (above && moment) {
            int64_t after = id_at_moment(value - CREATED_SLACK_MS);
            plan->after = after > plan->after ? after : plan->after;
        }
    }
}

/* ---- filters that a set of ids stands for ---- */

static const struct store_filter *find_in(const struct store_list *list, enum store_field field)
{
    for (size_t i = 0; i < list->filter_count; i++) {
        const struct store_filter *filter = &list->filters[i];
        bool null = filter->operator != OP_IN || filter->count == 0;
        for (size_t k = 0; !null && k < filter->count; k++)
            null = filter->values[k].is_null;
        if (filter->field == field && !null)
            return filter;
    }
    return NULL;
}

static bool is_resolved(const struct list_walk *walk, const struct store_filter *filter)
{
    bool known = filter->field == walk->resolved ||
                 (filter->field == FIELD_SOURCE_ID || filter->field == FIELD_DESTINATION_ID);
    return known && filter->operator == OP_IN;
}

static bool project_is_alone(struct store_reader *reader, int64_t project_id, bool *alone, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(reader, "SELECT 1 FROM project WHERE id <> ? LIMIT 1", error);
    if (statement == NULL)
        return false;
    BIND(statement, project_id);
    int row = database_step(reader, statement, error);
    *alone = row == 0;
    sqlite3_reset(statement);
    return row >= 0;
}

static bool read_ids(struct store_reader *reader, struct query *query, struct store_value *ids, size_t *count,
                     struct error *error)
{
    sqlite3_stmt *statement = query_prepare(reader, query, error);
    int code = SQLITE_ERROR;
    *count = 0;
    while (statement != NULL && (code = sqlite3_step(statement)) == SQLITE_ROW)
        ids[(*count)++] = (struct store_value){.integer = sqlite3_column_int64(statement, 0)};
    bool done = code == SQLITE_DONE || (statement != NULL && database_fail(reader, error));
    sqlite3_finalize(statement);
    return done;
}

/* The ids that the filters of `asked` leave of another table; *count above MOST_RESOLVED: too many. */
static bool resolve_ids(struct store_reader *reader, struct arena *arena, const struct list_walk *walk,
                        const struct store_list *asked, struct store_value *ids, size_t *count, struct error *error)
{
    struct query query = query_new(walk->resolve_from, arena);
    buffer_printf(&query.sql, "SELECT id FROM %s WHERE 1", walk->resolve_from->table);
    bool done = query_filters(&query, asked, error);
    buffer_append_string(&query.sql, " LIMIT ");
    query_integer(&query, MOST_RESOLVED + 1);
    done = done && read_ids(reader, &query, ids, count, error);
    query_end(&query);
    return done;
}

/* Puts one filter on the resolved field in the place of those that it stands for. */
static bool resolve(struct store_reader *reader, struct arena *arena, const struct list_walk *walk,
                    struct list_plan *plan, struct error *error)
{
    struct store_list *list = &plan->list;
    struct store_filter *kept = ARENA_ARRAY(arena, struct store_filter, list->filter_count + 1);
    struct store_filter *resolved = ARENA_ARRAY(arena, struct store_filter, list->filter_count);
    struct store_value *ids = ARENA_ARRAY(arena, struct store_value, MOST_RESOLVED + 1);
    struct store_list asked = {.project_id = list->project_id, .filters = resolved};
    size_t kept_count = 0, count;
    bool alone = false;
    for (size_t i = 0; i < list->filter_count; i++) {
        if (!is_resolved(walk, &list->filters[i])) {
            kept[kept_count++] = list->filters[i];
            continue;
        }
        resolved[asked.filter_count] = list->filters[i];
        if (list->filters[i].field == walk->resolved)
            resolved[asked.filter_count].field = FIELD_ID;
        asked.filter_count++;
    }
    if (asked.filter_count == 0 && (!project_is_alone(reader, list->project_id, &alone, error) || alone))
        return alone;
    if (!resolve_ids(reader, arena, walk, &asked, ids, &count, error))
        return false;
    if (count > MOST_RESOLVED)
        return true;
    plan->nothing = count == 0;
    kept[kept_count++] = (struct store_filter){.field = walk->resolved, .operator = OP_IN, .values = ids, .count = count};
    list->filters = kept;
    list->filter_count = kept_count;
    return true;
}

/* ---- the way ---- */

const char *list_plan_key(const struct list_plan *plan)
{
    return plan->path != NULL && plan->path->link != NULL ? plan->path->link : "id";
}

static void add_from(struct query *query, const struct list_path *path)
{
    const char *table = query->kind->table;
    if (path == NULL)
        buffer_printf(&query->sql, " FROM %s NOT INDEXED WHERE 1", table);
    else if (path->link != NULL)
        buffer_printf(&query->sql, " FROM %s CROSS JOIN %s ON id = %s WHERE 1", path->index, table, path->link);
    else
        buffer_printf(&query->sql, " FROM %s INDEXED BY %s WHERE %s", table, path->index,
                      path->condition ? path->condition : "1");
}

void list_plan_way(struct query *query, const struct list_plan *plan, size_t value)
{
    const struct list_path *path = plan->path;
    const char *column = plan->by_id ? "id" : path != NULL ? path->column : NULL;
    add_from(query, path);
    if (column != NULL) {
        bool all = value >= plan->value_count;
        buffer_append_string(&query->sql, " AND ");
        query_in(query, column, plan->values + (all ? 0 : value), all ? plan->value_count : 1);
    }
    if (plan->after > INT64_MIN) {
        buffer_printf(&query->sql, " AND %s > ", list_plan_key(plan));
        query_integer(query, plan->after);
    }
    if (plan->before < INT64_MAX) {
        buffer_printf(&query->sql, " AND %s < ", list_plan_key(plan));
        query_integer(query, plan->before);
    }
}

/* Are there few rows along the way? Counts no more than it takes to know. */
static bool is_short(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
                     const struct list_plan *plan, bool *is_it, struct error *error)
{
    struct query query = query_new(kind, arena);
    buffer_append_string(&query.sql, "SELECT count(*) FROM (SELECT 1");
    list_plan_way(&query, plan, plan->value_count);
    buffer_append_string(&query.sql, " LIMIT ");
    query_integer(&query, limits.list_sort + 1);
    buffer_append_string(&query.sql, ")");
    sqlite3_stmt *statement = query_prepare(reader, &query, error);
    bool done = statement != NULL && (sqlite3_step(statement) == SQLITE_ROW || database_fail(reader, error));
    *is_it = done && sqlite3_column_int64(statement, 0) <= limits.list_sort;
    sqlite3_finalize(statement);
    query_end(&query);
    return done;
}

static bool serves(const struct list_path *path, const struct store_list *list)
{
    for (size_t i = 0; i < list->filter_count; i++) {
        if (path->serves(&list->filters[i]))
            return true;
    }
    return false;
}

/* A value that is given twice would give its rows twice. */
static void set_values(struct arena *arena, const struct store_filter *filter, struct list_plan *plan)
{
    struct store_value *values = ARENA_ARRAY(arena, struct store_value, filter->count);
    size_t count = 0, k;
    for (size_t i = 0; i < filter->count; i++) {
        for (k = 0; k < count && values[k].integer != filter->values[i].integer;)
            k++;
        if (k == count)
            values[count++] = filter->values[i];
    }
    plan->values = values;
    plan->value_count = count;
}

/* The plan with this path, when a filter asks for what it has. */
static bool try_path(struct arena *arena, const struct list_path *path, const struct list_plan *plan,
                     struct list_plan *with)
{
    const struct store_filter *filter = path->column != NULL ? find_in(&plan->list, path->field) : NULL;
    *with = *plan;
    with->path = path;
    if (filter != NULL)
        set_values(arena, filter, with);
    if (path->link != NULL && with->value_count > 1)
        return false; /* a row may be linked to several values, and would come as often */
    return path->column != NULL ? filter != NULL : serves(path, &plan->list);
}

static bool choose_path(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
                        const struct list_walk *walk, struct list_plan *plan, struct error *error)
{
    struct list_plan best = *plan, with;
    for (size_t i = 0; i < walk->path_count; i++) {
        const struct list_path *path = &walk->paths[i];
        if (!try_path(arena, path, plan, &with))
            continue;
        if (!is_short(reader, arena, kind, &with, &with.sorted, error))
            return false;
        bool ordered = path->ordered && with.value_count <= MOST_ARMS;
        if (with.sorted || (ordered && best.path == NULL))
            best = with;
        if (with.sorted)
            break;
    }
    *plan = best;
    return true;
}

/* What the way gives by itself needs no check. */
static void drop_filter(struct arena *arena, struct store_list *list, enum store_field field)
{
    struct store_filter *kept = ARENA_ARRAY(arena, struct store_filter, list->filter_count);
    const struct store_filter *dropped = find_in(list, field);
    size_t count = 0;
    for (size_t i = 0; i < list->filter_count; i++) {
        if (&list->filters[i] != dropped)
            kept[count++] = list->filters[i];
    }
    list->filters = kept;
    list->filter_count = count;
}

bool list_plan(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
               const struct list_walk *walk, const struct store_list *list, struct list_plan *plan,
               struct error *error)
{
    plan->list = *list;
    bound_keys(kind, list, plan);
    if (list->above > 0 && list->above > plan->after)
        plan->after = list->above;
    if (list->up_to > 0 && list->up_to < plan->before)
        plan->before = list->up_to + 1;
    if (walk->resolve_from != NULL && !resolve(reader, arena, walk, plan, error))
        return false;
    if (plan->nothing)
        return true;
    const struct store_filter *ids = find_in(&plan->list, FIELD_ID);
    if (ids != NULL) {
        plan->by_id = plan->sorted = true;
        plan->values = ids->values;
        plan->value_count = ids->count;
        return true;
    }
    if (!choose_path(reader, arena, kind, walk, plan, error))
        return false;
    if (plan->path != NULL && plan->path->column != NULL)
        drop_filter(arena, &plan->list, plan->path->field);
    return true;
}
