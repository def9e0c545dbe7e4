/* What the auth of destinations needs. */
#include "store/sqlite/schema.h"

const char schema_auth[] =
    "ALTER TABLE project ADD COLUMN previous_secret TEXT;"
    "ALTER TABLE project ADD COLUMN previous_until INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE refresh_token(destination_id INTEGER PRIMARY KEY, updated_at INTEGER NOT NULL, given TEXT NOT NULL,"
    " current TEXT NOT NULL);";
