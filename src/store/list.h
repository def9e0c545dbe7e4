/*
 * list.h - pages of records, by a table of what each list knows. Internal to store/.
 *
 * A noun describes its table as a list_kind, and gets lists with filters, orders and cursors, and counts.
 *
 *   list.c          one page: the statement, the rows, the cursors
 *   list_where.c    filters as SQL
 *   list_plan.c     which index a walk takes, and its bounds
 *   list_walks.c    the tables that are walked and their indexes
 *   list_cursor.c   the text of a cursor
 *   list_content.c  what is looked for in requests
 */
#pragma once

#include "store/sqlite/database.h"
#include "store/sqlite/row.h"
#include "store/sqlite/schema.h"
#include "store/store.h"

enum column_kind {
    KIND_INTEGER, KIND_TEXT,
    KIND_KEY_MOMENT, /* order by it is order by id */
    KIND_LINK,       /* OP_IN only: sql is the table of (issue_id, event_id) that links a row to the values */
};

struct column {
    enum store_field field;
    const char *sql;
    enum column_kind kind;
};

struct list_kind {
    const char *table, *columns, *data_columns, *live;
    const char *contains_from; /* the request whose content can be asked for; NULL: not offered */
    const struct column *columns_known;
    size_t column_count;
    bool of_project; /* has a column project_id */
    void (*read)(struct arena *, sqlite3_stmt *, void *);
    size_t size;
};

#define KNOWN(columns) columns, sizeof(columns) / sizeof(columns)[0]

extern const struct list_kind source_list_kind, connection_list_kind, request_list_kind, event_list_kind;

/* *out is an array of records of kind->size bytes, in the arena. */
bool list_page(struct store_reader *, struct arena *, const struct list_kind *, const struct store_list *, void **out,
               struct store_page *, struct error *);
/* How SQLite would go about the page, a line for each step, for tests. */
bool list_explain(struct store_reader *, struct arena *, const struct list_kind *, const struct store_list *,
                  struct text *plan, struct error *);
bool list_count(struct store_reader *, const struct list_kind *, const struct store_list *, int64_t *count,
                struct error *);
/*
 * About how many the list has, for kinds that are walked: exact as far as the limits of one call that looks into
 * content reach, and from there on by the share of keys that it came by.
 */
bool list_estimate(struct store_reader *, struct arena *, const struct list_kind *, const struct store_list *,
                   int64_t *count, struct error *);

/* Defines one of store.h's lists, of its own type. */
#define DEFINE_LIST(function, type, kind)                                                               \
    bool function(struct store_reader *reader, struct arena *arena, const struct store_list *list,      \
                  struct type **out, struct store_page *page, struct error *error)                      \
    {                                                                                                   \
        void *items;                                                                                    \
        bool done = list_page(reader, arena, kind, list, &items, page, error);                          \
        *out = items;                                                                                   \
        return done;                                                                                    \
    }
