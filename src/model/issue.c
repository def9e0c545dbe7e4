#include "model/issue.h"

const char *const issue_type_names[] = {"delivery", "transformation", "backpressure", "request", NULL};
const char *const issue_status_names[] = {"OPENED", "IGNORED", "ACKNOWLEDGED", "RESOLVED", NULL};
const char *const topic_names[] = {"issue.opened", "issue.updated", "deprecated.attempt-failed", "event.successful",
                                   NULL};

static bool parse(const char *const *names, int64_t first, struct text name, int64_t *value)
{
    for (int64_t i = 0; names[i] != NULL; i++) {
        if (text_equal(name, text_of(names[i]))) {
            *value = first + i;
            return true;
        }
    }
    return false;
}

const char *issue_type_name(enum issue_type type)
{
    return issue_type_names[type - ISSUE_DELIVERY];
}

const char *issue_status_name(enum issue_status status)
{
    return issue_status_names[status - ISSUE_OPENED];
}

const char *topic_name(enum topic topic)
{
    return topic_names[topic];
}

bool issue_type_parse(struct text name, int64_t *type)
{
    return parse(issue_type_names, ISSUE_DELIVERY, name, type);
}

bool issue_status_parse(struct text name, int64_t *status)
{
    return parse(issue_status_names, ISSUE_OPENED, name, status);
}

bool topic_parse(struct text name, int64_t *topic)
{
    return parse(topic_names, TOPIC_ISSUE_OPENED, name, topic);
}

bool issue_is_open(const struct issue *issue)
{
    return issue->dismissed_at == 0 && (issue->status == ISSUE_OPENED || issue->status == ISSUE_ACKNOWLEDGED);
}
