/* Numbers over time: reads what is asked for, has the store count, and writes the reply. */
#include "api/metrics.h"

#include <math.h>

#include "base/clock.h"
#include "base/limits.h"

static const int64_t NO_KEY = -1;       /* matches nothing */
static const int64_t DAY_MS = 86400000; /* what is asked for without a range: the last day */

enum { FILTERS_MOST = 2 * METRIC_NAMES };

static const struct metric_endpoint *endpoint_of(const struct operation *operation)
{
    const struct metric_endpoint *endpoint = metric_endpoints;
    while (endpoint->operation != NULL && strcmp(endpoint->operation, operation->id) != 0)
        endpoint++;
    return endpoint;
}

static const struct metric_form *form_of(const struct metric_endpoint *endpoint, const char *name)
{
    const struct metric_form *form = endpoint->forms;
    while (form->name != NULL && strcmp(form->name, name) != 0)
        form++;
    return form;
}

/* ---- what is asked for --------------------------------------------------------------------------- */

static bool read_date(struct call *call, const json_t *range, const char *name, int64_t *moment)
{
    if (clock_parse(json_member_text(range, name), moment) && *moment >= 0)
        return true;
    call_problem(call, "date_range.%s: must be a date from 1970 on, like 2026-01-31T10:20:30Z", name);
    return false;
}

static void read_range(struct call *call, struct metric_query *query)
{
    const json_t *range = json_member(call->query.form, "date_range");
    query->end = call->now;
    query->start = query->end - DAY_MS;
    if (json_object_size(range) == 0)
        return;
    bool good = read_date(call, range, "start", &query->start);
    if (read_date(call, range, "end", &query->end) && good && query->end <= query->start)
        call_problem(call, "date_range.end: must be after date_range.start");
}

static void read_granularity(struct call *call, struct metric_query *query)
{
    struct text text = json_member_text(call->query.form, "granularity");
    if (text.size == 0)
        return;
    if (!granularity_parse(text, &query->granularity))
        call_problem(call, "granularity: must be a number and its unit: 1 to 60 s or m, 1 to 24 h, 1 to 31 d, 1 to 4 w, "
                           "1 to 12 M");
    else if (granularity_buckets(query->granularity, query->start, query->end) > limits.metric_rows + 2)
        call_problem(call, "granularity: gives more than %lld buckets in this range", (long long)limits.metric_rows);
}

/* Names that were checked against their tables, each once. */
static size_t read_names(const struct call *call, const char *member, const char *names[METRIC_NAMES])
{
    json_t *value;
    size_t i, count = 0;
    json_array_foreach(json_member(call->query.form, member), i, value)
    {
        bool known = false;
        for (size_t before = 0; before < count; before++)
            known = known || strcmp(names[before], json_string_value(value)) == 0;
        if (!known && count < METRIC_NAMES)
            names[count++] = json_string_value(value);
    }
    return count;
}

static int64_t value_of(const struct metric_form *form, struct text text)
{
    int64_t value = NO_KEY;
    bool known = false;
    switch (form->shown) {
    case SHOWN_ID: known = id_parse(form->id_kind, text, &value); break;
    case SHOWN_NAME: known = form->parse(text, &value); break;
    case SHOWN_NUMBER: known = text_to_integer(text, &value); break;
    case SHOWN_TEXT:
    case SHOWN_NEVER: break;
    }
    return known ? value : NO_KEY;
}

/* Names, ids and numbers hold no comma, so one text may carry several; one that may hold anything is a value as it is. */
static bool next_part(const struct metric_form *form, struct text *rest, struct text *part)
{
    if (form->shown != SHOWN_TEXT)
        return text_split(rest, ',', part);
    *part = *rest;
    *rest = TEXT_NONE;
    return part->data != NULL;
}

