/*
 * metrics_subjects.h - where each subject of metrics is read from. Internal to store/.
 */
#pragma once

#include "store/metrics.h"

struct metric_field { /* a dimension or filter */
    const char *name, *sql;
    bool raw;    /* the counts do not hold it */
    bool nested; /* sql is a query that goes on with "IN (...)" and wants a ")" */
    bool text;     /* its values are texts */
    bool by_group; /* only counted_by_group holds it */
};

enum metric_kind {
    METRIC_SUM,
    METRIC_RATIO,      /* sum of sql / sum of per */
    METRIC_MAXIMUM,
    METRIC_PEAK,       /* the largest sum of sql within one `per` */
    METRIC_PERCENTILE, /* sql: the latency, -1 for none, and a packed histogram in the counts */
};

struct metric_measure {
    const char *name;
    enum metric_kind kind;
    const char *sql, *per;
    int64_t percent;
    bool raw;
};

/*
 * The sources bind ?1 project, ?2 span, ?3 start, ?4 end, ?5 and ?6 the keys of start and end. Rows and counts have the
 * same columns, as far as the counts hold them, and come in the order of time.
 */
struct metric_subject_row {
    const char *counted;     /* NULL: there are no counts */
    const char *counted_all; /* the same of everything together, without dimensions and filters; NULL: counted */
    const char *counted_by_group; /* what queries with a field that is by_group read instead; NULL: there is none */
    const char *raw;         /* NULL: there are only counts */
    const char *raw_order;   /* NULL: none is needed */
    const struct metric_field *fields;     /* end with a row without a name */
    const struct metric_measure *measures; /* same */
};

extern const struct metric_subject_row metric_subjects[];
