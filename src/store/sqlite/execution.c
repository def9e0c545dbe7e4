#include "store/execution.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

/* A list has its order as the tenth column, where a single record has `transformed`. */
static void row_listed(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct execution *)out = (struct execution){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .transformation_id = sqlite3_column_int64(s, 2), .connection_id = sqlite3_column_int64(s, 3),
        .request_id = sqlite3_column_int64(s, 4), .issue_id = sqlite3_column_int64(s, 5),
        .log_level = (enum execution_log_level)sqlite3_column_int64(s, 6), .created_at = sqlite3_column_int64(s, 7),
        .logs = column_text(arena, s, 8)};
}

static void row_whole(struct arena *arena, sqlite3_stmt *s, void *out)
{
    row_listed(arena, s, out);
    ((struct execution *)out)->transformed = column_text(arena, s, 9);
}

bool store_insert_execution(struct store_transaction *transaction, const struct execution *execution,
                            struct error *error)
{
    if (execution->logs.size > EXECUTION_LOGS_BYTES)
        return error_set(error, ERROR_TOO_LARGE, "the logs of a run are larger than %d bytes", EXECUTION_LOGS_BYTES);
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO execution(" EXECUTION_COLUMNS EXECUTION_DATA_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, execution->id, execution->project_id, execution->transformation_id, execution->connection_id,
         execution->request_id, execution->issue_id, (int64_t)execution->log_level, execution->created_at);
    bind_text(s, 9, execution->logs);
    bind_text(s, 10, execution->transformed);
    return database_run(transaction->database, s, error);
}

bool store_read_execution(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                          struct execution *execution, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(EXECUTION_COLUMNS EXECUTION_DATA_COLUMNS, "execution"), project_id, id,
                      row_whole, execution, error);
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_TRANSFORMATION_ID, "transformation_id", KIND_INTEGER},
    {FIELD_CONNECTION_ID, "connection_id", KIND_INTEGER}, {FIELD_ISSUE_ID, "issue_id", KIND_INTEGER},
    {FIELD_LOG_LEVEL, "log_level", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
};
static const struct list_kind LIST = {"execution", EXECUTION_COLUMNS, "", NULL, NULL, KNOWN(COLUMNS), true, row_listed,
                                      sizeof(struct execution)};
DEFINE_LIST(store_list_executions, execution, &LIST)
