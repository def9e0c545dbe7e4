#include "store/metrics.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/hash_map.h"
#include "base/id.h"
#include "base/limits.h"
#include "store/sqlite/metrics_keep.h"
#include "store/sqlite/metrics_subjects.h"
#include "store/sqlite/metrics_texts.h"

enum {
    FIXED_BINDINGS = 6,
    MOST_BINDINGS = 30000,
    KEY_SLACK_MS = 60000, /* a record's key is made at its moment, or a little before or after */
    STEPS_PER_ROW = 60, /* of SQLite's machine, for a row that a filter leaves out or a sort looks at */
};

static const int64_t NO_VALUE = INT64_MIN; /* null, in keys of groups */

/* A row in the making. */
struct group {
    struct metric_row row; /* first: rows are groups */
    int64_t key[METRIC_NAMES + 1];
    int64_t sums[METRIC_NAMES], pers[METRIC_NAMES];
    int64_t peaks[METRIC_NAMES];
    int64_t *latencies; /* LATENCY_STEPS, if a percentile is asked for */
};

struct work {
    struct store_reader *reader;
    struct arena *arena;
    const struct metric_query *query;
    const struct metric_subject_row *subject;
    const struct metric_field *dimensions[METRIC_NAMES];
    const struct metric_measure *measures[METRIC_NAMES];
    const char *columns[2 * METRIC_NAMES]; /* expressions of the measures, each once */
    size_t column_count;
    size_t of_sum[METRIC_NAMES], of_per[METRIC_NAMES]; /* the columns of each measure */
    size_t latencies;                                  /* the column that percentiles are told from */
    bool raw_only, by_group, percentiles;
    int64_t minutes_from, hours_from; /* counts are kept from here on */
    int64_t counts_left, records_left; /* rows that may still be read */
    struct hash_map groups;
    struct metric_texts texts; /* the keys of dimensions that are texts are numbers of these */
    struct group *latest;
    int64_t last_bucket; /* of the rows so far */
    struct metric_result *result;
    size_t room;
};

/* ---- groups ---- */

static struct group *add_group(struct work *work, const int64_t *key, size_t key_size)
{
    if (work->result->count == (size_t)limits.metric_rows) {
        work->result->too_many_rows = true;
        return NULL;
    }
    struct group *group = ARENA_NEW(work->arena, struct group);
    memcpy(group->key, key, key_size);
    if (work->result->count == 0 || work->last_bucket < key[0])
        work->last_bucket = key[0];
    if (work->percentiles)
        group->latencies = ARENA_ARRAY(work->arena, int64_t, LATENCY_STEPS);
    if (work->result->count == work->room) {
        size_t room = work->room > 0 ? work->room * 2 : 64;
        struct metric_row **larger = ARENA_ARRAY(work->arena, struct metric_row *, room);
        if (work->room > 0)
            memcpy(larger, work->result->rows, work->room * sizeof *larger);
        work->result->rows = larger;
        work->room = room;
    }
    work->result->rows[work->result->count++] = &group->row;
    hash_map_put_text(&work->groups, (struct text){(const char *)group->key, key_size}, group);
    return group;
}

static struct group *group_of(struct work *work, const int64_t *key)
{
    size_t key_size = (work->query->dimension_count + 1) * sizeof *key;
    if (work->latest == NULL || memcmp(work->latest->key, key, key_size) != 0) {
        struct group *group = hash_map_get_text(&work->groups, (struct text){(const char *)key, key_size});
        work->latest = group != NULL ? group : add_group(work, key, key_size);
    }
    return work->latest;
}

static void add_measure(struct group *group, size_t i, const struct metric_measure *measure, int64_t value, int64_t per)
{
    switch (measure->kind) {
    case METRIC_SUM: group->sums[i] += value; break;
    case METRIC_RATIO:
        group->sums[i] += value;
        group->pers[i] += per;
        break;
    case METRIC_MAXIMUM:
        if (group->sums[i] < value)
            group->sums[i] = value;
        break;
    case METRIC_PEAK:
        group->sums[i] = group->pers[i] == per ? group->sums[i] + value : value;
        group->pers[i] = per;
        if (group->peaks[i] < group->sums[i])
            group->peaks[i] = group->sums[i];
        break;
    case METRIC_PERCENTILE: break;
    }
}

static void add_latencies(struct group *group, sqlite3_stmt *statement, int column, bool counted)
{
    if (counted)
        latency_add_packed(group->latencies, (struct text){sqlite3_column_blob(statement, column),
                                                           (size_t)sqlite3_column_bytes(statement, column)});
    else if (sqlite3_column_int64(statement, column) >= 0)
        group->latencies[latency_step(sqlite3_column_int64(statement, column))]++;
}

