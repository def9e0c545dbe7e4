/* The rules of a connection, as they come by the API. */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include <stdio.h>

#include "api/validate.h"
#include "base/limits.h"
#include "rules/deduplicate.h"
#include "rules/retry.h"
#include "rules/steps.h"
#include "store/transformation.h"

static const char *const STRATEGY_NAMES[] = {"linear", "exponential", NULL};
enum { WHERE_SIZE = 64, INTERVAL_MOST_MS = 604800000, STATUS_SIZE = 24 };

/* ---- what each type of rule has ------------------------------------------------------------------- */

static const struct field_row retry_fields[] = {
    {.name = "type", VALUE_TEXT},
    {"strategy", VALUE_TEXT, .required = true, .names = STRATEGY_NAMES},
    {"interval", VALUE_INTEGER | VALUE_NULL, .most = INTERVAL_MOST_MS},
    {"count", VALUE_INTEGER | VALUE_NULL, .most = 50},
    {.name = "response_status_codes", VALUE_ARRAY | VALUE_NULL},
    {0},
};
static const struct field_row delay_fields[] = {
    {.name = "type", VALUE_TEXT},
    {"delay", VALUE_INTEGER, .required = true, .most = INTERVAL_MOST_MS},
    {0},
};

static const struct field_row filter_fields[] = {
    {.name = "type", VALUE_TEXT}, {.name = "headers", VALUE_ANY}, {.name = "body", VALUE_ANY},
    {.name = "query", VALUE_ANY}, {.name = "path", VALUE_ANY}, {0},
};
static const struct field_row deduplicate_fields[] = {
    {.name = "type", VALUE_TEXT},
    {"window", VALUE_INTEGER, .required = true, .least = DEDUPLICATE_LEAST_MS, .most = DEDUPLICATE_MOST_MS},
    {.name = "include_fields", VALUE_ARRAY},
    {.name = "exclude_fields", VALUE_ARRAY},
    {0},
};
static const struct field_row inline_fields[] = {
    {"name", VALUE_TEXT, .required = true, .is_name = true, .most = NAME_MOST},
    {"code", VALUE_TEXT, .most = CODE_MOST},
    {.name = "env", VALUE_OBJECT | VALUE_NULL},
    {0},
};
static const struct field_row transform_fields[] = {
    {.name = "type", VALUE_TEXT},
    {"transformation_id", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"transformation", VALUE_OBJECT | VALUE_NULL, .fields = inline_fields},
    {0},
};

static void check_status_codes(struct call *call, json_t *rule, const char *where);
static void check_step(struct call *call, json_t *rule, const char *where);
static void check_transform(struct call *call, json_t *rule, const char *where);

static const struct rule_row {
    const char *type;
    const struct field_row *fields;
    void (*check)(struct call *call, json_t *rule, const char *where); /* what is left when the fields are good */
} rule_rows[] = {
    {"retry", retry_fields, check_status_codes}, {"delay", delay_fields, NULL}, {"filter", filter_fields, check_step},
    {"deduplicate", deduplicate_fields, check_step}, {"transform", transform_fields, check_transform},
    {"transformation", transform_fields, check_transform}, /* as older clients say */
};

/* ---- checked ----------------------------------------------------------------------------------- */

/* Clients send numbers and texts; texts are kept, in the order given. */
static void check_status_codes(struct call *call, json_t *rule, const char *where)
{
    size_t i;
    json_t *code, *codes = json_member(rule, "response_status_codes");
    if (!json_is_array(codes))
        return;
    if (json_array_size(codes) < 1 || json_array_size(codes) > RETRY_EXPRESSIONS)
        call_problem(call, "%s.response_status_codes: must have 1 to %d items", where, RETRY_EXPRESSIONS);
    json_array_foreach(codes, i, code)
    {
        struct status_range range;
        struct error error = {0};
        if (json_is_integer(code)) {
            char text[STATUS_SIZE];
            snprintf(text, sizeof text, "%lld", (long long)json_integer_value(code));
            json_array_set_new(codes, i, json_string(text));
            code = json_array_get(codes, i);
        }
        struct text expression = {json_string_value(code), json_string_length(code)};
        if (!json_is_string(code))
            call_problem(call, "%s.response_status_codes[%zu]: must be a string, not %s", where, i,
                         json_type_name(code));
        else if (!status_range_parse(expression, &range, &error))
            call_problem(call, "%s.response_status_codes[%zu]: %s", where, i, error.message);
    }
}

static const struct rule_row *find_rule(struct text type)
{
    for (size_t i = 0; i < sizeof rule_rows / sizeof rule_rows[0]; i++) {
        if (text_equal(type, text_of(rule_rows[i].type)))
            return &rule_rows[i];
    }
    return NULL;
}

