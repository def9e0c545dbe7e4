#include "store/notification.h"

#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

bool store_put_notification(struct store_transaction *transaction, const struct notification *notification,
                            struct error *error)
{
    sqlite3_stmt *counter = database_statement(
        transaction->database, "UPDATE meta SET value = value + 1 WHERE name = 'change'", error);
    if (counter == NULL || !database_run(transaction->database, counter, error))
        return false;
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO notification(project_id, source_id, enabled, topics, updated_at, change) VALUES(?, ?, ?, ?, ?,"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(project_id) DO UPDATE SET"
        " source_id = excluded.source_id, enabled = excluded.enabled, topics = excluded.topics,"
        " updated_at = excluded.updated_at, change = excluded.change", error);
    if (s == NULL)
        return false;
    BIND(s, notification->project_id, notification->source_id, notification->enabled, (int64_t)notification->topics,
         notification->updated_at);
    return database_run(transaction->database, s, error);
}

static void row_notification(struct arena *arena, sqlite3_stmt *s, void *out)
{
    (void)arena;
    *(struct notification *)out = (struct notification){
        sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2) != 0,
        (unsigned)sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4)};
}

bool store_read_notifications(struct store_reader *reader, struct arena *arena, struct notification **notifications,
                              size_t *count, struct error *error)
{
    void *items;
    bool done = read_all(reader, arena,
                         "SELECT project_id, source_id, enabled, topics, updated_at FROM notification WHERE enabled = 1",
                         NULL, row_notification, sizeof(struct notification), &items, count, error);
    *notifications = items;
    return done;
}

bool store_read_issue_change(struct store_reader *reader, int64_t *change, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        reader, "SELECT max(coalesce((SELECT max(change) FROM issue_trigger), 0),"
        " coalesce((SELECT max(change) FROM notification), 0))", error);
    return read_one(reader, NULL, s, row_integer, change, error);
}

/* ---- what is still to be told ---- */

bool store_insert_notice(struct store_transaction *transaction, const struct notice *notice, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO notice(id, project_id, topic, object_id, to_source) VALUES(?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, notice->id, notice->project_id, (int64_t)notice->topic, notice->object_id, notice->to_source);
    return database_run(transaction->database, s, error);
}

bool store_delete_notice(struct store_transaction *transaction, int64_t id, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM notice WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    return database_run(transaction->database, s, error);
}

bool store_read_notices(struct store_reader *reader, struct arena *arena, int64_t after, size_t limit,
                        struct notice **notices, size_t *count, struct error *error)
{
    int row;
    struct notice *found = ARENA_ARRAY(arena, struct notice, limit);
    sqlite3_stmt *s = database_statement(
        reader, "SELECT id, project_id, topic, object_id, to_source FROM notice WHERE id > ? ORDER BY id LIMIT ?", error);
    *notices = found;
    *count = 0;
    if (s == NULL)
        return false;
    BIND(s, after, (int64_t)limit);
    while ((row = database_step(reader, s, error)) == 1)
        found[(*count)++] = (struct notice){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                                            (enum topic)sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3),
                                            sqlite3_column_int64(s, 4) != 0};
    return row == 0;
}
