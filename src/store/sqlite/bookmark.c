#include "store/bookmark.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

static void row_bookmark(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct bookmark *)out = (struct bookmark){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .connection_id = sqlite3_column_int64(s, 2), .request_id = sqlite3_column_int64(s, 3),
        .last_used_at = sqlite3_column_int64(s, 4), .created_at = sqlite3_column_int64(s, 5),
        .updated_at = sqlite3_column_int64(s, 6), .name = column_text(arena, s, 7), .label = column_text(arena, s, 8)};
}

bool store_put_bookmark(struct store_transaction *transaction, const struct bookmark *bookmark, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO bookmark(" BOOKMARK_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
        " connection_id = excluded.connection_id, request_id = excluded.request_id,"
        " last_used_at = excluded.last_used_at, updated_at = excluded.updated_at, name = excluded.name,"
        " label = excluded.label", error);
    if (s == NULL)
        return false;
    BIND(s, bookmark->id, bookmark->project_id, bookmark->connection_id, bookmark->request_id, bookmark->last_used_at,
         bookmark->created_at, bookmark->updated_at);
    bind_text(s, 8, bookmark->name);
    bind_text(s, 9, bookmark->label);
    return database_run(transaction->database, s, error);
}

bool store_delete_bookmark(struct store_transaction *transaction, int64_t id, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM bookmark WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    return database_run(transaction->database, s, error);
}

bool store_read_bookmark(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                         struct bookmark *bookmark, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(BOOKMARK_COLUMNS, "bookmark"), project_id, id, row_bookmark, bookmark, error);
}

bool store_read_bookmark_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id, struct text name,
                                 struct bookmark *bookmark, struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " BOOKMARK_COLUMNS " FROM bookmark WHERE project_id = ?1 AND name = ?2", project_id, 0,
                        name, row_bookmark, bookmark, error);
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_NAME, "name", KIND_TEXT}, {FIELD_LABEL, "label", KIND_TEXT},
    {FIELD_CONNECTION_ID, "connection_id", KIND_INTEGER}, {FIELD_REQUEST_ID, "request_id", KIND_INTEGER},
    {FIELD_LAST_USED_AT, "last_used_at", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
};
static const struct list_kind LIST = {"bookmark", BOOKMARK_COLUMNS, "", NULL, NULL, KNOWN(COLUMNS), true, row_bookmark,
                                      sizeof(struct bookmark)};
DEFINE_LIST(store_list_bookmarks, bookmark, &LIST)
