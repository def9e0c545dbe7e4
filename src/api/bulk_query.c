#include "api/bulk_query.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/contract_rows.h"
#include "api/nouns.h"
#include "api/query.h"
#include "api/validate.h"
#include "base/limits.h"

enum { QUERY_VALUES = 1000 }; /* of all filters: the store's statement has to hold ids beside them */

static const char *const IGNORED_CAUSES[] = {"DISABLED", "FILTERED", "TRANSFORMATION_FAILED", "CLI_DISCONNECTED",
                                            "DUPLICATE", NULL};
static const struct parameter_row ignored_filters[] = {
    {"cause", PARAMETER_ENUM, FIELD_CAUSE, .names = IGNORED_CAUSES, .parse = ignored_cause_parse},
    ID_FILTER("webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION),
    {"transformation_id", PARAMETER_NAME, FIELD_TRANSFORMATION_ID, .most = TEXT_MOST}, END,
};

static const struct field_row text_item = {"", VALUE_TEXT, .most = TEXT_MOST};
static const struct field_row target_fields[] = {
    {"source_id", VALUE_TEXT, .most = TEXT_MOST}, {"webhook_ids", VALUE_ARRAY, .item = &text_item}, END,
};

static const char TARGET[] = "target"; /* of a replay, beside the filters */

/* ---- rows ---------------------------------------------------------------------------------------- */

static const struct parameter_row *rows_of(enum bulk_kind kind)
{
    switch (bulk_subject_of(kind)) {
    case BULK_OF_EVENTS: return event_parameters;
    case BULK_OF_IGNORED_EVENTS: return ignored_filters;
    case BULK_OF_REQUESTS: break;
    }
    return request_parameters;
}

/* What orders a list, cuts it into pages or says what to show is no filter. */
static bool is_filter(enum parameter_kind kind)
{
    return kind < PARAMETER_ORDER;
}

static const struct parameter_row *row_of(enum bulk_kind kind, const char *name)
{
    const struct parameter_row *row = rows_of(kind);
    while (row->name != NULL && (strcmp(row->name, name) != 0 || !is_filter(row->kind)))
        row++;
    return row->name != NULL ? row : NULL;
}

/* ---- values -------------------------------------------------------------------------------------- */

/* One member. Its row bears the member's whole name, for the sentences about it. */
struct member {
    struct call *call;
    const struct parameter_row *row;
};

static void refuse(const struct member *member, const json_t *value)
{
    call_problem(member->call, "%s: must not be %s", member->row->name, json_type_name(value));
}

/* A scalar as it would stand in a query string; TEXT_NONE when it is of the wrong type. */
static struct text scalar_text(const struct member *member, const json_t *value)
{
    enum parameter_kind kind = member->row->kind;
    struct arena *arena = member->call->arena;
    bool number = kind == PARAMETER_INTEGER, boolean = kind == PARAMETER_BOOLEAN;
    if (json_is_string(value))
        return arena_copy_text(arena, (struct text){json_string_value(value), json_string_length(value)});
    if (json_is_integer(value) && number)
        return text_of(arena_printf(arena, "%lld", (long long)json_integer_value(value)));
    if (json_is_boolean(value) && boolean)
        return json_is_true(value) ? TEXT("true") : TEXT("false");
    if (json_is_null(value) && (kind == PARAMETER_DATE || member->row->nullable))
        return TEXT("null");
    return TEXT_NONE;
}

static void add_scalar(const struct member *member, struct text operator, const json_t *value)
{
    struct text text = scalar_text(member, value);
    if (text.data == NULL || (operator.size > 0 && json_is_null(value)))
        refuse(member, value);
    else if (text_trim(text).size == 0)
        call_problem(member->call, "%s: must not be empty", member->row->name);
    else
        query_add(member->call, member->row, operator, text);
}

static void add_several(const struct member *member, const json_t *array)
{
    size_t i;
    const json_t *value;
    bool one_only = member->row->kind == PARAMETER_SEARCH || member->row->kind == PARAMETER_DATE;
    if (json_array_size(array) == 0 || one_only)
        call_problem(member->call, "%s: must not be %s", member->row->name, one_only ? "an array" : "an empty array");
    else if (json_array_size(array) > (size_t)limits.array_values)
        call_problem(member->call, "%s: must have at most %lld items", member->row->name, (long long)limits.array_values);
    else
        json_array_foreach(array, i, value)
            add_scalar(member, TEXT_NONE, value);
}

/* The row of a filter under the name that its problems are told by. */
static struct parameter_row *row_named(struct call *call, const struct parameter_row *row, const char *before,
                                       const char *name)
{
    struct parameter_row *copy = ARENA_NEW(call->arena, struct parameter_row);
    *copy = *row;
    copy->name = arena_printf(call->arena, "%s.%s", before, name);
    return copy;
}

static void add_operator(const struct member *filter, const char *name, const json_t *value)
{
    static const char *const names[] = {"gt", "gte", "lt", "lte", "le", "any", "all"};
    struct text text = {json_string_value(value), json_string_length(value)};
    size_t i = 0;
    while (i < COUNT_OF(names) && strcmp(names[i], name) != 0)
        i++;
    if (i == COUNT_OF(names)) {
        call_problem(filter->call, "%s.%.100s: is not an operator that this filter has", filter->row->name, name);
        return;
    }
    struct member member = {filter->call, row_named(filter->call, filter->row, filter->row->name, names[i])};
    if (strcmp(name, "any") != 0 && strcmp(name, "all") != 0)
        add_scalar(&member, text_of(names[i]), value);
    else if (json_is_true(value) || text_equal(text, TEXT("true")))
        query_add(member.call, member.row, text_of(names[i]), TEXT("true"));
    else if (json_is_false(value) || text_equal(text, TEXT("false")))
        query_add(member.call, member.row, text_of(names[i]), TEXT("false"));
    else
        call_problem(member.call, "%s: must be a boolean", member.row->name);
}

static void add_operators(const struct member *member, const json_t *object)
{
    const char *name;
    json_t *value;
    if (!member->row->operators || json_object_size(object) == 0)
        call_problem(member->call, "%s: must not be %s", member->row->name,
                     member->row->operators ? "an empty object" : "an object");
    else
        json_object_foreach((json_t *)object, name, value)
            add_operator(member, name, value);
}

/* A JSON filter is given as an object or as its text. */
static void add_content(const struct member *member, const json_t *value)
{
    char *text = json_is_object(value) ? json_to_string(value) : NULL;
    if (text != NULL)
        query_add(member->call, member->row, TEXT_NONE, arena_copy_text(member->call->arena, text_of(text)));
    else
        add_scalar(member, TEXT_NONE, value);
    free(text);
}

static void add_member(struct call *call, const struct parameter_row *found, const json_t *value)
{
    struct member member = {call, row_named(call, found, "query", found->name)};
    if (found->kind == PARAMETER_JSON)
        add_content(&member, value);
    else if (json_is_array(value))
        add_several(&member, value);
    else if (json_is_object(value))
        add_operators(&member, value);
    else
        add_scalar(&member, TEXT_NONE, value);
}

static void check_target(struct call *call, const json_t *target)
{
    if (json_is_object(target))
        validate_object(call, target, target_fields, "query.target.");
    else
        call_problem(call, "query.target: must be an object, not %s", json_type_name(target));
}

void bulk_query_read(struct call *call, enum bulk_kind kind, const json_t *query)
{
    const char *name;
    json_t *value;
    size_t values = 0;
    query_make_room(call);
    json_object_foreach((json_t *)query, name, value)
    {
        const struct parameter_row *row = row_of(kind, name);
        if (kind == BULK_REQUESTS_REPLAY && strcmp(name, TARGET) == 0)
            check_target(call, value);
        else if (row == NULL)
            call_problem(call, "query.%.100s: is not a filter of this operation", name);
        else
            add_member(call, row, value);
    }
    for (size_t i = 0; i < call->query.filter_count; i++)
        values += call->query.filters[i].count;
    if (values > QUERY_VALUES)
        call_problem(call, "query: has more than %d values", QUERY_VALUES);
}

/* ---- as JSON ------------------------------------------------------------------------------------- */

static json_t *typed(const struct parameter_row *row, const json_t *value)
{
    struct text text = {json_string_value(value), json_string_length(value)};
    int64_t integer;
    if (row->kind == PARAMETER_INTEGER && text_to_integer(text, &integer))
        return json_integer(integer);
    if (row->kind == PARAMETER_BOOLEAN && (text_equal(text, TEXT("true")) || text_equal(text, TEXT("false"))))
        return json_boolean(text_equal(text, TEXT("true")));
    return json_incref((json_t *)value);
}

/* A member holds a scalar, an array of them, or an object of operators: one level each. */
static json_t *typed_member(const struct parameter_row *row, json_t *value)
{
    const char *name;
    size_t i;
    json_t *item, *copy;
    if (json_is_string(value))
        return typed(row, value);
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, item)
            json_array_append_new(copy, json_is_string(item) ? typed(row, item) : json_incref(item));
        return copy;
    }
    if (!json_is_object(value) || row->kind == PARAMETER_JSON)
        return json_incref(value);
    copy = json_object();
    json_object_foreach(value, name, item)
        json_object_set_new(copy, name, json_is_string(item) ? typed(row, item) : json_incref(item));
    return copy;
}

