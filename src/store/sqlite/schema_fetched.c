/* What is known of a rejection beyond its cause. Seldom anything, so the requests' own rows do not grow. */
#include "store/sqlite/schema.h"

const char schema_fetched[] =
    "CREATE TABLE rejection_detail(request_id INTEGER PRIMARY KEY, detail TEXT NOT NULL);";
