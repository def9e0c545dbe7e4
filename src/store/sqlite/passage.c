#include "store/passage.h"

#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

bool store_insert_passage(struct store_transaction *transaction, const struct passage *passage, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database,
                                         "INSERT INTO passage(" PASSAGE_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, passage->id, passage->project_id, passage->request_id, passage->connection_id, passage->position,
         passage->bulk_id, passage->remade);
    return database_run(transaction->database, s, error);
}

bool store_delete_passage(struct store_transaction *transaction, int64_t id, bool *found, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM passage WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    if (!database_run(transaction->database, s, error))
        return false;
    *found = sqlite3_changes(transaction->database->db) > 0;
    return true;
}

static void row_passage(sqlite3_stmt *s, struct passage *passage)
{
    *passage = (struct passage){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .request_id = sqlite3_column_int64(s, 2), .connection_id = sqlite3_column_int64(s, 3),
        .position = sqlite3_column_int64(s, 4), .bulk_id = sqlite3_column_int64(s, 5),
        .remade = sqlite3_column_int64(s, 6) != 0};
}

bool store_read_passages(struct store_reader *reader, struct arena *arena, int64_t connection_id, size_t limit,
                         struct passage **passages, size_t *count, struct error *error)
{
    int row;
    struct passage *found = ARENA_ARRAY(arena, struct passage, limit);
    sqlite3_stmt *s = database_statement(
        reader, "SELECT " PASSAGE_COLUMNS " FROM passage WHERE connection_id = ? ORDER BY id LIMIT ?", error);
    *passages = found;
    *count = 0;
    if (s == NULL)
        return false;
    BIND(s, connection_id, (int64_t)limit);
    while ((row = database_step(reader, s, error)) == 1)
        row_passage(s, &found[(*count)++]);
    return row == 0;
}

bool store_read_passage_connections(struct store_reader *reader, struct arena *arena, int64_t **connection_ids,
                                    size_t *count, struct error *error)
{
    void *items;
    /* One seek for each connection that has any. */
    bool done = read_all(reader, arena,
                         "WITH RECURSIVE next(id) AS (SELECT min(connection_id) FROM passage UNION ALL SELECT (SELECT"
                         " min(connection_id) FROM passage WHERE connection_id > next.id) FROM next WHERE next.id IS NOT"
                         " NULL) SELECT id FROM next WHERE id IS NOT NULL",
                         NULL, row_integer, sizeof(int64_t), &items, count, error);
    *connection_ids = items;
    return done;
}
