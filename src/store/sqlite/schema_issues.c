/* Tables of issues, their triggers and the notifications of projects. */
#include "store/sqlite/schema.h"

const char schema_issues[] =
    "CREATE TABLE issue_trigger(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, type INTEGER NOT NULL,"
    " disabled_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " name TEXT, configs TEXT NOT NULL, channels TEXT NOT NULL);"
    "CREATE UNIQUE INDEX issue_trigger_name ON issue_trigger(project_id, name) WHERE deleted_at = 0 AND name IS NOT NULL;"
    /* key: the aggregation keys in one canonical text, so that what happens again finds its issue */
    "CREATE TABLE issue(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, trigger_id INTEGER NOT NULL,"
    " type INTEGER NOT NULL, status INTEGER NOT NULL, opened_at INTEGER NOT NULL, first_seen_at INTEGER NOT NULL,"
    " last_seen_at INTEGER NOT NULL, dismissed_at INTEGER NOT NULL, auto_resolved_at INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, key TEXT NOT NULL, aggregation_keys TEXT NOT NULL,"
    " reference TEXT NOT NULL, last_updated_by TEXT);"
    "CREATE UNIQUE INDEX issue_key ON issue(project_id, type, key);"
    "CREATE TABLE issue_event(issue_id INTEGER NOT NULL, event_id INTEGER NOT NULL, PRIMARY KEY(issue_id, event_id))"
    " WITHOUT ROWID;"
    "CREATE INDEX issue_event_event ON issue_event(event_id);"
    "CREATE TABLE notification(project_id INTEGER PRIMARY KEY, enabled INTEGER NOT NULL, source_id INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL, topics TEXT NOT NULL);";