static void add_values(struct call *call, const struct metric_form *form, const json_t *given,
                       struct metric_filter *filter, struct store_value *values)
{
    struct text rest = {json_string_value(given), json_string_length(given)}, part;
    if (json_is_integer(given))
        values[filter->count++].integer = json_integer_value(given);
    else if (json_is_null(given))
        values[filter->count++].is_null = true;
    while (json_is_string(given) && next_part(form, &rest, &part)) {
        if (part.size > 0 && filter->count == (size_t)limits.array_values) {
            call_problem(call, "filters.%s: must have at most %lld values", form->name, (long long)limits.array_values);
            return;
        }
        if (part.size > 0 && form->shown == SHOWN_TEXT)
            values[filter->count++] = (struct store_value){.is_text = true, .text = part};
        else if (part.size > 0)
            values[filter->count++].integer = value_of(form, part);
    }
}

static void add_bound(struct call *call, struct metric_query *query, struct metric_filter *filters, const char *name,
                      const json_t *bound, enum store_operator operator)
{
    if (!json_is_integer(bound))
        return;
    struct store_value *value = ARENA_NEW(call->arena, struct store_value);
    value->integer = json_integer_value(bound);
    filters[query->filter_count++] = (struct metric_filter){name, operator, value, 1};
}

static void read_filters(struct call *call, const struct metric_endpoint *endpoint, struct metric_query *query)
{
    struct metric_filter *filters = ARENA_ARRAY(call->arena, struct metric_filter, FILTERS_MOST);
    const char *name;
    json_t *given, *item;
    size_t i;
    query->filters = filters;
    json_object_foreach(json_member(call->query.form, "filters"), name, given)
    {
        const struct metric_form *form = form_of(endpoint, name);
        if (json_is_object(given)) {
            add_bound(call, query, filters, form->name, json_member(given, "min"), OP_GTE);
            add_bound(call, query, filters, form->name, json_member(given, "max"), OP_LTE);
            continue;
        }
        struct store_value *values = ARENA_ARRAY(call->arena, struct store_value, (size_t)limits.array_values + 1);
        struct metric_filter filter = {.name = form->name, .operator = OP_IN, .values = values};
        if (json_is_array(given)) {
            json_array_foreach(given, i, item)
                add_values(call, form, item, &filter, values);
        } else {
            add_values(call, form, given, &filter, values);
        }
        if (filter.count > 0) /* no value is no filter */
            filters[query->filter_count++] = filter;
    }
}

/* ---- the reply ----------------------------------------------------------------------------------- */

/*
 * Replies have up to limits.metric_rows rows of up to 32 members, so they are written as text at once. No name and no id
 * has anything in it that JSON would escape; other texts are written by what knows how.
 */
static void write_quoted(struct buffer *out, const char *string)
{
    buffer_append_byte(out, '"');
    buffer_append_string(out, string);
    buffer_append_byte(out, '"');
}

static void write_member(struct buffer *out, size_t i, const char *name)
{
    if (i > 0)
        buffer_append_byte(out, ',');
    write_quoted(out, name);
    buffer_append_byte(out, ':');
}

static void write_integer(struct buffer *out, int64_t integer)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (integer < 0)
        digits[--at] = '-';
    buffer_append(out, digits + at, sizeof digits - at);
}

static void write_text(struct buffer *out, struct text text)
{
    json_t *string = json_text(text);
    out->failed = !json_write(out, string) || out->failed;
    json_decref(string);
}

static void write_dimension(struct buffer *out, const struct metric_form *form, const struct store_value *value)
{
    char id[ID_TEXT_SIZE];
    const char *name = NULL;
    if (value->is_text) {
        write_text(out, value->text);
        return;
    }
    if (!value->is_null && form->shown == SHOWN_NUMBER) {
        write_integer(out, value->integer);
        return;
    }
    if (!value->is_null && form->shown == SHOWN_NAME)
        name = form->name_of(value->integer);
    if (!value->is_null && form->shown == SHOWN_ID && value->integer != 0) {
        id_format(form->id_kind, value->integer, id);
        name = id;
    }
    if (name != NULL)
        write_quoted(out, name);
    else
        buffer_append_string(out, "null");
}