/* What the column of a dimension says. A text that would need a row of its own when there may be no more gets no number. */
static int64_t key_of(struct work *work, sqlite3_stmt *statement, int column, bool text)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NO_VALUE;
    if (!text)
        return sqlite3_column_int64(statement, column);
    struct text value = {(const char *)sqlite3_column_text(statement, column),
                         (size_t)sqlite3_column_bytes(statement, column)};
    return metric_texts_number(&work->texts, work->arena, value, work->result->count < (size_t)limits.metric_rows);
}

static void add_row(struct work *work, sqlite3_stmt *statement, bool counted)
{
    int64_t key[METRIC_NAMES + 1], values[2 * METRIC_NAMES];
    int column = 0;
    key[0] = granularity_bucket(work->query->granularity, sqlite3_column_int64(statement, column++));
    for (size_t i = 0; i < work->query->dimension_count; i++, column++)
        key[i + 1] = key_of(work, statement, column, work->dimensions[i]->text);
    struct group *group = group_of(work, key);
    if (group == NULL)
        return;
    for (size_t i = 0; i < work->column_count; i++, column++) {
        if (work->percentiles && i == work->latencies)
            add_latencies(group, statement, column, counted);
        else
            values[i] = sqlite3_column_int64(statement, column);
    }
    for (size_t i = 0; i < work->query->measure_count; i++) {
        if (work->measures[i]->kind != METRIC_PERCENTILE)
            add_measure(group, i, work->measures[i], values[work->of_sum[i]], values[work->of_per[i]]);
    }
}

/* No row that comes later has a place any more: counts come in the order of time. */
static bool is_full(const struct work *work, sqlite3_stmt *statement, bool counted)
{
    return counted && work->result->too_many_rows &&
           granularity_bucket(work->query->granularity, sqlite3_column_int64(statement, 0)) > work->last_bucket;
}

/* ---- reading ---- */

