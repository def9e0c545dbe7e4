/*
 * metrics.h - what the calls for metrics share: which fields each of them knows. Internal to api/.
 */
#pragma once

#include "api/call.h"
#include "store/metrics.h"

/* How the numbers that the store has for a dimension or filter are written. */
enum metric_shown { SHOWN_ID, SHOWN_NAME, SHOWN_NUMBER, SHOWN_TEXT, SHOWN_NEVER /* this version has no values of it */ };

struct metric_form {
    const char *name;
    enum metric_shown shown;
    enum id_kind id_kind;                            /* SHOWN_ID */
    const char *(*name_of)(int64_t value);           /* SHOWN_NAME */
    bool (*parse)(struct text name, int64_t *value); /* SHOWN_NAME */
};

struct metric_endpoint {
    const char *operation; /* id */
    enum metric_subject subject;
    const struct metric_form *forms; /* end with a row without a name */
};

extern const struct metric_endpoint metric_endpoints[]; /* end with one without an operation */

/* The handler of all of them. */
bool metrics_query(struct call *call);
