/* What several projects need of their keys. */
#include "store/sqlite/schema.h"

const char schema_projects[] =
    "ALTER TABLE project ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE api_key ADD COLUMN name TEXT;"
    "ALTER TABLE api_key ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX api_key_project ON api_key(project_id, id);";
