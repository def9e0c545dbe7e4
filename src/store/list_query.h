/*
 * list_query.h - the parts that make one page of a list. Internal to store/list*.c.
 *
 * Two kinds of lists. Those of configuration are small: SQLite filters and sorts them. Those of traffic (requests,
 * events, attempts...) are walked in the order of their keys: a statement gives every row along the way with the
 * answer whether it passes the filters, and the walk ends when the page is full or at a limit of one call. The way is
 * an index that holds few rows beside those that are wanted, or the table itself.
 */
#pragma once

#include "base/buffer.h"
#include "store/list.h"

enum { MOST_VALUES = 8192, MOST_ARMS = 64, MOST_RESOLVED = 1000 };

/* ---- a statement in the making: list_where.c ---- */

struct query {
    const struct list_kind *kind;
    struct arena *arena;
    struct buffer sql;
    struct store_value *values; /* of "?1", "?2", ... */
    size_t value_count, value_room;
};

struct query query_new(const struct list_kind *kind, struct arena *arena);
const struct column *query_column(const struct list_kind *kind, enum store_field field);
/* Each appends SQL; a value gets the next number. */
void query_integer(struct query *query, int64_t integer);
void query_value(struct query *query, struct store_value value);
/* "(column IN (...))" with the values of a filter. */
void query_in(struct query *query, const char *column, const struct store_value *values, size_t count);
/* " AND (...)" for each filter but those on content, and for the project. False for one that the kind has not. */
bool query_filters(struct query *query, const struct store_list *list, struct error *error);
/* NULL with the error; the query's buffer is freed by query_end. */
sqlite3_stmt *query_prepare(struct store_reader *reader, struct query *query, struct error *error);
void query_end(struct query *query);

/* ---- cursors: list_cursor.c ---- */

struct cursor {
    int64_t id;
    struct store_value values[ORDERS_MOST]; /* of the orders, in theirs */
};

/* An order of a page. The id ends the orders: nothing comes after it. */
struct order {
    const char *sql;
    bool is_text, ascending;
};

struct orders {
    struct order items[ORDERS_MOST]; /* without the id */
    size_t count;
    bool id_ascending;
};

bool orders_find(const struct list_kind *kind, const struct store_list *list, struct orders *orders,
                 struct error *error);
struct text cursor_write(struct arena *arena, const struct cursor *cursor, const struct orders *orders);
bool cursor_read(struct arena *arena, struct text text, const struct orders *orders, struct cursor *cursor);
/* Of a row of a statement: the id and the values stand in its first columns. */
struct cursor cursor_of(struct arena *arena, sqlite3_stmt *statement, const struct orders *orders);
/* " AND ..." what comes behind the cursor. */
void cursor_condition(struct query *query, const struct cursor *cursor, const struct orders *orders);

/* ---- walks: list_walks.c and list_plan.c ---- */

/* An index that a walk may take. */
struct list_path {
    const char *index;
    /* By values of a column: the rows of each in the order of keys. */
    enum store_field field;
    const char *column; /* NULL: not by values */
    /* Partial: holds what fits this condition, which a filter that it serves implies. */
    const char *condition;
    bool (*serves)(const struct store_filter *filter);
    bool ordered; /* by key; else it can only be sorted */
    const char *link; /* `index` is a table of (column, link) that leads to the rows, by one value; NULL: an index */
};

struct list_walk {
    const char *table;
    const struct list_path *paths; /* the best first */
    size_t path_count;
    /*
     * A set of ids that stands for filters, or for the project among several: "SELECT id FROM resolve_from->table".
     * Its filters are those that resolve_from knows by the same fields, FIELD_ID for resolved.
     */
    const struct list_kind *resolve_from;
    enum store_field resolved;
};

/* NULL: the list is not walked. */
const struct list_walk *list_walk_of(const struct list_kind *kind);

/* How a page comes to its rows. */
struct list_plan {
    const struct list_path *path;    /* NULL: the table */
    const struct store_value *values; /* of the path's column, or of the id */
    size_t value_count;
    bool by_id, sorted, nothing; /* `sorted`: few rows, in any order; `nothing`: no row can match */
    int64_t after, before;       /* keys lie between them */
    struct store_list list;      /* what is asked, with resolved filters replaced */
};

bool list_plan(struct store_reader *reader, struct arena *arena, const struct list_kind *kind,
               const struct list_walk *walk, const struct store_list *list, struct list_plan *plan,
               struct error *error);
/* The part of the statement from FROM on: the way, for one of its values or all (index plan->value_count). */
void list_plan_way(struct query *query, const struct list_plan *plan, size_t value);
/* The column that it goes in the order of. */
const char *list_plan_key(const struct list_plan *plan);

/* ---- content: list_content.c ---- */

struct content_search {
    struct store_reader *reader;
    const struct store_list *list;
    sqlite3_stmt *statement; /* NULL: nothing is looked for */
    int64_t bytes;           /* looked into so far */
};

bool content_begin(struct content_search *search, struct store_reader *reader, const struct store_list *list,
                   struct error *error);
/* Whether the content of a request passes. */
bool content_passes(struct content_search *search, int64_t request_id, bool *passes, struct error *error);
void content_end(struct content_search *search);
bool filter_is_of_content(const struct store_filter *filter);
