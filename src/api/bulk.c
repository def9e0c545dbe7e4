#include "api/contract_rows.h"
#include "api/nouns.h"

#include "api/bulk_query.h"
#include "base/limits.h"
#include "store/bulk.h"

enum { QUERY_BYTES = 65536 };

/* ---- shown --------------------------------------------------------------------------------------- */

static int64_t batches(int64_t count)
{
    return (count + limits.bulk_slice - 1) / limits.bulk_slice;
}

static json_t *bulk_json(const struct bulk *bulk)
{
    int64_t processed = bulk->completed_count + bulk->failed_count;
    int64_t estimated = processed > bulk->estimated_count ? processed : bulk->estimated_count;
    bool open = bulk->completed_at == 0 && bulk->cancelled_at == 0;
    double progress = bulk->completed_at != 0 ? 1.0 : estimated > 0 ? (double)processed / (double)estimated : 0.0;
    int64_t left = estimated - processed;
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:f, s:n}", "id",
        call_id(ID_BULK, bulk->id), "team_id", call_id(ID_PROJECT, bulk->project_id), "type",
        bulk_kind_name(bulk->kind), "query", json_parse(bulk->query, NULL), "created_at", json_moment(bulk->created_at),
        "updated_at", json_moment(bulk->updated_at), "cancelled_at", json_moment(bulk->cancelled_at), "completed_at",
        json_moment(bulk->completed_at), "estimated_batch",
        (json_int_t)(bulk->processed_batch + (open ? batches(left) : 0)), "estimated_count", (json_int_t)estimated,
        "processed_batch", (json_int_t)bulk->processed_batch, "completed_count", (json_int_t)bulk->completed_count,
        "failed_count", (json_int_t)bulk->failed_count, "in_progress", open, "progress", progress, "number");
}

static bool find(struct call *call, enum bulk_kind kind, struct bulk *bulk)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_BULK, call->id, &key))
        return call_fail_missing(call, "bulk operation", call->id);
    if (store_read_bulk(call->reader, call->arena, call->project_id, kind, key, bulk, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "bulk operation", call->id)
                                         : call_fail_error(call, &error);
}

static bool get(struct call *call, enum bulk_kind kind)
{
    struct bulk bulk;
    return find(call, kind, &bulk) && call_reply(call, bulk_json(&bulk));
}

/* ---- listed -------------------------------------------------------------------------------------- */

static void add_text_filter(struct call *call, enum store_field field, enum store_operator operator, struct text text)
{
    page_of(call, field, 0);
    struct store_filter *filter = &call->query.filters[call->query.filter_count - 1];
    struct store_value *value = ARENA_NEW(call->arena, struct store_value);
    *value = (struct store_value){.is_text = true, .text = text};
    filter->operator = operator;
    filter->values = value;
}

/* Each member as it stands in the stored text, followed by a comma. */
static void filter_by_members(struct call *call, json_t *query)
{
    const char *name;
    json_t *value;
    json_object_foreach(query, name, value)
    {
        json_t *member = json_pack("{s:O}", name, value);
        struct text text = bulk_query_text(call, member);
        json_decref(member);
        add_text_filter(call, FIELD_QUERY_MEMBER, OP_CONTAINS,
                        text_of(arena_printf(call->arena, "%.*s,", TEXT_ARGS(text_slice(text, 1, text.size - 2)))));
    }
}

/* Those with just that query, or with query_partial_match those whose query has all of its members. */
static bool filter_by_query(struct call *call, enum bulk_kind kind)
{
    json_t *query = json_member(call->query.form, "query");
    enum { MEMBERS = 50 };
    if (!json_is_object(query) || json_object_size(query) == 0)
        return true;
    if (json_object_size(query) > MEMBERS) {
        call_problem(call, "query: has more than %d members", MEMBERS);
        return call_check(call);
    }
    json_t *typed = bulk_query_typed(kind, query);
    if (json_member_true(call->query.form, "query_partial_match"))
        filter_by_members(call, typed);
    else
        add_text_filter(call, FIELD_QUERY, OP_IN, bulk_query_text(call, typed));
    json_decref(typed);
    return true;
}