json_t *bulk_query_typed(enum bulk_kind kind, const json_t *query)
{
    const char *name;
    json_t *value, *copy = json_object();
    json_object_foreach((json_t *)query, name, value)
    {
        const struct parameter_row *row = row_of(kind, name);
        json_object_set_new(copy, name, row != NULL ? typed_member(row, value) : json_incref(value));
    }
    return copy;
}

struct text bulk_query_text(struct call *call, const json_t *query)
{
    char *text = json_dumps(query, JSON_COMPACT | JSON_SORT_KEYS);
    struct text copy = arena_copy_text(call->arena, text_of(text != NULL ? text : "{}"));
    free(text);
    return copy;
}

bool bulk_query_is_empty(const json_t *query)
{
    size_t size = json_object_size(query);
    return size == 0 || (size == 1 && json_member(query, TARGET) != NULL);
}

/* ---- for the worker ------------------------------------------------------------------------------ */

static void read_target(struct arena *arena, const json_t *target, struct bulk_plan *plan)
{
    const json_t *ids = json_member(target, "webhook_ids"), *id;
    size_t i;
    struct text source_id = json_member_text(target, "source_id");
    if (source_id.data != NULL && !id_parse(ID_SOURCE, source_id, &plan->source_id))
        plan->source_id = 0;
    if (!json_is_array(ids))
        return;
    int64_t *keys = ARENA_ARRAY(arena, int64_t, json_array_size(ids) + 1);
    plan->connection_ids = keys;
    json_array_foreach(ids, i, id)
    {
        struct text text = {json_string_value(id), json_string_length(id)};
        plan->connection_count += id_parse(ID_CONNECTION, text, &keys[plan->connection_count]);
    }
}

static void release_plan(struct bulk_plan *plan)
{
    struct call_query query = {.content = plan->content != NULL ? plan->content->context : NULL};
    query_free(&query);
}

bool bulk_query_plan(enum bulk_kind kind, struct text query, struct arena *arena, struct bulk_plan *plan,
                     struct error *error)
{
    struct call call = {.arena = arena};
    json_t *object = json_parse(query, error);
    *plan = (struct bulk_plan){0};
    if (!json_is_object(object)) {
        json_decref(object);
        return error_set(error, ERROR_INVALID, "the query is no JSON object");
    }
    bulk_query_read(&call, kind, object);
    struct store_list list = page_list(&call);
    *plan = (struct bulk_plan){.filters = list.filters, .filter_count = list.filter_count, .content = list.content,
                               .release = release_plan};
    read_target(arena, json_member(object, TARGET), plan);
    json_decref(object);
    bool good = call.problems == NULL;
    if (!good)
        error_set(error, ERROR_INVALID, "%s", json_string_value(json_array_get(call.problems, 0)));
    json_decref(call.problems);
    return good;
}
