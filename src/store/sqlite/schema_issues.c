/* Tables of issues, their triggers and the notifications of projects. */
#include "store/sqlite/schema.h"

const char schema_issues[] =
    "CREATE TABLE issue_trigger(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, type INTEGER NOT NULL,"
    " disabled_at INTEGER NOT NULL, deleted_at INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,"
    " name TEXT, configs TEXT NOT NULL, channels TEXT, change INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX issue_trigger_name ON issue_trigger(project_id, name) WHERE deleted_at = 0 AND name IS NOT NULL;"
    "CREATE INDEX issue_trigger_change ON issue_trigger(change);"
    /* 1: the project got its first triggers, and is not given them again when a user deletes them */
    "ALTER TABLE project ADD COLUMN triggers_made INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE issue(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, trigger_id INTEGER NOT NULL,"
    " type INTEGER NOT NULL, subject_id INTEGER NOT NULL, key_first INTEGER NOT NULL, key_second INTEGER NOT NULL,"
    " status INTEGER NOT NULL, opened_at INTEGER NOT NULL, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,"
    " dismissed_at INTEGER NOT NULL, auto_resolved_at INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL, reference_id INTEGER NOT NULL, attempt_id INTEGER NOT NULL,"
    " deleted_at INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX issue_key ON issue(subject_id, type, key_first, key_second) WHERE deleted_at = 0;"
    "CREATE INDEX issue_of_trigger ON issue(trigger_id) WHERE deleted_at = 0;"
    "CREATE INDEX issue_open ON issue(type, subject_id) WHERE deleted_at = 0 AND dismissed_at = 0 AND status IN (1, 3);"
    /* deleted with their trigger: their links go in slices, then they themselves */
    "CREATE INDEX issue_deleted ON issue(id) WHERE deleted_at > 0;"
    "CREATE TABLE issue_event(issue_id INTEGER NOT NULL, event_id INTEGER NOT NULL, PRIMARY KEY(issue_id, event_id))"
    " WITHOUT ROWID;"
    "CREATE INDEX issue_event_event ON issue_event(event_id);"
    "CREATE TABLE notification(project_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, enabled INTEGER NOT NULL,"
    " topics INTEGER NOT NULL, updated_at INTEGER NOT NULL, change INTEGER NOT NULL);"
    "CREATE INDEX notification_change ON notification(change);"
    /* what is still to be told */
    "CREATE TABLE notice(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, topic INTEGER NOT NULL,"
    " object_id INTEGER NOT NULL, to_source INTEGER NOT NULL);";
