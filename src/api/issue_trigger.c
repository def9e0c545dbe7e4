#include "api/contract_rows.h"
#include "api/nouns.h"
#include "api/validate.h"

#include "base/clock.h"
#include "rules/trigger.h"
#include "store/issue.h"
#include "store/issue_trigger.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *trigger_json(const struct issue_trigger *trigger)
{
    json_t *channels = trigger->channels.data != NULL ? config_read(trigger->channels) : json_null();
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                     call_id(ID_ISSUE_TRIGGER, trigger->id), "team_id", call_id(ID_PROJECT, trigger->project_id), "name",
                     json_text(trigger->name), "type", issue_type_name(trigger->type), "configs",
                     config_read(trigger->configs), "channels", channels, "disabled_at",
                     json_moment(trigger->disabled_at), "deleted_at", json_moment(trigger->deleted_at), "updated_at",
                     json_moment(trigger->updated_at), "created_at", json_moment(trigger->created_at));
}

static bool trigger_find(struct call *call, struct issue_trigger *trigger)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_ISSUE_TRIGGER, call->id, &key))
        return call_fail_missing(call, "issue trigger", call->id);
    if (!store_read_issue_trigger(call->reader, call->arena, call->project_id, key, trigger, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "issue trigger", call->id)
                                             : call_fail_error(call, &error);
    return trigger->deleted_at == 0 || call_fail_gone(call, "issue trigger", call->id);
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct issue_trigger trigger;
    if (!store_read_issue_trigger(call->reader, call->arena, call->project_id, id, &trigger, &error))
        return call_fail_error(call, &error);
    return call_reply(call, trigger_json(&trigger));
}

/* ---- checked ------------------------------------------------------------------------------------- */

enum { DELAY_LEAST = 60000, DELAY_MOST = 86400000 };

static const char *const STRATEGIES[] = {"first_attempt", "final_attempt", NULL};
static const char *const ALL[] = {"*", NULL};
static const struct field_row id_item = {"", VALUE_TEXT, .most = TEXT_MOST};
static const struct field_row cause_item = {"", VALUE_TEXT, .names = rejection_cause_names};

#define SCOPE(name) {name, VALUE_TEXT | VALUE_ARRAY, .required = true, .least = 1, .most = TEXT_MOST, .item = &id_item}
static const struct field_row delivery_configs[] = {
    {"strategy", VALUE_TEXT, .required = true, .names = STRATEGIES}, SCOPE("connections"), END,
};
static const struct field_row transformation_configs[] = {
    {"log_level", VALUE_TEXT, .required = true, .names = execution_log_level_names}, SCOPE("transformations"), END,
};
static const struct field_row backpressure_configs[] = {
    {"delay", VALUE_INTEGER, .required = true, .least = DELAY_LEAST, .most = DELAY_MOST}, SCOPE("destinations"), END,
};
static const struct field_row request_configs[] = {
    {"rejection_causes", VALUE_TEXT | VALUE_ARRAY, .required = true, .names = ALL, .item = &cause_item},
    {"excluded_rejection_causes", VALUE_ARRAY, .item = &cause_item}, SCOPE("sources"), END,
};
static const struct field_row *const configs_of[] = {
    [ISSUE_DELIVERY] = delivery_configs, [ISSUE_TRANSFORMATION] = transformation_configs,
    [ISSUE_BACKPRESSURE] = backpressure_configs, [ISSUE_REQUEST] = request_configs,
};

/* An id of nothing in the project is a mistake, which nobody wants to find out when the issue is missing. */
static bool is_known(struct call *call, enum issue_type type, struct text id)
{
    struct source source;
    struct destination destination;
    struct connection connection;
    struct transformation transformation;
    bool found = type == ISSUE_DELIVERY         ? connection_find(call, id, &connection)
                 : type == ISSUE_TRANSFORMATION ? transformation_find(call, id, &transformation)
                 : type == ISSUE_BACKPRESSURE   ? destination_find(call, id, &destination)
                                                : source_find(call, id, &source);
    return found;
}

