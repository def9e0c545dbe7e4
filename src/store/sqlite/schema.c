#include "store/sqlite/schema.h"

#include <stdio.h>

#include "store/sqlite/metrics_keep.h"

const char schema_core[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL);"
    "INSERT INTO meta VALUES('change', 0);"
    "CREATE TABLE project(id INTEGER PRIMARY KEY, name TEXT NOT NULL, signing_secret TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);"
    "CREATE TABLE api_key(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, key_hash TEXT NOT NULL UNIQUE,"
    " created_at INTEGER NOT NULL);"
    "CREATE TABLE source(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, disabled_at INTEGER NOT NULL,"
    " deleted_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " token TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT, type TEXT NOT NULL, config TEXT NOT NULL,"
    " change INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX source_name ON source(project_id, name) WHERE deleted_at = 0;"
    "CREATE INDEX source_change ON source(change);"
    "CREATE TABLE destination(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, type INTEGER NOT NULL,"
    " disabled_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL, name TEXT NOT NULL, description TEXT, config TEXT NOT NULL,"
    " change INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX destination_name ON destination(project_id, name) WHERE deleted_at = 0;"
    "CREATE INDEX destination_change ON destination(change);"
    "CREATE TABLE connection(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, source_id INTEGER NOT NULL,"
    " destination_id INTEGER NOT NULL, disabled_at INTEGER NOT NULL, paused_at INTEGER NOT NULL,"
    " deleted_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, name TEXT,"
    " description TEXT, rules TEXT NOT NULL, change INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX connection_name ON connection(source_id, name) WHERE deleted_at = 0 AND name IS NOT NULL;"
    "CREATE INDEX connection_change ON connection(change);"
    "CREATE INDEX connection_source ON connection(source_id);"
    "CREATE INDEX connection_destination ON connection(destination_id);"
    /* The body comes last: lists that do not show it do not read it. */
    "CREATE TABLE request(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, source_id INTEGER NOT NULL,"
    " ingested_at INTEGER NOT NULL, verified INTEGER NOT NULL, rejection_cause INTEGER NOT NULL,"
    " events_count INTEGER NOT NULL, cli_events_count INTEGER NOT NULL, ignored_count INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL,"
    " headers BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX request_source ON request(source_id, id);"
    "CREATE INDEX request_rejected ON request(id) WHERE rejection_cause > 0;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, request_id INTEGER NOT NULL,"
    " connection_id INTEGER NOT NULL, source_id INTEGER NOT NULL, destination_id INTEGER NOT NULL,"
    " status INTEGER NOT NULL, due_at INTEGER NOT NULL, next_attempt_at INTEGER NOT NULL,"
    " next_trigger INTEGER NOT NULL, attempts INTEGER NOT NULL, automatic_retries INTEGER NOT NULL,"
    " last_attempt_at INTEGER NOT NULL, successful_at INTEGER NOT NULL, response_status INTEGER NOT NULL,"
    " error_code INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);"
    /* What is waiting. Covers the connection, so that pausing one does not read the rows of others. */
    "CREATE INDEX event_due ON event(destination_id, due_at, id, connection_id) WHERE due_at > 0;"
    "CREATE INDEX event_hold ON event(connection_id, id) WHERE status = 3;"
    "CREATE INDEX event_failed ON event(id) WHERE status = 5;"
    "CREATE INDEX event_request ON event(request_id);"
    "CREATE INDEX event_connection ON event(connection_id, id);"
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, event_id INTEGER NOT NULL,"
    " destination_id INTEGER NOT NULL, successful INTEGER NOT NULL, attempt_number INTEGER NOT NULL,"
    " attempt_trigger INTEGER NOT NULL, response_status INTEGER NOT NULL, error_code INTEGER NOT NULL,"
    " delivered_at INTEGER NOT NULL, responded_at INTEGER NOT NULL, delivery_latency_ms INTEGER NOT NULL,"
    " response_latency_ms INTEGER NOT NULL, requested_url TEXT, method TEXT, body BLOB, content_type TEXT);"
    "CREATE INDEX attempt_event ON attempt(event_id, id);"
    "CREATE TABLE ignored_event(id INTEGER PRIMARY KEY, request_id INTEGER NOT NULL, connection_id INTEGER NOT NULL,"
    " cause INTEGER NOT NULL, meta TEXT);"
    "CREATE INDEX ignored_event_request ON ignored_event(request_id, id);";

