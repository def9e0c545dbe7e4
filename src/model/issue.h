/*
 * issue.h - issues, what opens them, and what a project wants to be told.
 *
 * An issue is something that keeps going wrong, however often: there is one for each key.
 *
 *   type            subject         first            second      what it points to
 *   delivery        connection      response status  error code  event (and attempt)
 *   transformation  transformation  log level        0           execution
 *   backpressure    destination     delay in ms      0           destination
 *   request         source          rejection cause  0           request
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum issue_type { /* stored: append only */
    ISSUE_DELIVERY = 1,
    ISSUE_TRANSFORMATION = 2,
    ISSUE_BACKPRESSURE = 3,
    ISSUE_REQUEST = 4,
};

enum issue_status { /* stored: append only */
    ISSUE_OPENED = 1,
    ISSUE_IGNORED = 2,      /* by a user: counted, never opened again */
    ISSUE_ACKNOWLEDGED = 3, /* by a user: still open */
    ISSUE_RESOLVED = 4,     /* opened again when it happens again */
};

struct issue_key {
    enum issue_type type;
    int64_t subject_id, first, second;
};

struct issue {
    int64_t id, project_id;
    int64_t trigger_id; /* which opened it first */
    struct issue_key key;
    enum issue_status status;
    int64_t opened_at;     /* the last time */
    int64_t first_seen_at; /* the first time */
    int64_t last_seen_at;
    int64_t dismissed_at, auto_resolved_at, created_at, updated_at;
    int64_t reference_id, attempt_id; /* what opened it the last time */
};

struct issue_trigger {
    int64_t id, project_id;
    struct text name; /* TEXT_NONE: none; else unique among the project's live ones */
    enum issue_type type;
    struct text configs;  /* JSON object, by type */
    struct text channels; /* JSON object; TEXT_NONE: null */
    int64_t disabled_at, deleted_at, created_at, updated_at;
};

/* What a project can be told; each a bit of notification.topics. Stored: append only. */
enum topic {
    TOPIC_ISSUE_OPENED = 0,
    TOPIC_ISSUE_UPDATED = 1,
    TOPIC_ATTEMPT_FAILED = 2,
    TOPIC_EVENT_SUCCESSFUL = 3,
};

/* Where a project's notifications go: as webhooks into one of its sources. */
struct notification {
    int64_t project_id, source_id;
    bool enabled;
    unsigned topics; /* bits, 1 << enum topic */
    int64_t updated_at;
};

/* Something to be told, written with what it tells of, removed when it was told. */
struct notice {
    int64_t id, project_id;
    enum topic topic;
    int64_t object_id; /* issue, event or attempt */
    bool to_source;    /* the project's notifications want it; else it is for the channels of a trigger only */
};

extern const char *const issue_type_names[], *const issue_status_names[], *const topic_names[]; /* end with NULL */
const char *issue_type_name(enum issue_type type);
const char *issue_status_name(enum issue_status status);
const char *topic_name(enum topic topic);
bool issue_type_parse(struct text name, int64_t *type);
bool issue_status_parse(struct text name, int64_t *status);
bool topic_parse(struct text name, int64_t *topic);

/* Is it neither resolved, ignored nor dismissed? */
bool issue_is_open(const struct issue *issue);