static bool check_scope(struct call *call, enum issue_type type, const json_t *configs)
{
    const json_t *ids = json_member(configs, trigger_scope_member(type)), *id;
    size_t i;
    json_array_foreach(ids, i, id)
    {
        if (!is_known(call, type, (struct text){json_string_value(id), json_string_length(id)}))
            return false;
    }
    return true;
}

/* A list that names nothing would be a trigger that never fires. */
static void check_filled(struct call *call, const json_t *configs, const char *member)
{
    const json_t *list = json_member(configs, member);
    if (json_is_array(list) && json_array_size(list) == 0)
        call_problem(call, "configs.%s: must not be empty", member);
}

static bool check_configs(struct call *call, enum issue_type type, const json_t *configs)
{
    validate_object(call, configs, configs_of[type], "configs.");
    check_filled(call, configs, trigger_scope_member(type));
    check_filled(call, configs, "rejection_causes");
    if (json_array_size(json_member(configs, "excluded_rejection_causes")) > 0 &&
        json_is_array(json_member(configs, "rejection_causes")))
        call_problem(call, "configs.excluded_rejection_causes: needs rejection_causes to be \"*\"");
    return call_check(call) && check_scope(call, type, configs);
}

/* ---- changed ------------------------------------------------------------------------------------- */

/* Configs of another type are not kept. */
static void merge_type(json_t *input, struct issue_trigger *trigger)
{
    int64_t type;
    if (!issue_type_parse(json_member_text(input, "type"), &type))
        return;
    if ((enum issue_type)type != trigger->type)
        trigger->configs = issue_trigger_default_configs((enum issue_type)type);
    trigger->type = (enum issue_type)type;
}

/* "disabled_at" of a change: a moment disables, null enables. */
static void merge_disabled(struct call *call, const json_t *disabled_at, struct issue_trigger *trigger)
{
    struct text moment = {json_string_value(disabled_at), json_string_length(disabled_at)};
    if (json_is_null(disabled_at))
        trigger->disabled_at = 0;
    else if (json_is_string(disabled_at) && !clock_parse(moment, &trigger->disabled_at))
        call_problem(call, "disabled_at: must be a date and time, or null");
}

static bool merge_input(struct call *call, json_t *input, struct issue_trigger *trigger)
{
    const json_t *configs = json_member(input, "configs"), *channels = json_member(input, "channels");
    const json_t *name = json_member(input, "name");
    merge_type(input, trigger);
    if (name != NULL)
        trigger->name = json_member_text(input, "name");
    merge_disabled(call, json_member(input, "disabled_at"), trigger);
    if (configs != NULL) {
        if (!check_configs(call, trigger->type, configs))
            return false;
        trigger->configs = config_text(call, configs);
    }
    if (channels != NULL)
        trigger->channels = json_is_null(channels) ? TEXT_NONE : config_text(call, channels);
    trigger->updated_at = call->now;
    return call_check(call);
}

/* Names are optional; those that are given are unique in the project. */
static bool check_name(struct call *call, const struct issue_trigger *trigger)
{
    struct error error = {0};
    struct issue_trigger other;
    if (trigger->name.data == NULL)
        return true;
    if (!store_read_issue_trigger_by_name(call->reader, call->arena, call->project_id, trigger->name, &other, &error))
        return error.code == ERROR_NOT_FOUND || call_fail_error(call, &error);
    return other.id == trigger->id || call_fail(call, 409, trigger_json(&other),
                                                "there is an issue trigger of the name %.*s", TEXT_ARGS(trigger->name));
}

static bool put(struct call *call, const struct issue_trigger *trigger)
{
    struct error error = {0};
    call->changed_id = trigger->id;
    return check_name(call, trigger) &&
           (store_put_issue_trigger(call->transaction, trigger, &error) || call_fail_error(call, &error));
}

static bool change_create(struct call *call)
{
    struct issue_trigger trigger = {.id = id_new(), .project_id = call->project_id, .created_at = call->now};
    return merge_input(call, call->body, &trigger) && put(call, &trigger);
}

