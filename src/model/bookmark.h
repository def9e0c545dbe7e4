/* bookmark.h - the data of a request, marked to be sent through a connection again. */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct bookmark {
    int64_t id, project_id, connection_id;
    int64_t request_id; /* whose data it is */
    struct text name;   /* TEXT_NONE: none; else unique in the project */
    struct text label;
    int64_t last_used_at, created_at, updated_at;
};
