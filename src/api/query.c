#include "api/query.h"

#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"

/* The store's statement holds a condition for each filter and a value for each of theirs. */
enum { QUERY_PARAMETERS = 1024, QUERY_FILTERS = 100 };

static const struct store_value NO_KEY = {.integer = -1};

/* Every value of one parameter, as one filter or several. */
struct reading {
    struct call *call;
    const struct parameter_row *row;
    struct text operator; /* "" for equality */
    struct store_filter *filter;
};

static struct text decode(struct call *call, struct text text)
{
    struct buffer out = {0};
    percent_decode(&out, text, true);
    struct text copy = arena_copy_text(call->arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

/* Values of one parameter that is repeated go to one filter; those of different parameters all have to hold. */
static struct store_filter *add_filter(struct reading *reading, enum store_field field, enum store_operator operator)
{
    struct call_query *query = &reading->call->query;
    for (size_t i = 0; operator == OP_IN && i < query->filter_count; i++) {
        if (query->filter_rows[i] == reading->row && query->filters[i].operator == OP_IN)
            return &query->filters[i];
    }
    struct store_filter *filter = &query->filters[query->filter_count];
    if (query->filter_count == QUERY_FILTERS) /* the place behind the last one takes what is refused anyway */
        call_problem(reading->call, "%s: the query has more than %d filters", reading->row->name, QUERY_FILTERS);
    else
        query->filter_rows[query->filter_count++] = reading->row;
    *filter = (struct store_filter){.field = field, .operator = operator};
    return filter;
}

static void add_value(struct reading *reading, struct store_value value)
{
    struct store_filter *filter = reading->filter;
    if (filter->count >= (size_t)limits.array_values) {
        call_problem(reading->call, "%s: has more than %lld values", reading->row->name,
                     (long long)limits.array_values);
        return;
    }
    struct store_value *values = (struct store_value *)filter->values;
    if (values == NULL)
        values = ARENA_ARRAY(reading->call->arena, struct store_value, (size_t)limits.array_values);
    values[filter->count++] = value;
    filter->values = values;
}

static bool enum_value(const struct parameter_row *row, struct text text, struct store_value *value)
{
    for (const char *const *name = row->names; *name != NULL; name++) {
        if (text_equal(text, text_of(*name))) {
            value->is_text = row->parse == NULL;
            value->text = text;
            return row->parse == NULL || row->parse(text, &value->integer);
        }
    }
    return false;
}

static bool boolean_value(struct text text, int64_t *value)
{
    *value = text_equal(text, TEXT("true")) || text_equal(text, TEXT("1"));
    return *value || text_equal(text, TEXT("false")) || text_equal(text, TEXT("0"));
}

static bool integer_value(const struct parameter_row *row, struct text text, int64_t *value)
{
    return text_to_integer(text, value) && *value >= row->least && *value <= row->most;
}

/* "req_1:web_1": the one of this request that has that connection. */
static bool read_ignored_id(const struct call *call, struct text text, int64_t *connection_id)
{
    ptrdiff_t colon = text_find_byte(text, ':');
    return colon >= 0 && text_equal(text_slice(text, 0, (size_t)colon), call->id) &&
           id_parse(ID_CONNECTION, text_slice(text, (size_t)colon + 1, text.size), connection_id);
}

static bool read_value(const struct reading *reading, struct text text, struct store_value *value)
{
    const struct parameter_row *row = reading->row;
    value->is_null = row->nullable && text_equal(text, TEXT("null"));
    if (value->is_null)
        return true;
    switch (row->kind) {
    case PARAMETER_ID:
        if (!id_parse(row->id_kind, text, &value->integer))
            *value = NO_KEY; /* an unknown id matches nothing */
        return true;
    case PARAMETER_IGNORED_ID:
        if (!read_ignored_id(reading->call, text, &value->integer))
            *value = NO_KEY;
        return true;
    case PARAMETER_ENUM: return enum_value(row, text, value);
    case PARAMETER_BOOLEAN: return boolean_value(text, &value->integer);
    case PARAMETER_INTEGER: return integer_value(row, text, &value->integer);
    case PARAMETER_DATE:
        value->is_null = text_equal(text, TEXT("null"));
        if (!value->is_null && !clock_parse(text, &value->integer))
            return false;
        if (value->integer == 0)
            value->integer = 1; /* moment 0 is "never", and nothing is that old */
        return true;
    default:
        value->is_text = true;
        value->text = text;
        return text_is_utf8(text) && text.size >= (size_t)row->least && text.size <= (size_t)row->most;
    }
}

static const char *order_choices(struct call *call, const struct order_row *orders)
{
    size_t count = 0;
    while (orders[count].name != NULL)
        count++;
    const char **names = ARENA_ARRAY(call->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = orders[i].name;
    return call_choices(call, names);
}

/* ": " and what a value must be, for the end of a problem. */
static const char *right_values(struct call *call, const struct parameter_row *row)
{
    switch (row->kind) {
    case PARAMETER_ENUM: return call_choices(call, row->names);
    case PARAMETER_ORDER: return order_choices(call, row->orders);
    case PARAMETER_DIRECTION: return ": asc or desc";
    case PARAMETER_BOOLEAN:
    case PARAMETER_DISABLED: return ": true or false";
    case PARAMETER_DATE: return ": a date like 2026-01-31T10:20:30Z";
    case PARAMETER_INTEGER:
        return arena_printf(call->arena, ": an integer from %lld to %lld", (long long)row->least, (long long)row->most);
    case PARAMETER_INCLUDE_DATA: return ": data";
    case PARAMETER_INCLUDE_AUTH: return ": config.auth";
    case PARAMETER_NAME:
    case PARAMETER_TEXT:
    case PARAMETER_SEARCH:
        return arena_printf(call->arena, ": UTF-8 of %lld to %lld bytes", (long long)row->least, (long long)row->most);
    default: return "";
    }
}

static void bad_value(struct reading *reading, struct text text)
{
    call_problem(reading->call, "%s: \"%.*s\" is not a valid value%s", reading->row->name,
                 (int)(text.size < 100 ? text.size : 100), text.data, right_values(reading->call, reading->row));
}

static void read_equal(struct reading *reading, struct text text)
{
    const struct parameter_row *row = reading->row;
    bool search = row->kind == PARAMETER_SEARCH, whole = search || row->kind == PARAMETER_TEXT;
    size_t empty = 0;
    while (empty < text.size && text.data[empty] == ',')
        empty++;
    if (empty == text.size && !whole)
        return; /* no value is no filter */
    reading->filter = add_filter(reading, row->field, search ? OP_CONTAINS : OP_IN);
    struct text rest = text, part;
    /* Names, ids and numbers hold no comma, so one value may carry several. */
    while (whole ? (part = rest, rest.data != NULL) : text_split(&rest, ',', &part)) {
        struct store_value value = {0};
        if (part.size > 0 && read_value(reading, part, &value))
            add_value(reading, value);
        else if (part.size > 0)
            bad_value(reading, part);
        if (whole)
            break;
    }
}

static const struct comparison {
    const char *name;
    enum store_operator operator;
} COMPARISONS[] = {{"gt", OP_GT}, {"gte", OP_GTE}, {"lt", OP_LT}, {"lte", OP_LTE}, {"le", OP_LTE}};

/* NULL with the problem noted when the parameter has no such operator. */
static const struct comparison *find_comparison(struct reading *reading)
{
    for (size_t i = 0; i < sizeof COMPARISONS / sizeof COMPARISONS[0]; i++) {
        if (text_equal(reading->operator, text_of(COMPARISONS[i].name)))
            return &COMPARISONS[i];
    }
    call_problem(reading->call, "%s[%.*s]: is not an operator that this parameter has", reading->row->name,
                 TEXT_ARGS(text_slice(reading->operator, 0, 40)));
    return NULL;
}

static void read_comparison(struct reading *reading, struct text text)
{
    const struct parameter_row *row = reading->row;
    struct store_value value = {0};
    int64_t any;
    if (text_equal(reading->operator, TEXT("any")) && boolean_value(text, &any)) {
        add_filter(reading, row->field, any ? OP_IS_NOT_NULL : OP_IS_NULL);
        return;
    }
    if (text_equal(reading->operator, TEXT("all")) && boolean_value(text, &any))
        return; /* with a value and without */
    const struct comparison *comparison = find_comparison(reading);
    if (comparison == NULL)
        return;
    if (!read_value(reading, text, &value)) {
        bad_value(reading, text);
        return;
    }
    reading->filter = add_filter(reading, row->field, comparison->operator);
    add_value(reading, value);
}

/* hookdeck-cli passes operators on as it was given them: attempts={"gte":2} is attempts[gte]=2. */
static void read_operators(struct reading *reading, struct text text)
{
    json_t *operators = json_parse(text, NULL), *value;
    const char *name;
    if (json_object_size(operators) == 0)
        bad_value(reading, text);
    json_object_foreach(operators, name, value)
    {
        char *plain = json_is_string(value) ? NULL : json_to_string(value);
        struct text operand = plain ? text_of(plain) : (struct text){json_string_value(value), json_string_length(value)};
        reading->operator = arena_copy_text(reading->call->arena, text_of(name));
        read_comparison(reading, arena_copy_text(reading->call->arena, operand));
        free(plain);
    }
    json_decref(operators);
}

static void read_unused(struct reading *reading, struct text text)
{
    bool any = text_equal(reading->operator, TEXT("any"));
    /* Asking for those without any is asking for all. */
    if ((any && text_equal(text, TEXT("false"))) || text_equal(reading->operator, TEXT("all")))
        return;
    if (!any && reading->operator.size > 0 && find_comparison(reading) == NULL)
        return;
    reading->filter = add_filter(reading, FIELD_ID, OP_IN);
    reading->filter->count = 0;
    add_value(reading, NO_KEY);
}

/* Several are several orders: the first, and those behind it where it leaves two the same. */
static void read_order(struct reading *reading, struct text text)
{
    struct call_query *query = &reading->call->query;
    struct text rest = text, name;
    while (text_split(&rest, ',', &name)) {
        const struct order_row *order = reading->row->orders;
        while (order->name != NULL && !text_equal(name, text_of(order->name)))
            order++;
        if (order->name == NULL || query->order_count == ORDERS_MOST) {
            bad_value(reading, name);
            return;
        }
        if (query->order_count == 0)
            query->order_by = order->field;
        else
            query->then[query->order_count - 1].field = order->field;
        query->order_names[query->order_count++] = order->name;
    }
}

static void read_direction(struct reading *reading, struct text text)
{
    struct call_query *query = &reading->call->query;
    struct text rest = text, name;
    while (text_split(&rest, ',', &name)) {
        bool ascending = text_equal(name, TEXT("asc"));
        if ((!ascending && !text_equal(name, TEXT("desc"))) || query->direction_count == ORDERS_MOST) {
            bad_value(reading, name);
            return;
        }
        query->directions[query->direction_count++] = ascending;
    }
}

/* Orders without a direction of their own take the last one that was given. */
static void settle_orders(struct call *call)
{
    struct call_query *query = &call->query;
    size_t orders = query->order_count > 0 ? query->order_count : 1, given = query->direction_count;
    if (given > orders)
        call_problem(call, "dir: has more values than order_by");
    for (size_t i = given; i < orders; i++)
        query->directions[i] = i > 0 ? query->directions[i - 1] : query->ascending;
    query->ascending = query->directions[0];
    query->order_count = orders;
    query->then_count = orders - 1;
    for (size_t i = 1; i < orders; i++)
        query->then[i - 1].ascending = query->directions[i];
}

static bool content_part_of(const char *name, enum content_part *part)
{
    static const struct {
        const char *name;
        enum content_part part;
    } parts[] = {{"headers", CONTENT_HEADERS}, {"body", CONTENT_BODY}, {"parsed_query", CONTENT_QUERY}};
    const char *dot = strrchr(name, '.'); /* "query.body" of a bulk operation */
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *part = parts[i].part;
        if (strcmp(parts[i].name, dot != NULL ? dot + 1 : name) == 0)
            return true;
    }
    return false;
}

/* A filter in the language of rules/filter.h. */
static void read_content(struct reading *reading, struct text text)
{
    struct call *call = reading->call;
    struct error error = {0};
    enum content_part part;
    if (!content_part_of(reading->row->name, &part))
        return;
    if (call->query.content == NULL) {
        call->query.content = ARENA_NEW(call->arena, struct content_filter);
        call->query.content->content = content_new();
    }
    if (call->query.content->parts[part] != NULL) {
        call_problem(call, "%s: is given twice", reading->row->name);
        return;
    }
    json_t *schema = json_parse(text, &error);
    struct filter *filter = schema != NULL ? filter_compile(schema, &error) : NULL;
    if (filter == NULL)
        call_problem(call, "%s: %s%s", reading->row->name, schema == NULL ? "must be JSON: " : "", error.message);
    call->query.content->parts[part] = filter;
    json_decref(schema);
}

void query_free(struct call_query *query)
{
    json_decref(query->form);
    if (query->content == NULL)
        return;
    for (size_t i = 0; i < CONTENT_PARTS; i++)
        filter_free((struct filter *)query->content->parts[i]);
    content_free(query->content->content);
}

static void read_limit(struct reading *reading, struct text text)
{
    int64_t limit;
    if (text_to_integer(text, &limit) && limit >= 0 && limit <= limits.list_limit)
        reading->call->query.limit = limit;
    else
        call_problem(reading->call, "limit: must be an integer from 0 to %lld", (long long)limits.list_limit);
}

static void read_disabled(struct reading *reading, struct text text)
{
    int64_t disabled;
    if (!boolean_value(text, &disabled))
        bad_value(reading, text);
    else if (!disabled)
        add_filter(reading, FIELD_DISABLED_AT, OP_IS_NULL);
}

/* How the versions of the API call what is shown on demand: "config.auth", and before that "verification.configs". */
static bool asks_for_auth(struct text value)
{
    return text_equal(value, TEXT("config.auth")) || text_equal(value, TEXT("verification.configs"));
}

static void read_include(struct reading *reading, struct text text, bool known, bool *include)
{
    if (known)
        *include = true;
    else
        bad_value(reading, text);
}

static void read_parameter(struct reading *reading, struct text text)
{
    struct call_query *query = &reading->call->query;
    switch (reading->row->kind) {
    case PARAMETER_NEXT: query->next = text; break;
    case PARAMETER_PREV: query->prev = text; break;
    case PARAMETER_LIMIT: read_limit(reading, text); break;
    case PARAMETER_ORDER: read_order(reading, text); break;
    case PARAMETER_DIRECTION: read_direction(reading, text); break;
    case PARAMETER_DISABLED: read_disabled(reading, text); break;
    case PARAMETER_UNUSED: read_unused(reading, text); break;
    case PARAMETER_JSON: read_content(reading, text); break;
    case PARAMETER_INCLUDE_DATA:
        read_include(reading, text, text_equal(text, TEXT("data")), &query->include_data);
        break;
    case PARAMETER_INCLUDE_AUTH: read_include(reading, text, asks_for_auth(text), &query->include_auth); break;
    case PARAMETER_HINT: break;
    default:
        if (reading->operator.size > 0)
            read_comparison(reading, text);
        else if (reading->row->operators && text_starts_with(text, TEXT("{")))
            read_operators(reading, text);
        else
            read_equal(reading, text);
    }
}

/* Takes "[...]" off the end of a name: an index or nothing is an array's spelling, else it is an operator. */
static bool split_name(struct text *name, struct text *operator)
{
    ptrdiff_t open = text_find_byte(*name, '[');
    int64_t index;
    *operator = TEXT_NONE;
    if (open < 0)
        return true;
    if (!text_ends_with(*name, TEXT("]")))
        return false;
    *operator = text_slice(*name, (size_t)open + 1, name->size - (size_t)open - 2);
    *name = text_slice(*name, 0, (size_t)open);
    if (operator->size == 0 || text_to_integer(*operator, &index))
        *operator = TEXT_NONE;
    return true;
}

static const struct parameter_row *find_row(const struct parameter_row *rows, struct text name)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (text_equal(name, text_of(rows->name)))
            return rows;
    }
    return NULL;
}

