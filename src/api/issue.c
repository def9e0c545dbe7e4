#include "api/contract_rows.h"
#include "api/nouns.h"

#include "store/execution.h"
#include "store/issue.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *ids_json(enum id_kind kind, int64_t id)
{
    return json_pack("[o]", call_id(kind, id));
}

/* One value, or none where there was nothing (no reply, no error). */
static json_t *value_array(json_t *value)
{
    json_t *array = json_array();
    if (!json_is_null(value))
        json_array_append(array, value);
    json_decref(value);
    return array;
}

static json_t *keys_json(const struct issue_key *key)
{
    switch (key->type) {
    case ISSUE_DELIVERY:
        return json_pack("{s:o, s:o, s:o}", "webhook_id", ids_json(ID_CONNECTION, key->subject_id), "response_status",
                         value_array(call_integer_or_null(key->first, 0)), "error_code",
                         value_array(json_text(text_of(attempt_error_name((enum attempt_error)key->second)))));
    case ISSUE_TRANSFORMATION:
        return json_pack("{s:o, s:[s]}", "transformation_id", ids_json(ID_TRANSFORMATION, key->subject_id), "log_level",
                         execution_log_level_name((enum execution_log_level)key->first));
    case ISSUE_BACKPRESSURE:
        return json_pack("{s:o, s:[I]}", "destination_id", ids_json(ID_DESTINATION, key->subject_id), "delay",
                         (json_int_t)key->first);
    case ISSUE_REQUEST:
        return json_pack("{s:o, s:[s]}", "source_id", ids_json(ID_SOURCE, key->subject_id), "rejection_cause",
                         rejection_cause_name((enum rejection_cause)key->first));
    }
    return NULL;
}

static json_t *reference_json(const struct issue *issue)
{
    switch (issue->key.type) {
    case ISSUE_DELIVERY:
        return json_pack("{s:o, s:o}", "event_id", call_id(ID_EVENT, issue->reference_id), "attempt_id",
                         call_id(ID_ATTEMPT, issue->attempt_id));
    case ISSUE_TRANSFORMATION:
        return json_pack("{s:o}", "transformation_execution_id", call_id(ID_EXECUTION, issue->reference_id));
    case ISSUE_BACKPRESSURE: return json_pack("{s:o}", "destination_id", call_id(ID_DESTINATION, issue->reference_id));
    case ISSUE_REQUEST: return json_pack("{s:o}", "request_id", call_id(ID_REQUEST, issue->reference_id));
    }
    return NULL;
}

static json_t *delivery_data(struct call *call, const struct issue *issue)
{
    struct event event;
    struct attempt attempt;
    if (!store_read_event(call->reader, call->arena, issue->project_id, issue->reference_id, &event, NULL) ||
        !store_read_attempt(call->reader, call->arena, issue->project_id, issue->attempt_id, &attempt, NULL))
        return json_null();
    return json_pack("{s:o, s:o}", "trigger_event", event_json(call, &event, false), "trigger_attempt",
                     attempt_json(call, &attempt, true));
}

/* What it points to; null when that is not stored any more. */
static json_t *data_json(struct call *call, const struct issue *issue)
{
    struct request request;
    struct destination destination;
    struct execution execution;
    int64_t project_id = issue->project_id, id = issue->reference_id;
    switch (issue->key.type) {
    case ISSUE_DELIVERY: return delivery_data(call, issue);
    case ISSUE_TRANSFORMATION:
        return store_read_execution(call->reader, call->arena, project_id, id, &execution, NULL)
                   ? json_pack("{s:o}", "transformation_execution", execution_whole_json(call, &execution))
                   : json_null();
    case ISSUE_BACKPRESSURE:
        return store_read_destination(call->reader, call->arena, project_id, id, &destination, NULL)
                   ? json_pack("{s:o}", "destination", destination_json(call, &destination, false))
                   : json_null();
    case ISSUE_REQUEST:
        return store_read_request(call->reader, call->arena, project_id, id, false, &request, NULL)
                   ? json_pack("{s:o}", "request", request_json(call, &request, false))
                   : json_null();
    }
    return NULL;
}

json_t *issue_json(struct call *call, const struct issue *issue, bool with_data)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:n, s:o, s:o, s:n, s:o, s:o, s:s, s:o, s:o}", "id", call_id(ID_ISSUE, issue->id),
        "team_id", call_id(ID_PROJECT, issue->project_id), "status", issue_status_name(issue->status), "opened_at",
        json_moment(issue->opened_at), "first_seen_at", json_moment(issue->first_seen_at), "last_seen_at",
        json_moment(issue->last_seen_at), "last_updated_by", "dismissed_at", json_moment(issue->dismissed_at),
        "auto_resolved_at", json_moment(issue->auto_resolved_at), "merged_with", "updated_at",
        json_moment(issue->updated_at), "created_at", json_moment(issue->created_at), "type",
        issue_type_name(issue->key.type), "aggregation_keys", keys_json(&issue->key), "reference",
        reference_json(issue));
    if (with_data)
        json_object_set_new(object, "data", data_json(call, issue));
    return object;
}