static bool list(struct call *call, enum bulk_kind kind)
{
    struct error error = {0};
    if (!filter_by_query(call, kind))
        return false;
    page_of(call, FIELD_KIND, (int64_t)kind);
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct bulk *bulks = NULL;
    if (list.limit > 0 && !store_list_bulks(call->reader, call->arena, &list, &bulks, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, bulk_json(&bulks[i]));
    return page_reply(call, models, &page);
}

/* ---- planned ------------------------------------------------------------------------------------- */

/* About how many things the query finds. */
static bool estimate(struct call *call, enum bulk_kind kind, const json_t *query, int64_t *count)
{
    struct error error = {0};
    bulk_query_read(call, kind, query);
    if (!call_check(call))
        return false;
    struct store_list list = page_list(call);
    return store_estimate_subject(call->reader, bulk_subject_of(kind), &list, count, &error) ||
           call_fail_error(call, &error);
}

/* The query stands in the query string or in a body, or nowhere: then it is of everything. */
static bool plan(struct call *call, enum bulk_kind kind)
{
    const json_t *in_body = json_member(call->body, "query"), *in_form = json_member(call->query.form, "query");
    int64_t count;
    if (in_body != NULL && in_form != NULL) {
        call_problem(call, "query: is given in the query string and in the body");
        return call_check(call);
    }
    json_t *query = in_form != NULL ? bulk_query_typed(kind, in_form)
                                    : json_incref(in_body != NULL ? (json_t *)in_body : call->body);
    bool done = estimate(call, kind, query, &count);
    json_decref(query);
    return done && call_reply(call, json_pack("{s:I, s:I, s:f}", "estimated_batch", (json_int_t)batches(count),
                                              "estimated_count", (json_int_t)count, "progress", 0.0));
}

/* ---- made ---------------------------------------------------------------------------------------- */

static bool check_target(struct call *call, const json_t *target)
{
    struct text source_id = json_member_text(target, "source_id");
    const json_t *ids = json_member(target, "webhook_ids"), *id;
    struct source source = {0};
    size_t i;
    if (source_id.data != NULL && !source_find(call, source_id, &source))
        return false;
    json_array_foreach(ids, i, id)
    {
        struct text text = {json_string_value(id), json_string_length(id)};
        struct connection connection;
        if (!connection_find(call, text, &connection))
            return false;
        if (source.id != 0 && connection.source_id != source.id)
            call_problem(call, "query.target.webhook_ids[%zu]: is not a connection of the source", i);
    }
    if (json_is_array(ids) && json_array_size(ids) == 0)
        call_problem(call, "query.target.webhook_ids: names no connection");
    return call_check(call);
}

/* Not two of the same at once, and not too many. */
static bool check_open(struct call *call, enum bulk_kind kind, struct text query)
{
    struct error error = {0};
    int64_t open, same;
    if (!store_count_open_bulks(call->reader, call->project_id, kind, query, &open, &same, &error))
        return call_fail_error(call, &error);
    if (same > 0)
        call_problem(call, "query: an operation with this query is in progress");
    else if (open >= limits.bulk_operations)
        call_problem(call, "%lld bulk operations are in progress, which is as many as there may be", (long long)open);
    return call_check(call);
}

static bool change_create(struct call *call)
{
    struct error error = {0};
    struct bulk *bulk = call->bulk;
    return check_open(call, bulk->kind, bulk->query) &&
           ((store_bulk_last(call->reader, bulk_subject_of(bulk->kind), &bulk->bound, &error) &&
             store_insert_bulk(call->transaction, bulk, &error)) ||
            call_fail_error(call, &error));
}

static bool create(struct call *call, enum bulk_kind kind)
{
    const json_t *query = json_member(call->body, "query");
    struct bulk bulk = {.id = id_new(), .project_id = call->project_id, .kind = kind, .created_at = call->now,
                        .updated_at = call->now};
    if (bulk_query_is_empty(query))
        return call_fail(call, 400, NULL, "an empty query would be of everything: say at least one filter");
    if (!estimate(call, kind, query, &bulk.estimated_count) || !check_target(call, json_member(query, "target")))
        return false;
    if (call->query.filter_count == 0 && call->query.content == NULL)
        return call_fail(call, 400, NULL, "the query leaves out nothing: say at least one filter that does");
    bulk.query = bulk_query_text(call, query);
    if (bulk.query.size > QUERY_BYTES) {
        call_problem(call, "query: is longer than %d bytes", QUERY_BYTES);
        return call_check(call);
    }
    call->bulk = &bulk;
    bool done = call_write(call, change_create);
    call->bulk = NULL;
    if (!done)
        return false;
    bulk_wake(call->bulk_worker);
    return call_reply(call, bulk_json(&bulk));
}

/* ---- cancelled ----------------------------------------------------------------------------------- */

static bool change_cancel(struct call *call)
{
    struct error error = {0};
    struct bulk *bulk = call->bulk;
    if (!find(call, bulk->kind, bulk))
        return false;
    if (bulk->completed_at != 0 || bulk->cancelled_at != 0) {
        call_problem(call, "the bulk operation is %s already", bulk->completed_at != 0 ? "completed" : "cancelled");
        return call_check(call);
    }
    bulk->cancelled_at = bulk->updated_at = call->now;
    return store_update_bulk(call->transaction, bulk, &error) || call_fail_error(call, &error);
}

static bool cancel(struct call *call, enum bulk_kind kind)
{
    struct bulk bulk = {.kind = kind};
    call->bulk = &bulk;
    bool done = call_write(call, change_cancel);
    call->bulk = NULL;
    return done && call_reply(call, bulk_json(&bulk));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row query_row = {.name = "query", VALUE_OBJECT};
static const struct field_row partial_row = {.name = "query_partial_match", VALUE_BOOLEAN};
static const struct parameter_row list_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_BULK), DATE_FILTER("created_at", FIELD_CREATED_AT),
    DATE_FILTER("cancelled_at", FIELD_CANCELLED_AT), DATE_FILTER("completed_at", FIELD_COMPLETED_AT),
    {.name = "in_progress", PARAMETER_BOOLEAN, FIELD_IN_PROGRESS},
    {"query", PARAMETER_FORM, .fields = &query_row}, {"query_partial_match", PARAMETER_FORM, .fields = &partial_row},
    PAGING(by_creation, 100), END,
};
static const struct parameter_row plan_parameters[] = {{"query", PARAMETER_FORM, .fields = &query_row}, END};
static const struct field_row create_fields[] = {{"query", VALUE_OBJECT, .required = true}, END};
static const struct field_row plan_fields[] = {{.name = "query", VALUE_OBJECT}, END};