/* An operation that shows records may be asked to include what others have. */
static bool is_stray_include(struct text name, struct text value)
{
    return text_equal(name, TEXT("include")) &&
           (value.size == 0 || text_equal(value, TEXT("data")) || asks_for_auth(value));
}

static void read_pair(struct call *call, struct text pair)
{
    ptrdiff_t equals = text_find_byte(pair, '=');
    size_t size = equals < 0 ? pair.size : (size_t)equals;
    struct text full = decode(call, text_slice(pair, 0, size));
    struct text value = decode(call, text_slice(pair, size + 1, pair.size));
    struct text name = full;
    struct reading reading = {.call = call};
    ptrdiff_t open = text_find_byte(full, '[');
    size_t name_size = open < 0 ? full.size : (size_t)open;
    reading.row = find_row(call->operation->parameters, text_slice(full, 0, name_size));
    if (reading.row != NULL && reading.row->kind == PARAMETER_FORM) {
        form_add(call, reading.row, text_slice(full, name_size, full.size), value);
        return;
    }
    bool well_formed = split_name(&name, &reading.operator);
    reading.row = find_row(call->operation->parameters, name);
    if (reading.row == NULL && is_stray_include(full, value))
        return;
    if (!well_formed || reading.row == NULL)
        call_problem(call, "%.*s: is not a parameter of this operation", TEXT_ARGS(text_slice(full, 0, 100)));
    else if (reading.operator.size > 0 && !reading.row->operators)
        call_problem(call, "%s: takes no operators", reading.row->name);
    else if (value.size > 0)
        read_parameter(&reading, value);
}