static const struct metric_field *field_of(const struct metric_subject_row *subject, const char *name)
{
    for (const struct metric_field *field = subject->fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

static void write_filter(struct buffer *sql, const struct work *work, const struct metric_filter *filter, int *binding)
{
    const struct metric_field *field = field_of(work->subject, filter->name);
    const char *expression = field->sql;
    if (filter->operator != OP_IN) {
        buffer_printf(sql, " AND %s %s ?%d", expression, filter->operator == OP_GTE ? ">=" : "<=", (*binding)++);
        return;
    }
    bool with_null = false;
    buffer_printf(sql, " AND (%s IN (", expression);
    for (size_t i = 0; i < filter->count; i++) {
        with_null = with_null || filter->values[i].is_null;
        buffer_printf(sql, "%s?%d", i > 0 ? ", " : "", (*binding)++);
    }
    buffer_printf(sql, ")");
    if (with_null)
        buffer_printf(sql, " OR %s IS NULL", expression);
    buffer_printf(sql, field->nested ? "))" : ")");
}

/* Where the numbers are read from, and in which order. */
static const char *source_of(const struct work *work, bool counted)
{
    bool all = work->query->dimension_count + work->query->filter_count == 0;
    if (!counted)
        return work->subject->raw;
    if (work->by_group)
        return work->subject->counted_by_group;
    return all && work->subject->counted_all != NULL ? work->subject->counted_all : work->subject->counted;
}

static void write_select(struct buffer *sql, const struct work *work, bool counted)
{
    int binding = FIXED_BINDINGS + 1;
    buffer_printf(sql, "SELECT moment");
    for (size_t i = 0; i < work->query->dimension_count; i++)
        buffer_printf(sql, ", %s", work->dimensions[i]->sql);
    for (size_t i = 0; i < work->column_count; i++)
        buffer_printf(sql, ", %s", work->columns[i]);
    buffer_printf(sql, " FROM %s", source_of(work, counted));
    for (size_t i = 0; i < work->query->filter_count; i++)
        write_filter(sql, work, &work->query->filters[i], &binding);
    if (counted || work->subject->raw_order != NULL)
        buffer_printf(sql, " ORDER BY %s", counted ? "moment" : work->subject->raw_order);
}

static void bind_all(sqlite3_stmt *statement, const struct work *work, int64_t span, int64_t start, int64_t end)
{
    int binding = FIXED_BINDINGS + 1;
    const int64_t fixed[FIXED_BINDINGS] = {work->query->project_id, span, start, end,
                                           id_at_moment(start - KEY_SLACK_MS), id_at_moment(end + KEY_SLACK_MS)};
    bind_integers(statement, 1, fixed, FIXED_BINDINGS);
    for (size_t i = 0; i < work->query->filter_count; i++) {
        const struct metric_filter *filter = &work->query->filters[i];
        for (size_t value = 0; value < filter->count; value++, binding++) {
            if (filter->values[value].is_text)
                bind_text(statement, binding, filter->values[value].text);
            else if (!filter->values[value].is_null)
                sqlite3_bind_int64(statement, binding, filter->values[value].integer);
        }
    }
}

struct countdown {
    struct store_reader *reader;
    int64_t checks;
};

static int count_down(void *argument)
{
    struct countdown *countdown = argument;
    database_give_way(countdown->reader);
    return --countdown->checks < 0;
}

static bool walk(struct work *work, sqlite3_stmt *statement, bool counted, int64_t *left, struct error *error)
{
    int code;
    struct countdown countdown = {work->reader, *left * STEPS_PER_ROW / STEPS_PER_CHECK + 1};
    sqlite3_progress_handler(work->reader->db, STEPS_PER_CHECK, count_down, &countdown);
    bool full = false;
    while (!full && (code = sqlite3_step(statement)) == SQLITE_ROW && (*left)-- > 0) {
        add_row(work, statement, counted);
        full = is_full(work, statement, counted);
    }
    database_watch(work->reader);
    if (full)
        return true;
    if (code == SQLITE_ROW || code == SQLITE_INTERRUPT)
        work->result->scan_ended = true;
    return code == SQLITE_ROW || code == SQLITE_INTERRUPT || code == SQLITE_DONE || database_fail(work->reader, error);
}

/* One part of the range; span 0: from the records. */
static bool read_part(struct work *work, int64_t span, int64_t start, int64_t end, struct error *error)
{
    struct buffer sql = {0};
    sqlite3_stmt *statement;
    bool counted = span > 0;
    int64_t *left = counted ? &work->counts_left : &work->records_left;
    if (start >= end || work->result->scan_ended)
        return true;
    write_select(&sql, work, counted);
    bool done = sqlite3_prepare_v2(work->reader->db, buffer_string(&sql), -1, &statement, NULL) == SQLITE_OK;
    buffer_free(&sql);
    if (!done)
        return database_fail(work->reader, error);
    bind_all(statement, work, span, start, end);
    done = walk(work, statement, counted, left, error);
    sqlite3_finalize(statement);
    return done;
}

static int64_t round_up(int64_t moment, int64_t span)
{
    return (moment + span - 1) / span * span;
}

/*
 * The whole spans of the range from counts, then what is before and behind from the next finer ones, and records at last:
 * these are many, and what the limits leave of them must cost nothing but them.
 */
static bool read_range(struct work *work, int64_t span, int64_t start, int64_t end, struct error *error)
{
    int64_t finer = span == HOUR_MS ? MINUTE_MS : 0;
    if (span == 0 || start >= end)
        return read_part(work, 0, start, end, error);
    bool only_counts = work->subject->raw == NULL && span == MINUTE_MS;
    if (work->raw_only || (!granularity_holds(work->query->granularity, span) && !only_counts))
        return read_range(work, finer, start, end, error);
    int64_t first = round_up(start, span), last = end / span * span;
    int64_t kept = span == HOUR_MS ? work->hours_from : work->minutes_from;
    if (first < kept && work->subject->raw != NULL)
        first = kept;
    if (first >= last)
        return read_range(work, finer, start, end, error);
    return read_part(work, span, first, last, error) && read_range(work, finer, start, first, error) &&
           read_range(work, finer, last, end, error);
}

/* What has only counts is read by whole minutes; and behind now there is nothing that a whole minute would add. */
static bool read_all_of_it(struct work *work, struct error *error)
{
    int64_t start = work->query->start, end = work->query->end;
    bool only_counts = work->subject->raw == NULL;
    if (only_counts)
        start = start / MINUTE_MS * MINUTE_MS;
    if (only_counts || end >= work->query->now)
        end = round_up(end, MINUTE_MS);
    return read_range(work, HOUR_MS, start, end, error);
}

/* ---- the query ---- */

static size_t column_of(struct work *work, const char *expression)
{
    size_t i = 0;
    while (i < work->column_count && strcmp(work->columns[i], expression) != 0)
        i++;
    if (i == work->column_count)
        work->columns[work->column_count++] = expression;
    return i;
}

static void choose_measure(struct work *work, size_t i, const struct metric_measure *measure)
{
    work->measures[i] = measure;
    work->raw_only = work->raw_only || measure->raw;
    work->of_sum[i] = column_of(work, measure->sql);
    work->of_per[i] = measure->per != NULL ? column_of(work, measure->per) : work->of_sum[i];
    if (measure->kind == METRIC_PERCENTILE) {
        work->percentiles = true;
        work->latencies = work->of_sum[i];
    }
}

static void choose_field(struct work *work, const struct metric_field *field)
{
    work->raw_only = work->raw_only || field->raw;
    work->by_group = work->by_group || field->by_group;
}

static bool look_up(struct work *work, struct error *error)
{
    const struct metric_query *query = work->query;
    size_t values = 0;
    work->raw_only = work->subject->counted == NULL;
    for (size_t i = 0; i < query->dimension_count; i++) {
        work->dimensions[i] = field_of(work->subject, query->dimensions[i]);
        if (work->dimensions[i] == NULL)
            return error_set(error, ERROR_INVALID, "there is no dimension %s", query->dimensions[i]);
        choose_field(work, work->dimensions[i]);
    }
    for (size_t i = 0; i < query->filter_count; i++) {
        const struct metric_field *field = field_of(work->subject, query->filters[i].name);
        if (field == NULL)
            return error_set(error, ERROR_INVALID, "there is no filter %s", query->filters[i].name);
        choose_field(work, field);
        values += query->filters[i].count;
    }
    for (size_t i = 0; i < query->measure_count; i++) {
        const struct metric_measure *measure = work->subject->measures;
        while (measure->name != NULL && strcmp(measure->name, query->measures[i]) != 0)
            measure++;
        if (measure->name == NULL)
            return error_set(error, ERROR_INVALID, "there is no measure %s", query->measures[i]);
        choose_measure(work, i, measure);
    }
    return values <= MOST_BINDINGS || error_set(error, ERROR_INVALID, "the filters have too many values");
}

static double measure_of(const struct group *group, size_t i, const struct metric_measure *measure)
{
    switch (measure->kind) {
    case METRIC_RATIO: return group->pers[i] > 0 ? (double)group->sums[i] / (double)group->pers[i] : 0;
    case METRIC_PEAK: return (double)group->peaks[i];
    case METRIC_PERCENTILE: return (double)latency_percentile(group->latencies, measure->percent);
    default: return (double)group->sums[i];
    }
}

static int by_key(const void *left, const void *right)
{
    const struct group *a = *(struct group *const *)left, *b = *(struct group *const *)right;
    for (size_t i = 0; i <= METRIC_NAMES; i++) { /* keys behind the dimensions are 0 */
        if (a->key[i] != b->key[i])
            return a->key[i] < b->key[i] ? -1 : 1;
    }
    return 0;
}

static void finish_dimension(const struct work *work, struct group *group, size_t d)
{
    struct store_value *value = &group->row.dimensions[d];
    int64_t *key = &group->key[d + 1];
    if (*key == NO_VALUE) {
        value->is_null = true;
    } else if (work->dimensions[d]->text) {
        const struct metric_text *text = work->texts.texts[*key];
        *value = (struct store_value){.is_text = true, .text = text->text};
        *key = text->rank;
    } else {
        value->integer = *key;
    }
}

static void finish(struct work *work)
{
    struct metric_result *result = work->result;
    const int64_t only[METRIC_NAMES + 1] = {0};
    if (result->count == 0 && work->query->granularity.unit == 0 && work->query->dimension_count == 0)
        add_group(work, only, sizeof only[0]);
    metric_texts_rank(&work->texts, work->arena);
    for (size_t i = 0; i < result->count; i++) {
        struct group *group = (struct group *)result->rows[i];
        group->row.bucket = group->key[0];
        for (size_t d = 0; d < work->query->dimension_count; d++)
            finish_dimension(work, group, d);
        for (size_t m = 0; m < work->query->measure_count; m++)
            group->row.measures[m] = measure_of(group, m, work->measures[m]);
    }
    if (result->count > 0)
        qsort(result->rows, result->count, sizeof(struct metric_row *), by_key);
}

/* Behind what is being taken away. */
static int64_t kept_from(int64_t now, int64_t days)
{
    int64_t moment = now - days * 24 * HOUR_MS;
    return moment > 0 ? round_up(moment, HOUR_MS) + HOUR_MS : 0;
}

bool store_read_metrics(struct store_reader *reader, struct arena *arena, const struct metric_query *query,
                        struct metric_result *result, struct error *error)
{
    struct work work = {
        .reader = reader,
        .arena = arena,
        .query = query,
        .subject = &metric_subjects[query->subject],
        .minutes_from = kept_from(query->now, limits.metric_minutes_days),
        .hours_from = kept_from(query->now, limits.metric_hours_days),
        .counts_left = limits.metric_scan,
        .records_left = limits.list_scan,
        .result = result,
    };
    *result = (struct metric_result){0};
    if (!look_up(&work, error) || !store_reader_begin(reader, error))
        return false;
    bool done = read_all_of_it(&work, error);
    store_reader_end(reader);
    if (done)
        finish(&work);
    hash_map_free(&work.groups);
    metric_texts_end(&work.texts);
    return done;
}