static bool change_upsert(struct call *call)
{
    struct error error = {0};
    struct issue_trigger trigger;
    if (store_read_issue_trigger_by_name(call->reader, call->arena, call->project_id,
                                         json_member_text(call->body, "name"), &trigger, &error))
        return merge_input(call, call->body, &trigger) && put(call, &trigger);
    return error.code == ERROR_NOT_FOUND ? change_create(call) : call_fail_error(call, &error);
}

static bool change_update(struct call *call)
{
    struct issue_trigger trigger;
    return trigger_find(call, &trigger) && merge_input(call, call->body, &trigger) && put(call, &trigger);
}

static bool change_disabled(struct call *call, int64_t disabled_at)
{
    struct issue_trigger trigger;
    if (!trigger_find(call, &trigger))
        return false;
    if ((trigger.disabled_at != 0) != (disabled_at != 0)) {
        trigger.disabled_at = disabled_at;
        trigger.updated_at = call->now;
    }
    return put(call, &trigger);
}

static bool change_disable(struct call *call)
{
    return change_disabled(call, call->now);
}

static bool change_enable(struct call *call)
{
    return change_disabled(call, 0);
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct issue_trigger trigger;
    if (!trigger_find(call, &trigger))
        return false;
    trigger.deleted_at = trigger.updated_at = call->now;
    issues_forget(call->issues);
    return (store_delete_issues_of(call->transaction, trigger.id, call->now, &error) &&
            store_put_issue_trigger(call->transaction, &trigger, &error)) ||
           call_fail_error(call, &error);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool trigger_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool trigger_upsert(struct call *call)
{
    return call_write(call, change_upsert) && reply_with(call, call->changed_id);
}

static bool trigger_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool trigger_disable(struct call *call)
{
    return call_write(call, change_disable) && reply_with(call, call->changed_id);
}

static bool trigger_enable(struct call *call)
{
    return call_write(call, change_enable) && reply_with(call, call->changed_id);
}

static bool trigger_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool trigger_get(struct call *call)
{
    struct issue_trigger trigger;
    return trigger_find(call, &trigger) && call_reply(call, trigger_json(&trigger));
}

static bool trigger_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct issue_trigger *triggers = NULL;
    if (list.limit > 0 && !store_list_issue_triggers(call->reader, call->arena, &list, &triggers, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, trigger_json(&triggers[i]));
    return page_reply(call, models, &page);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row named_channel[] = {{"channel_name", VALUE_TEXT, .required = true, .most = TEXT_MOST}, END};
static const struct field_row discord_channel[] = {
    {"channel_name", VALUE_TEXT, .required = true, .most = TEXT_MOST},
    {"channel_id", VALUE_TEXT, .required = true, .most = TEXT_MOST}, {"webhook_url", VALUE_TEXT, .most = URL_MOST}, END,
};
static const struct field_row betteruptime_channel[] = {
    {"escalation_policy_id", VALUE_TEXT, .required = true, .most = TEXT_MOST},
    {"escalation_policy_name", VALUE_TEXT, .required = true, .most = TEXT_MOST}, END,
};
static const struct field_row incidentio_channel[] = {
    {"severity_id", VALUE_TEXT, .most = TEXT_MOST}, {"severity_name", VALUE_TEXT, .most = TEXT_MOST}, END,
};
static const struct field_row channel_fields[] = {
    {.name = "slack", VALUE_OBJECT, .fields = named_channel},
    {.name = "microsoft_teams", VALUE_OBJECT, .fields = named_channel},
    {.name = "discord", VALUE_OBJECT, .fields = discord_channel},
    {.name = "betteruptime", VALUE_OBJECT, .fields = betteruptime_channel},
    {.name = "incidentio", VALUE_OBJECT, .fields = incidentio_channel},
    {.name = "pagerduty", VALUE_OBJECT, .fields = no_fields}, {.name = "opsgenie", VALUE_OBJECT, .fields = no_fields},
    {.name = "email", VALUE_OBJECT, .fields = no_fields}, END,
};

#define CHANNELS(needed) {.name = "channels", VALUE_OBJECT | VALUE_NULL, .required = needed, .fields = channel_fields}
#define TRIGGER_FIELDS                                                                                  \
    {"type", VALUE_TEXT, .required = true, .names = issue_type_names}, {.name = "configs", VALUE_OBJECT}, CHANNELS(true)
static const struct field_row trigger_fields[] = {
    TRIGGER_FIELDS, {"name", VALUE_TEXT | VALUE_NULL, .least = 1, .most = TEXT_MOST}, END,
};
static const struct field_row trigger_upsert_fields[] = {
    TRIGGER_FIELDS, {"name", VALUE_TEXT, .required = true, .least = 1, .most = TEXT_MOST}, END,
};
static const struct field_row trigger_change_fields[] = {
    {.name = "configs", VALUE_OBJECT}, CHANNELS(false), {"disabled_at", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"name", VALUE_TEXT | VALUE_NULL, .least = 1, .most = TEXT_MOST}, END,
};

static const struct field_row trigger_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "team_id", VALUE_TEXT | VALUE_NULL},
    {.name = "name", VALUE_TEXT | VALUE_NULL}, {.name = "type", VALUE_TEXT, .required = true, .names = issue_type_names},
    {.name = "configs", VALUE_OBJECT, .required = true},
    {.name = "channels", VALUE_OBJECT | VALUE_NULL, .fields = channel_fields},
    {.name = "disabled_at", VALUE_TEXT | VALUE_NULL}, {.name = "deleted_at", VALUE_TEXT | VALUE_NULL},
    {.name = "updated_at", VALUE_TEXT, .required = true}, {.name = "created_at", VALUE_TEXT, .required = true}, END,
};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {
    {"IssueTrigger", trigger_shape}, {"DeletedIssueTriggerResponse", deleted_shape}, END,
};

