/* execution.h - one run of a transformation on a request, for a connection. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "model/model.h"

/* The worst that a run had to say. Stored: append only. */
enum execution_log_level {
    EXECUTION_DEBUG = 1,
    EXECUTION_INFO = 2,
    EXECUTION_WARN = 3,
    EXECUTION_ERROR = 4,
    EXECUTION_FATAL = 5, /* it brought no result */
};

enum { EXECUTION_LOGS_BYTES = 65536 }; /* the most that is kept of what a run printed */

struct execution {
    int64_t id, project_id, transformation_id;
    int64_t connection_id; /* 0: a trial */
    int64_t request_id;    /* what it ran on */
    int64_t original_id;   /* the execution before it, on whose result it ran; 0: on the request as it came */
    int64_t issue_id;      /* 0: none */
    enum execution_log_level log_level;
    int64_t created_at;
    struct text logs;        /* JSON array of {type, message} */
    bool has_result;
    struct request result;   /* with a result: path, query, headers and body as they are delivered */
};

/* Puts the result's data in the place of the request's. */
void execution_apply(const struct execution *execution, struct request *request);

extern const char *const execution_log_level_names[]; /* ends with NULL */
const char *execution_log_level_name(enum execution_log_level level);
bool execution_log_level_parse(struct text name, int64_t *level);
