/* What lists are found by. */
#include "store/sqlite/schema.h"

/*
 * Events that are something else than on their way or delivered at the first attempt. Most never are: they come and go
 * without touching this index. It holds what such events are found by, so that a search among them reads nothing else.
 */
const char schema_lists[] =
    "DROP INDEX IF EXISTS event_failed;"
    "CREATE INDEX event_notable ON event(id, status, response_status, error_code, attempts, next_attempt_at,"
    " connection_id, project_id) WHERE " EVENT_NOTABLE ";";
