/* transformation.h - JavaScript that connections run on what they deliver, kept by name. */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct transformation {
    int64_t id, project_id;
    struct text name; /* unique among the project's live transformations */
    struct text env;  /* JSON object of strings */
    struct text code;
    int64_t deleted_at, created_at, updated_at;
};
