/* Destinations whose circuit breaker is open. */
#include "store/sqlite/schema.h"

const char schema_outages[] = "CREATE TABLE outage(destination_id INTEGER PRIMARY KEY, since INTEGER NOT NULL);";
