#include "model/execution.h"

#include <stddef.h>

const char *const execution_log_level_names[] = {"debug", "info", "warn", "error", "fatal", NULL};

const char *execution_log_level_name(enum execution_log_level level)
{
    return execution_log_level_names[level - EXECUTION_DEBUG];
}

bool execution_log_level_parse(struct text name, int64_t *level)
{
    for (int i = 0; execution_log_level_names[i] != NULL; i++) {
        if (text_equal(name, text_of(execution_log_level_names[i]))) {
            *level = EXECUTION_DEBUG + i;
            return true;
        }
    }
    return false;
}

void execution_apply(const struct execution *execution, struct request *request)
{
    request->path = execution->result.path;
    request->query = execution->result.query;
    request->headers = execution->result.headers;
    request->body = execution->result.body;
}