static void write_measure(struct buffer *out, double number)
{
    if (number == floor(number))
        write_integer(out, (int64_t)number);
    else
        buffer_printf(out, "%.17g", number);
}

static void write_row(struct buffer *out, const struct metric_form *const *forms, const struct metric_query *query,
                      const struct metric_row *row)
{
    char bucket[CLOCK_TEXT_SIZE];
    buffer_append_string(out, "{\"time_bucket\":");
    if (query->granularity.unit != 0) {
        clock_format(row->bucket, bucket);
        write_quoted(out, bucket);
    } else {
        buffer_append_string(out, "null");
    }
    buffer_append_string(out, ",\"dimensions\":{");
    for (size_t i = 0; i < query->dimension_count; i++) {
        write_member(out, i, query->dimensions[i]);
        write_dimension(out, forms[i], &row->dimensions[i]);
    }
    buffer_append_string(out, "},\"metrics\":{");
    for (size_t i = 0; i < query->measure_count; i++) {
        write_member(out, i, query->measures[i]);
        write_measure(out, row->measures[i]);
    }
    buffer_append_string(out, "}}");
}

static json_t *metadata_json(const struct call *call, const struct metric_result *result, int64_t began_us)
{
    struct text granularity = json_member_text(call->query.form, "granularity");
    bool truncated = result->too_many_rows || result->scan_ended;
    json_t *metadata = json_pack(
        "{s:o, s:f, s:I, s:I, s:b}", "granularity", granularity.size > 0 ? json_text(granularity) : json_null(),
        "query_time_ms", (double)(clock_monotonic_us() - began_us) / 1000, "row_count", (json_int_t)result->count,
        "row_limit", (json_int_t)limits.metric_rows, "truncated", truncated);
    if (result->scan_ended)
        json_object_set_new(metadata, "warning",
                            json_string("there was more to look at than the limits of one call allow, so the numbers are "
                                        "too low: ask for a shorter range, or without what only the records tell"));
    else if (result->too_many_rows)
        json_object_set_new(metadata, "warning",
                            json_string("there are more rows than the limit, and some are left out: ask for a shorter "
                                        "range, a coarser granularity or fewer dimensions"));
    return metadata;
}

static bool reply(struct call *call, const struct metric_endpoint *endpoint, const struct metric_query *query,
                  const struct metric_result *result, int64_t began_us)
{
    struct buffer out = {0};
    const struct metric_form *forms[METRIC_NAMES];
    for (size_t i = 0; i < query->dimension_count; i++)
        forms[i] = form_of(endpoint, query->dimensions[i]);
    buffer_append_string(&out, "{\"data\":[");
    for (size_t i = 0; i < result->count; i++) {
        if (i > 0)
            buffer_append_byte(&out, ',');
        write_row(&out, forms, query, result->rows[i]);
    }
    buffer_append_string(&out, "],\"metadata\":");
    json_t *metadata = metadata_json(call, result, began_us);
    out.failed = !json_write(&out, metadata) || out.failed;
    json_decref(metadata);
    buffer_append_byte(&out, '}');
    return call_reply_written(call, &out);
}

bool metrics_query(struct call *call)
{
    const struct metric_endpoint *endpoint = endpoint_of(call->operation);
    struct metric_query query = {.subject = endpoint->subject, .project_id = call->project_id, .now = call->now};
    struct metric_result result;
    struct error error = {0};
    int64_t began_us = clock_monotonic_us();
    query.measure_count = read_names(call, "measures", query.measures);
    query.dimension_count = read_names(call, "dimensions", query.dimensions);
    if (query.measure_count == 0)
        call_problem(call, "measures: at least one is required");
    read_range(call, &query);
    read_granularity(call, &query);
    read_filters(call, endpoint, &query);
    if (!call_check(call))
        return false;
    if (!store_read_metrics(call->reader, call->arena, &query, &result, &error))
        return call_fail_error(call, &error);
    return reply(call, endpoint, &query, &result, began_us);
}
