/* Tables of bulk operations. */
#include "store/sqlite/schema.h"

const char schema_bulk[] =
    "CREATE TABLE bulk(id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, cancelled_at INTEGER NOT NULL,"
    " completed_at INTEGER NOT NULL, estimated_count INTEGER NOT NULL, processed_batch INTEGER NOT NULL,"
    " completed_count INTEGER NOT NULL, failed_count INTEGER NOT NULL, position INTEGER NOT NULL, bound INTEGER NOT NULL,"
    " query TEXT NOT NULL);"
    "CREATE INDEX bulk_project ON bulk(project_id, kind, id);"
    "CREATE INDEX bulk_open ON bulk(id) WHERE completed_at = 0 AND cancelled_at = 0;"
    /* Which operation asked for the attempt, and last made or retried the event. */
    "ALTER TABLE attempt ADD COLUMN bulk_id INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE event ADD COLUMN bulk_id INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX event_bulk ON event(bulk_id, id) WHERE bulk_id > 0;";