static const struct field_row bulk_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("team_id", VALUE_TEXT), ALWAYS("type", VALUE_TEXT),
    ALWAYS("query", VALUE_OBJECT | VALUE_NULL), MOMENT("created_at"), MOMENT("updated_at"),
    MOMENT_OR_NULL("cancelled_at"), MOMENT_OR_NULL("completed_at"),
    ALWAYS("estimated_batch", VALUE_INTEGER | VALUE_NULL), ALWAYS("estimated_count", VALUE_INTEGER | VALUE_NULL),
    ALWAYS("processed_batch", VALUE_INTEGER | VALUE_NULL), ALWAYS("completed_count", VALUE_INTEGER | VALUE_NULL),
    ALWAYS("failed_count", VALUE_INTEGER | VALUE_NULL), ALWAYS("in_progress", VALUE_BOOLEAN),
    ALWAYS("progress", VALUE_NUMBER | VALUE_NULL), ALWAYS("number", VALUE_NUMBER | VALUE_NULL), END,
};
static const struct field_row plan_shape[] = {
    ALWAYS("estimated_batch", VALUE_INTEGER | VALUE_NULL), ALWAYS("estimated_count", VALUE_INTEGER | VALUE_NULL),
    ALWAYS("progress", VALUE_NUMBER | VALUE_NULL), END,
};
static const struct shape shapes[] = {{"BatchOperation", bulk_shape}, {"BatchOperationPlan", plan_shape}, END};