/* What makes each version of the schema from the one before. Append only: stores in the field stand at any of them. */
static const char *const STEPS[] = {
    schema_core,
    schema_resources,
    schema_projects,
    schema_lists,
    schema_bulk,
    schema_issues,
    schema_metrics,
    schema_rules,
    schema_pace,
    schema_auth,
    schema_outages,
    schema_fetched,
    schema_wire,
    schema_seal,
    schema_group_queues,
};
enum { SCHEMA_VERSION = sizeof STEPS / sizeof STEPS[0] };

static bool read_integer(struct store_reader *database, const char *sql, int64_t *value, struct error *error)
{
    sqlite3_stmt *statement = database_statement(database, sql, error);
    int row = statement ? database_step(database, statement, error) : -1;
    *value = row == 1 ? sqlite3_column_int64(statement, 0) : 0;
    if (row == 1)
        sqlite3_reset(statement);
    return row >= 0;
}

static bool apply_steps(struct store_reader *database, struct error *error)
{
    int64_t version;
    if (!read_integer(database, "PRAGMA user_version", &version, error))
        return false;
    if (version > SCHEMA_VERSION)
        return error_set(error, ERROR_REFUSED, "%s was written by a newer fairlead (schema %lld, this one knows %d)",
                         database->path, (long long)version, (int)SCHEMA_VERSION);
    if (version == SCHEMA_VERSION)
        return true;
    if (!database_execute(database, "BEGIN IMMEDIATE", error))
        return false;
    bool done = true;
    for (int64_t step = version; done && step < SCHEMA_VERSION; step++)
        done = database_execute(database, STEPS[step], error) &&
               (STEPS[step] != schema_metrics || keep_count_all(database, error));
    char set_version[64];
    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d", (int)SCHEMA_VERSION);
    if (done && database_execute(database, set_version, error) && database_execute(database, "COMMIT", error))
        return true;
    sqlite3_exec(database->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool schema_apply(struct store_reader *database, struct error *error)
{
    char set_back[64];
    int64_t deletes;
    if (!read_integer(database, "PRAGMA secure_delete", &deletes, error))
        return false;
    snprintf(set_back, sizeof set_back, "PRAGMA secure_delete = %s", deletes == 1 ? "ON" : deletes == 2 ? "FAST" : "OFF");
    if (!apply_steps(database, error) || !database_execute(database, set_back, error))
        return false;
    /*
     * What the steps replaced must not stay in the log. At every start, for a kill may have come between; a disk that has no
     * room for it keeps no gateway from starting.
     */
    sqlite3_exec(database->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    return true;
}

bool schema_last_key(struct store_reader *database, int64_t *key, struct error *error)
{
    return read_integer(database,
                        "SELECT max(coalesce((SELECT max(id) FROM request), 0), coalesce((SELECT max(id) FROM event), 0),"
                        " coalesce((SELECT max(id) FROM attempt), 0), coalesce((SELECT max(id) FROM ignored_event), 0),"
                        " coalesce((SELECT max(id) FROM source), 0), coalesce((SELECT max(id) FROM destination), 0),"
                        " coalesce((SELECT max(id) FROM connection), 0), coalesce((SELECT max(id) FROM project), 0),"
                        " coalesce((SELECT max(id) FROM api_key), 0),"
                        " coalesce((SELECT max(id) FROM transformation), 0),"
                        " coalesce((SELECT max(id) FROM execution), 0),"
                        " coalesce((SELECT max(id) FROM bookmark), 0), coalesce((SELECT max(id) FROM integration), 0),"
                        " coalesce((SELECT max(id) FROM custom_domain), 0),"
                        " coalesce((SELECT max(id) FROM bulk), 0),"
                        " coalesce((SELECT max(id) FROM issue_trigger), 0), coalesce((SELECT max(id) FROM issue), 0),"
                        " coalesce((SELECT max(id) FROM notice), 0), coalesce((SELECT max(id) FROM passage), 0))",
                        key, error);
}
