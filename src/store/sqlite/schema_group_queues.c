/* What waited in each delivery group of a destination, beside the table queue_count of schema_metrics.c. */
#include "store/sqlite/schema.h"

const char schema_group_queues[] =
    /* Lane 0 is what has no group; the group's name is the lane's */
    "CREATE TABLE group_queue_count(project_id INTEGER NOT NULL, span INTEGER NOT NULL, moment INTEGER NOT NULL,"
    " destination_id INTEGER NOT NULL, lane INTEGER NOT NULL, delivery_group TEXT, depth INTEGER NOT NULL,"
    " age_ms INTEGER NOT NULL, PRIMARY KEY(project_id, span, moment, destination_id, lane)) WITHOUT ROWID;";
