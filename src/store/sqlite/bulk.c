/* Bulk operations in the store: their records. The lists that they walk over stand in list_kinds.c. */
#include "store/bulk.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

static void row_bulk(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct bulk *)out = (struct bulk){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .kind = (enum bulk_kind)sqlite3_column_int64(s, 2), .created_at = sqlite3_column_int64(s, 3),
        .updated_at = sqlite3_column_int64(s, 4), .cancelled_at = sqlite3_column_int64(s, 5),
        .completed_at = sqlite3_column_int64(s, 6), .estimated_count = sqlite3_column_int64(s, 7),
        .processed_batch = sqlite3_column_int64(s, 8), .completed_count = sqlite3_column_int64(s, 9),
        .failed_count = sqlite3_column_int64(s, 10), .position = sqlite3_column_int64(s, 11),
        .bound = sqlite3_column_int64(s, 12), .query = column_text(arena, s, 13)};
}

bool store_insert_bulk(struct store_transaction *transaction, const struct bulk *bulk, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO bulk(" BULK_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, bulk->id, bulk->project_id, (int64_t)bulk->kind, bulk->created_at, bulk->updated_at, bulk->cancelled_at,
         bulk->completed_at, bulk->estimated_count, bulk->processed_batch, bulk->completed_count, bulk->failed_count,
         bulk->position, bulk->bound);
    bind_text(s, 14, bulk->query);
    return database_run(transaction->database, s, error);
}

bool store_update_bulk(struct store_transaction *transaction, const struct bulk *bulk, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "UPDATE bulk SET updated_at = ?, cancelled_at = ?, completed_at = ?, processed_batch = ?, completed_count = ?,"
        " failed_count = ?, position = ? WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, bulk->updated_at, bulk->cancelled_at, bulk->completed_at, bulk->processed_batch, bulk->completed_count,
         bulk->failed_count, bulk->position, bulk->id);
    return database_run(transaction->database, s, error);
}

bool store_read_bulk(struct store_reader *reader, struct arena *arena, int64_t project_id, enum bulk_kind kind,
                     int64_t id, struct bulk *bulk, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        reader, "SELECT " BULK_COLUMNS " FROM bulk WHERE id = ? AND project_id = ? AND kind = ?", error);
    if (s != NULL)
        BIND(s, id, project_id, (int64_t)kind);
    return read_one(reader, arena, s, row_bulk, bulk, error);
}

bool store_read_open_bulks(struct store_reader *reader, struct arena *arena, int64_t after, size_t limit,
                           struct bulk **bulks, size_t *count, struct error *error)
{
    int row;
    sqlite3_stmt *s = database_statement(
        reader, "SELECT " BULK_COLUMNS " FROM bulk INDEXED BY bulk_open WHERE completed_at = 0 AND cancelled_at = 0"
        " AND id > ? ORDER BY id LIMIT ?", error);
    if (s == NULL)
        return false;
    BIND(s, after, (int64_t)limit);
    *bulks = ARENA_ARRAY(arena, struct bulk, limit);
    *count = 0;
    while ((row = database_step(reader, s, error)) == 1)
        row_bulk(arena, s, &(*bulks)[(*count)++]);
    return row == 0;
}

bool store_count_open_bulks(struct store_reader *reader, int64_t project_id, enum bulk_kind kind, struct text query,
                            int64_t *open, int64_t *same, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        reader, "SELECT count(*), coalesce(sum(kind = ?2 AND query = ?3), 0) FROM bulk INDEXED BY bulk_open"
        " WHERE completed_at = 0 AND cancelled_at = 0 AND project_id = ?1", error);
    if (s == NULL)
        return false;
    BIND(s, project_id, (int64_t)kind);
    bind_text(s, 3, query);
    if (database_step(reader, s, error) != 1)
        return false;
    *open = sqlite3_column_int64(s, 0);
    *same = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return true;
}

/* ---- the list ---- */

static const struct column BULKS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_KIND, "kind", KIND_INTEGER},
    {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
    {FIELD_CANCELLED_AT, "cancelled_at", KIND_INTEGER}, {FIELD_COMPLETED_AT, "completed_at", KIND_INTEGER},
    {FIELD_IN_PROGRESS, "(completed_at = 0 AND cancelled_at = 0)", KIND_INTEGER}, {FIELD_QUERY, "query", KIND_TEXT},
    /* every member is followed by a comma, so that a whole member can be looked for */
    {FIELD_QUERY_MEMBER, "(substr(query, 1, length(query) - 1) || ',')", KIND_TEXT},
};
static const struct list_kind BULK_LIST = {"bulk", BULK_COLUMNS, "", NULL, NULL, KNOWN(BULKS), true, row_bulk,
                                           sizeof(struct bulk)};
DEFINE_LIST(store_list_bulks, bulk, &BULK_LIST)

/* ---- walks ---- */

bool store_bulk_last(struct store_reader *reader, enum bulk_subject subject, int64_t *last, struct error *error)
{
    static const char *const last_of[] = {
        [BULK_OF_EVENTS] = "SELECT coalesce(max(id), 0) FROM event",
        [BULK_OF_IGNORED_EVENTS] = "SELECT coalesce(max(id), 0) FROM ignored_event",
        [BULK_OF_REQUESTS] = "SELECT coalesce(max(id), 0) FROM request",
    };
    return read_one(reader, NULL, database_statement(reader, last_of[subject], error), row_integer, last, error);
}
