/* What several projects and their keys need. */
#include "store/sqlite/schema.h"

const char schema_projects[] =
    "ALTER TABLE project ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE project ADD COLUMN change INTEGER NOT NULL DEFAULT 0;"
    "UPDATE meta SET value = value + 1 WHERE name = 'change';"
    "UPDATE project SET change = (SELECT value FROM meta WHERE name = 'change');"
    "CREATE UNIQUE INDEX project_name ON project(name) WHERE deleted_at = 0;"
    "CREATE INDEX project_change ON project(change);"
    "ALTER TABLE api_key ADD COLUMN name TEXT;"
    "ALTER TABLE api_key ADD COLUMN last_digits TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE api_key ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE api_key ADD COLUMN is_operator INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX api_key_project ON api_key(project_id, id);";