static bool issue_find(struct call *call, struct text id, struct issue *issue)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_ISSUE, id, &key))
        return call_fail_missing(call, "issue", id);
    if (store_read_issue(call->reader, call->arena, call->project_id, key, issue, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "issue", id) : call_fail_error(call, &error);
}

/* ---- found by their keys ------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum store_field field;
    enum id_kind id_kind;
    bool (*parse)(struct text name, int64_t *value); /* NULL: an id, or a number as it is */
} KEYS[] = {
    {"webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION, NULL}, {"response_status", FIELD_RESPONSE_STATUS, 0, NULL},
    {"error_code", FIELD_ERROR_CODE, 0, attempt_error_parse},
    {"transformation_id", FIELD_TRANSFORMATION_ID, ID_TRANSFORMATION, NULL},
    {"log_level", FIELD_LOG_LEVEL, 0, execution_log_level_parse},
    {"destination_id", FIELD_DESTINATION_ID, ID_DESTINATION, NULL}, {"delay", FIELD_DELAY, 0, NULL},
    {"source_id", FIELD_SOURCE_ID, ID_SOURCE, NULL}, {"rejection_cause", FIELD_REJECTION_CAUSE, 0, rejection_cause_parse},
};

/* The values fit the contract's rows already. An id that is none matches nothing. */
static struct store_filter key_filter(struct call *call, size_t row, const json_t *given)
{
    struct store_value *values = ARENA_ARRAY(call->arena, struct store_value, json_array_size(given) + 1);
    size_t i;
    const json_t *value;
    json_array_foreach(given, i, value)
    {
        struct text text = {json_string_value(value), json_string_length(value)};
        values[i].integer = -1;
        if (json_is_integer(value))
            values[i].integer = json_integer_value(value);
        else if (KEYS[row].parse != NULL)
            KEYS[row].parse(text, &values[i].integer);
        else if (!id_parse(KEYS[row].id_kind, text, &values[i].integer))
            values[i].integer = -1;
    }
    return (struct store_filter){.field = KEYS[row].field, .operator = OP_IN, .values = values,
                                 .count = json_array_size(given)};
}

static void filter_by_keys(struct call *call)
{
    struct call_query *query = &call->query;
    const json_t *keys = query->form != NULL ? json_member(query->form, "aggregation_keys") : NULL;
    size_t most = query->filter_count + sizeof KEYS / sizeof KEYS[0];
    struct store_filter *filters = ARENA_ARRAY(call->arena, struct store_filter, most);
    memcpy(filters, query->filters, query->filter_count * sizeof *filters);
    query->filters = filters;
    for (size_t row = 0; row < sizeof KEYS / sizeof KEYS[0]; row++) {
        const json_t *given = keys != NULL ? json_member(keys, KEYS[row].name) : NULL;
        if (json_array_size(given) > 0)
            filters[query->filter_count++] = key_filter(call, row, given);
    }
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool issue_list(struct call *call)
{
    struct error error = {0};
    filter_by_keys(call);
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct issue *issues = NULL;
    if (list.limit > 0 && !store_list_issues(call->reader, call->arena, &list, &issues, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, issue_json(call, &issues[i], true));
    return page_reply(call, models, &page);
}

static bool issue_count(struct call *call)
{
    struct error error = {0};
    filter_by_keys(call);
    struct store_list list = page_list(call);
    int64_t count;
    if (!store_count_issues(call->reader, &list, &count, &error))
        return call_fail_error(call, &error);
    return call_reply(call, json_pack("{s:I}", "count", (json_int_t)count));
}

static bool issue_get(struct call *call)
{
    struct issue issue;
    return issue_find(call, call->id, &issue) && call_reply(call, issue_json(call, &issue, true));
}

/* Opening one by hand is opening it again: it is no longer dismissed. */
static bool change_status(struct call *call)
{
    struct error error = {0};
    struct issue issue;
    int64_t status;
    if (!issue_find(call, call->id, &issue))
        return false;
    issue_status_parse(json_member_text(call->body, "status"), &status); /* one of the names, the contract says */
    if (status == ISSUE_OPENED && !issue_is_open(&issue)) {
        issue.opened_at = call->now;
        issue.dismissed_at = issue.auto_resolved_at = 0;
    }
    issue.status = (enum issue_status)status;
    issue.updated_at = call->now;
    return issues_change(call->issues, call->transaction, &issue, &error) || call_fail_error(call, &error);
}

static bool change_dismiss(struct call *call)
{
    struct error error = {0};
    struct issue issue;
    if (!issue_find(call, call->id, &issue))
        return false;
    if (issue.dismissed_at == 0)
        issue.dismissed_at = issue.updated_at = call->now;
    return issues_change(call->issues, call->transaction, &issue, &error) || call_fail_error(call, &error);
}

static bool reply_changed(struct call *call)
{
    struct issue issue;
    return issue_find(call, call->id, &issue) && call_reply(call, issue_json(call, &issue, false));
}

static bool issue_update(struct call *call)
{
    return call_write(call, change_status) && reply_changed(call);
}

static bool issue_dismiss(struct call *call)
{
    return call_write(call, change_dismiss) && reply_changed(call);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row issue_change_fields[] = {
    {"status", VALUE_TEXT, .required = true, .names = issue_status_names}, END,
};

#define ISSUE_FIELDS                                                                                    \
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "team_id", VALUE_TEXT, .required = true},    \
    {.name = "status", VALUE_TEXT, .required = true, .names = issue_status_names},                      \
    {.name = "opened_at", VALUE_TEXT, .required = true}, {.name = "first_seen_at", VALUE_TEXT, .required = true}, \
    {.name = "last_seen_at", VALUE_TEXT, .required = true}, {.name = "last_updated_by", VALUE_TEXT | VALUE_NULL}, \
    {.name = "dismissed_at", VALUE_TEXT | VALUE_NULL}, {.name = "auto_resolved_at", VALUE_TEXT | VALUE_NULL}, \
    {.name = "merged_with", VALUE_TEXT | VALUE_NULL}, {.name = "updated_at", VALUE_TEXT, .required = true}, \
    {.name = "created_at", VALUE_TEXT, .required = true},                                               \
    {.name = "type", VALUE_TEXT, .required = true, .names = issue_type_names},                          \
    {.name = "aggregation_keys", VALUE_OBJECT, .required = true}, {.name = "reference", VALUE_OBJECT, .required = true}
static const struct field_row issue_shape[] = {ISSUE_FIELDS, END};
static const struct field_row issue_with_data_shape[] = {
    ISSUE_FIELDS, {.name = "data", VALUE_OBJECT | VALUE_NULL}, END,
};
static const struct field_row count_shape[] = {{.name = "count", VALUE_INTEGER, .required = true}, END};
static const struct shape shapes[] = {
    {"Issue", issue_shape}, {"IssueWithData", issue_with_data_shape}, {"IssueCount", count_shape}, END,
};

static const struct field_row text_item = {"", VALUE_TEXT, .most = TEXT_MOST};
static const struct field_row integer_item = {.name = "", VALUE_INTEGER};
static const struct field_row error_item = {"", VALUE_TEXT, .names = attempt_error_names};
static const struct field_row level_item = {"", VALUE_TEXT, .names = execution_log_level_names};
static const struct field_row cause_item = {"", VALUE_TEXT, .names = rejection_cause_names};
static const struct field_row key_fields[] = {
    {"webhook_id", VALUE_ARRAY, .item = &text_item}, {"response_status", VALUE_ARRAY, .item = &integer_item},
    {"error_code", VALUE_ARRAY, .item = &error_item}, {"transformation_id", VALUE_ARRAY, .item = &text_item},
    {"log_level", VALUE_ARRAY, .item = &level_item}, {"destination_id", VALUE_ARRAY, .item = &text_item},
    {"delay", VALUE_ARRAY, .item = &integer_item}, {"source_id", VALUE_ARRAY, .item = &text_item},
    {"rejection_cause", VALUE_ARRAY, .item = &cause_item}, END,
};
static const struct field_row keys_form[] = {{"aggregation_keys", VALUE_OBJECT, .fields = key_fields}, END};

static const struct order_row orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "first_seen_at", FIELD_FIRST_SEEN_AT},
    {.name = "last_seen_at", FIELD_LAST_SEEN_AT}, {.name = "opened_at", FIELD_OPENED_AT},
    {.name = "status", FIELD_STATUS}, END,
};
static const struct parameter_row issue_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_ISSUE), ID_FILTER("issue_trigger_id", FIELD_ISSUE_TRIGGER_ID, ID_ISSUE_TRIGGER),
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = issue_type_names, .parse = issue_type_parse},
    {"status", PARAMETER_ENUM, FIELD_STATUS, .names = issue_status_names, .parse = issue_status_parse},
    {.name = "merged_with", PARAMETER_UNUSED}, {.name = "aggregation_keys", PARAMETER_FORM, .fields = keys_form},
    DATE_FILTER("created_at", FIELD_CREATED_AT), DATE_FILTER("first_seen_at", FIELD_FIRST_SEEN_AT),
    DATE_FILTER("last_seen_at", FIELD_LAST_SEEN_AT), DATE_FILTER("dismissed_at", FIELD_DISMISSED_AT),
    PAGING(orders, 100), END,
};

static const struct operation operations[] = {
    {"GET", "/issues", "getIssues", "List issues", issue_list, issue_parameters, NULL, "IssueWithDataPaginatedResult"},
    {"GET", "/issues/count", "getIssueCount", "Count issues", issue_count, issue_parameters, NULL, "IssueCount"},
    {"GET", "/issues/{id}", "getIssue", "Get an issue with what it points to", issue_get, NULL, NULL, "IssueWithData"},
    {"PUT", "/issues/{id}", "updateIssue", "Change the status of an issue", issue_update, NULL, issue_change_fields,
     "Issue"},
    {"DELETE", "/issues/{id}", "dismissIssue", "Dismiss an issue", issue_dismiss, NULL, NULL, "Issue"},
};
OPERATIONS(issue_operations, operations, shapes);