static void check_step(struct call *call, json_t *rule, const char *where)
{
    struct error error = {0};
    if (!step_check(rule, where, &error))
        call_problem(call, "%s", error.message);
}

static void check_transform(struct call *call, json_t *rule, const char *where)
{
    bool by_id = json_is_string(json_member(rule, "transformation_id"));
    json_t *input = json_member(rule, "transformation");
    char inside[WHERE_SIZE + 24];
    snprintf(inside, sizeof inside, "%s.transformation.", where);
    transformation_check_env(call, json_member(input, "env"), inside);
    if (by_id == json_is_object(input))
        call_problem(call, "%s.transformation_id: %s", where,
                     by_id ? "cannot be given together with transformation" : "or transformation is required");
    json_object_set_new(rule, "type", json_string("transform"));
}

static void check_rule(struct call *call, json_t *rule, const char *where)
{
    struct text type = json_member_text(rule, "type");
    const struct rule_row *row = find_rule(type);
    size_t before = call->problem_count;
    char inside[WHERE_SIZE + 24];
    snprintf(inside, sizeof inside, "%s.", where);
    if (type.data == NULL) {
        call_problem(call, "%s.type: is required and must be a string", where);
    } else if (row == NULL) {
        call_problem(call, "%s.type: \"%.*s\" is no type of rule", where, TEXT_ARGS(text_slice(type, 0, 60)));
    } else {
        validate_object(call, rule, row->fields, inside);
        if (row->check != NULL && call->problem_count == before)
            row->check(call, rule, where);
    }
}

void rules_check(struct call *call, json_t *rules)
{
    size_t i;
    json_t *rule;
    char where[WHERE_SIZE];
    if (json_array_size(rules) > (size_t)limits.rules)
        call_problem(call, "rules: must have at most %lld items", (long long)limits.rules);
    json_array_foreach(rules, i, rule)
    {
        snprintf(where, sizeof where, "rules[%zu]", i);
        check_rule(call, rule, where);
    }
}

/* ---- transformations ----------------------------------------------------------------------------------- */

/* The live one of that id. Not found: its id is 0. */
static bool find_by_id(struct call *call, struct text id, struct transformation *transformation)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_TRANSFORMATION, id, &key))
        return true;
    if (!store_read_transformation(call->reader, call->arena, call->project_id, key, transformation, &error))
        return error.code == ERROR_NOT_FOUND || call_fail_error(call, &error);
    if (transformation->deleted_at != 0)
        transformation->id = 0;
    return true;
}

/* A name without code is that of a transformation that is there; hookdeck-cli gives its id there, too. */
static bool find_by_name(struct call *call, json_t *input, struct transformation *transformation)
{
    struct error error = {0};
    struct text name = json_member_text(input, "name");
    if (!find_by_id(call, name, transformation))
        return false;
    if (transformation->id != 0)
        return json_object_set_new(input, "name", json_text(transformation->name)) == 0;
    return store_read_transformation_by_name(call->reader, call->arena, call->project_id, name, transformation,
                                             &error) ||
           error.code == ERROR_NOT_FOUND || call_fail_error(call, &error);
}

/* A rule is stored with the id of its transformation only. */
static bool take_transformation(struct call *call, json_t *rule, const char *where)
{
    json_t *input = json_member(rule, "transformation");
    struct transformation transformation = {0};
    struct text id = json_member_text(rule, "transformation_id");
    if (id.data != NULL) {
        if (!find_by_id(call, id, &transformation))
            return false;
        if (transformation.id == 0)
            call_problem(call, "%s.transformation_id: there is no transformation %.*s", where, TEXT_ARGS(id));
    } else if (json_member(input, "code") == NULL) {
        if (!find_by_name(call, input, &transformation))
            return false;
        if (transformation.id == 0)
            call_problem(call, "%s.transformation.code: is required, there is no transformation %.*s", where,
                         TEXT_ARGS(json_member_text(input, "name")));
    }
    if (!call_check(call) || (json_is_object(input) && !transformation_apply(call, input, &transformation)))
        return false;
    json_object_del(rule, "transformation");
    return json_object_set_new(rule, "transformation_id", call_id(ID_TRANSFORMATION, transformation.id)) == 0 ||
           call_fail(call, 500, NULL, "there is no memory for the rule");
}

bool rules_take(struct call *call, json_t *rules)
{
    size_t i;
    json_t *rule;
    char where[WHERE_SIZE];
    rules_check(call, rules);
    if (!call_check(call))
        return false;
    json_array_foreach(rules, i, rule)
    {
        snprintf(where, sizeof where, "rules[%zu]", i);
        if (text_equal(json_member_text(rule, "type"), TEXT("transform")) && !take_transformation(call, rule, where))
            return false;
    }
    return true;
}