/* The calls of each kind differ in nothing but the kind. */
#define CALL(name, kind, verb)                                                                          \
    static bool name##_##verb(struct call *call)                                                        \
    {                                                                                                   \
        return verb(call, kind);                                                                        \
    }
#define CALLS(name, kind) CALL(name, kind, list) CALL(name, kind, create) CALL(name, kind, plan) CALL(name, kind, get)
CALLS(events_retry, BULK_EVENTS_RETRY)
CALL(events_retry, BULK_EVENTS_RETRY, cancel)
CALLS(events_cancel, BULK_EVENTS_CANCEL)
CALLS(ignored_retry, BULK_IGNORED_RETRY)
CALL(ignored_retry, BULK_IGNORED_RETRY, cancel)
CALLS(requests_retry, BULK_REQUESTS_RETRY)
CALL(requests_retry, BULK_REQUESTS_RETRY, cancel)
CALLS(requests_replay, BULK_REQUESTS_REPLAY)
CALL(requests_replay, BULK_REQUESTS_REPLAY, cancel)

#define ROWS(name, path, Id, Ids, what)                                                                 \
    {"GET", path, "get" Ids, "List bulk operations that " what, name##_list, list_parameters, NULL,     \
     "BatchOperationPaginatedResult"},                                                                  \
    {"POST", path, "create" Id, "Start to " what, name##_create, NULL, create_fields, "BatchOperation"}, \
    {"GET", path "/plan", "generate" Id "Plan", "How many it would be to " what, name##_plan, plan_parameters, \
     plan_fields, "BatchOperationPlan"},                                                                \
    {"GET", path "/{id}", "get" Id, "How far it is to " what, name##_get, NULL, NULL, "BatchOperation"}
#define CANCEL_ROW(name, path, Id, what)                                                                \
    {"POST", path "/{id}/cancel", "cancel" Id, "Stop to " what, name##_cancel, NULL, no_fields, "BatchOperation"}

static const struct operation operations[] = {
    ROWS(events_retry, "/bulk/events/retry", "EventBulkRetry", "EventBulkRetries", "deliver events again"),
    CANCEL_ROW(events_retry, "/bulk/events/retry", "EventBulkRetry", "deliver events again"),
    ROWS(events_cancel, "/bulk/events/cancel", "EventBulkCancel", "EventBulkCancels", "cancel waiting events"),
    ROWS(ignored_retry, "/bulk/ignored-events/retry", "IgnoredEventBulkRetry", "IgnoredEventBulkRetries",
         "make events that were ignored"),
    CANCEL_ROW(ignored_retry, "/bulk/ignored-events/retry", "IgnoredEventBulkRetry", "make events that were ignored"),
    ROWS(requests_retry, "/bulk/requests/retry", "RequestBulkRetry", "RequestBulkRetries",
         "make events of requests again"),
    CANCEL_ROW(requests_retry, "/bulk/requests/retry", "RequestBulkRetry", "make events of requests again"),
    ROWS(requests_replay, "/bulk/requests/replay", "RequestBulkReplay", "RequestBulkReplays",
         "make new requests of requests"),
    CANCEL_ROW(requests_replay, "/bulk/requests/replay", "RequestBulkReplay", "make new requests of requests"),
};
OPERATIONS(bulk_operations, operations, shapes);
