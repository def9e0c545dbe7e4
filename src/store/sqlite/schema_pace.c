/* Lanes: what of a destination waits apart from the rest of it. */
#include "store/sqlite/schema.h"

const char schema_pace[] =
    "ALTER TABLE event ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE event ADD COLUMN delivery_group TEXT;"
    /* What is waiting, lane by lane. Covers the connection, so that pausing one does not read the rows of others. */
    "DROP INDEX event_due;"
    "CREATE INDEX event_due ON event(destination_id, lane, due_at, id, connection_id) WHERE due_at > 0;"
    /* What an ordered lane has before it: waiting or on hold, by id. Most events have no lane and never touch it. */
    "CREATE INDEX event_order ON event(destination_id, lane, id, due_at) WHERE " EVENT_IN_ORDER ";";
