/* Tables of what the rules of connections need: duplicates, and requests on their way through transformations. */
#include "store/sqlite/schema.h"

const char schema_rules[] =
    "CREATE TABLE duplicate(connection_id INTEGER NOT NULL, key BLOB NOT NULL, expires_at INTEGER NOT NULL,"
    " PRIMARY KEY(connection_id, key)) WITHOUT ROWID;"
    "CREATE INDEX duplicate_expiry ON duplicate(expires_at);"
    "CREATE TABLE passage(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, request_id INTEGER NOT NULL,"
    " connection_id INTEGER NOT NULL, position INTEGER NOT NULL, bulk_id INTEGER NOT NULL, remade INTEGER NOT NULL);"
    "CREATE INDEX passage_connection ON passage(connection_id, id);"
    "ALTER TABLE event ADD COLUMN execution_id INTEGER NOT NULL DEFAULT 0;"
    /* Results lie in a table of their own from now on; there were only those of trials. */
    "ALTER TABLE execution DROP COLUMN transformed;"
    "ALTER TABLE execution ADD COLUMN original_id INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE execution_result(execution_id INTEGER PRIMARY KEY, path TEXT NOT NULL, query TEXT NOT NULL,"
    " headers BLOB NOT NULL, body BLOB NOT NULL);";