static const struct order_row orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "type", FIELD_TYPE}, END,
};
static const struct parameter_row trigger_parameters[] = {
    {"name", PARAMETER_NAME, FIELD_NAME, .most = TEXT_MOST},
    {"type", PARAMETER_ENUM, FIELD_TYPE, .names = issue_type_names, .parse = issue_type_parse},
    DATE_FILTER("disabled_at", FIELD_DISABLED_AT), PAGING(orders, 100), END,
};

static const struct operation operations[] = {
    {"GET", "/issue-triggers", "getIssueTriggers", "List issue triggers", trigger_list, trigger_parameters, NULL,
     "IssueTriggerPaginatedResult"},
    {"POST", "/issue-triggers", "createIssueTrigger", "Create an issue trigger", trigger_create, NULL, trigger_fields,
     "IssueTrigger"},
    {"PUT", "/issue-triggers", "upsertIssueTrigger", "Create an issue trigger or change the one of that name",
     trigger_upsert, NULL, trigger_upsert_fields, "IssueTrigger"},
    {"GET", "/issue-triggers/{id}", "getIssueTrigger", "Get an issue trigger", trigger_get, NULL, NULL, "IssueTrigger"},
    {"PUT", "/issue-triggers/{id}", "updateIssueTrigger", "Change an issue trigger", trigger_update, NULL,
     trigger_change_fields, "IssueTrigger"},
    {"DELETE", "/issue-triggers/{id}", "deleteIssueTrigger", "Delete an issue trigger and its issues", trigger_delete,
     NULL, NULL, "DeletedIssueTriggerResponse"},
    {"PUT", "/issue-triggers/{id}/disable", "disableIssueTrigger", "Disable an issue trigger", trigger_disable, NULL,
     no_fields, "IssueTrigger"},
    {"PUT", "/issue-triggers/{id}/enable", "enableIssueTrigger", "Enable an issue trigger", trigger_enable, NULL,
     no_fields, "IssueTrigger"},
};
OPERATIONS(issue_trigger_operations, operations, shapes);
