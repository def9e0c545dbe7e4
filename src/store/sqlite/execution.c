#include "store/execution.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

static void row_execution(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct execution *)out = (struct execution){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .transformation_id = sqlite3_column_int64(s, 2), .connection_id = sqlite3_column_int64(s, 3),
        .request_id = sqlite3_column_int64(s, 4), .original_id = sqlite3_column_int64(s, 5),
        .issue_id = sqlite3_column_int64(s, 6), .log_level = (enum execution_log_level)sqlite3_column_int64(s, 7),
        .created_at = sqlite3_column_int64(s, 8), .logs = column_text(arena, s, 9)};
}

static bool insert_result(struct store_transaction *transaction, const struct execution *execution, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO execution_result(execution_id, path, query, headers, body) VALUES(?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, execution->id);
    bind_text(s, 2, execution->result.path);
    bind_text(s, 3, execution->result.query);
    bind_bytes(s, 4, execution->result.headers);
    bind_bytes(s, 5, execution->result.body);
    return database_run(transaction->database, s, error);
}

bool store_insert_execution(struct store_transaction *transaction, const struct execution *execution,
                            struct error *error)
{
    if (execution->logs.size > EXECUTION_LOGS_BYTES)
        return error_set(error, ERROR_TOO_LARGE, "the logs of a run are larger than %d bytes", EXECUTION_LOGS_BYTES);
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO execution(" EXECUTION_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, execution->id, execution->project_id, execution->transformation_id, execution->connection_id,
         execution->request_id, execution->original_id, execution->issue_id,
         (int64_t)execution->log_level, execution->created_at);
    bind_text(s, 10, execution->logs);
    return database_run(transaction->database, s, error) &&
           (!execution->has_result || insert_result(transaction, execution, error));
}

static void row_result(struct arena *arena, sqlite3_stmt *s, void *out)
{
    struct execution *execution = out;
    execution->has_result = true;
    execution->result = (struct request){
        .path = column_text(arena, s, 0), .query = column_text(arena, s, 1), .headers = column_text(arena, s, 2),
        .body = column_text(arena, s, 3)};
}

bool store_read_execution_result(struct store_reader *reader, struct arena *arena, struct execution *execution,
                                 struct error *error)
{
    struct error missing = {0};
    sqlite3_stmt *s = database_statement(
        reader, "SELECT path, query, headers, body FROM execution_result WHERE execution_id = ?", error);
    execution->has_result = false;
    if (s == NULL)
        return false;
    BIND(s, execution->id);
    return read_one(reader, arena, s, row_result, execution, &missing) || missing.code == ERROR_NOT_FOUND ||
           error_set(error, missing.code, "%s", missing.message);
}

bool store_read_event_data(struct store_reader *reader, struct arena *arena, const struct event *event,
                           struct request *request, struct error *error)
{
    struct execution execution = {.id = event->execution_id};
    if (!store_read_request(reader, arena, event->project_id, event->request_id, true, request, error) ||
        (execution.id != 0 && !store_read_execution_result(reader, arena, &execution, error)))
        return false;
    if (execution.id != 0 && !execution.has_result)
        return error_set(error, ERROR_NOT_FOUND, "there is no such record");
    if (execution.has_result)
        execution_apply(&execution, request);
    return true;
}

bool store_read_execution(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                          struct execution *execution, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(EXECUTION_COLUMNS, "execution"), project_id, id,
                      row_execution, execution, error);
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_TRANSFORMATION_ID, "transformation_id", KIND_INTEGER},
    {FIELD_CONNECTION_ID, "connection_id", KIND_INTEGER}, {FIELD_ISSUE_ID, "issue_id", KIND_INTEGER},
    {FIELD_LOG_LEVEL, "log_level", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
};
static const struct list_kind LIST = {"execution", EXECUTION_COLUMNS, "", NULL, NULL, KNOWN(COLUMNS), true, row_execution,
                                      sizeof(struct execution)};
DEFINE_LIST(store_list_executions, execution, &LIST)
