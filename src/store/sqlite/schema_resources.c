/* Tables of transformations, bookmarks, integrations and custom domains. */
#include "store/sqlite/schema.h"

const char schema_resources[] =
    "CREATE TABLE transformation(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, deleted_at INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, name TEXT NOT NULL, env TEXT NOT NULL, code TEXT NOT NULL);"
    "CREATE UNIQUE INDEX transformation_name ON transformation(project_id, name) WHERE deleted_at = 0;"
    "CREATE TABLE execution(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, transformation_id INTEGER NOT NULL,"
    " connection_id INTEGER NOT NULL, request_id INTEGER NOT NULL, issue_id INTEGER NOT NULL, log_level INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, logs TEXT NOT NULL, transformed TEXT);"
    "CREATE INDEX execution_transformation ON execution(transformation_id, id);"
    "CREATE TABLE bookmark(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, connection_id INTEGER NOT NULL,"
    " request_id INTEGER NOT NULL, last_used_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " name TEXT, label TEXT NOT NULL);"
    "CREATE UNIQUE INDEX bookmark_name ON bookmark(project_id, name) WHERE name IS NOT NULL;"
    "CREATE INDEX bookmark_project ON bookmark(project_id, id);"
    "CREATE TABLE integration(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL, label TEXT NOT NULL, provider TEXT NOT NULL, features TEXT NOT NULL, configs TEXT NOT NULL);"
    "CREATE TABLE source_integration(source_id INTEGER PRIMARY KEY, integration_id INTEGER NOT NULL);"
    "CREATE INDEX source_integration_integration ON source_integration(integration_id);"
    "CREATE TABLE custom_domain(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " hostname TEXT NOT NULL UNIQUE);";