static void set_defaults(struct call *call)
{
    for (const struct parameter_row *row = call->operation->parameters; row && row->name; row++) {
        if (row->kind == PARAMETER_LIMIT)
            call->query.limit = row->least;
        if (row->kind == PARAMETER_ORDER) {
            call->query.order_by = row->orders[0].field;
            call->query.order_names[0] = row->orders[0].name;
            call->query.ascending = row->orders[0].field == FIELD_ID;
        }
    }
}

void query_make_room(struct call *call)
{
    call->query.filters = ARENA_ARRAY(call->arena, struct store_filter, QUERY_FILTERS + 1);
    call->query.filter_rows = ARENA_ARRAY(call->arena, const struct parameter_row *, QUERY_FILTERS);
}

void query_add(struct call *call, const struct parameter_row *row, struct text operator, struct text value)
{
    struct reading reading = {.call = call, .row = row, .operator = operator};
    read_parameter(&reading, value);
}

bool query_read(struct call *call)
{
    struct text rest = call->exchange->query, pair;
    size_t count = 0;
    set_defaults(call);
    query_make_room(call);
    while (text_split(&rest, '&', &pair)) {
        if (pair.size == 0)
            continue;
        if (++count > QUERY_PARAMETERS)
            return call_fail(call, 422, NULL, "the query has more than %d parameters", QUERY_PARAMETERS);
        read_pair(call, pair);
    }
    if (call->query.next.size > 0 && call->query.prev.size > 0)
        call_problem(call, "next: cannot be given together with prev");
    settle_orders(call);
    form_check(call);
    return call_check(call);
}
