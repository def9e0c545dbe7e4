/* The rules of a connection, as they come by the API. */
#include "api/nouns.h"

#include <stdio.h>

#include "api/validate.h"
#include "base/limits.h"
#include "rules/retry.h"

static const char *const STRATEGY_NAMES[] = {"linear", "exponential", NULL};
enum { WHERE_SIZE = 64, INTERVAL_MOST_MS = 604800000, STATUS_SIZE = 24 };

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

static const struct rule_row {
    const char *type;
    const struct field_row *fields; /* NULL: known, but not run by this version */
} rule_rows[] = {
    {"retry", retry_fields}, {"delay", delay_fields}, {"filter", NULL}, {"transform", NULL},
    {"transformation", NULL}, {"deduplicate", NULL},
};

/* Clients send numbers and texts; texts are kept, in the order given. */
static void check_status_codes(struct call *call, json_t *codes, const char *where)
{
    size_t i;
    json_t *code;
    if (!json_is_array(codes))
        return;
    if (json_array_size(codes) < 1 || json_array_size(codes) > RETRY_EXPRESSIONS)
        call_problem(call, "%sresponse_status_codes: must have 1 to %d items", where, RETRY_EXPRESSIONS);
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
            call_problem(call, "%sresponse_status_codes[%zu]: must be a string, not %s", where, i,
                         json_type_name(code));
        else if (!status_range_parse(expression, &range, &error))
            call_problem(call, "%sresponse_status_codes[%zu]: %s", where, i, error.message);
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

void rules_check(struct call *call, json_t *rules)
{
    size_t i;
    json_t *rule;
    if (json_array_size(rules) > (size_t)limits.rules)
        call_problem(call, "rules: must have at most %lld items", (long long)limits.rules);
    json_array_foreach(rules, i, rule)
    {
        char where[WHERE_SIZE];
        struct text type = json_member_text(rule, "type");
        const struct rule_row *row = find_rule(type);
        snprintf(where, sizeof where, "rules[%zu].", i);
        if (type.data == NULL)
            call_problem(call, "%stype: is required and must be a string", where);
        else if (row == NULL)
            call_problem(call, "%stype: \"%.*s\" is no type of rule", where, TEXT_ARGS(text_slice(type, 0, 60)));
        else if (row->fields == NULL)
            call_problem(call, "%stype: rules of type %s are not run by this version", where, row->type);
        else {
            validate_object(call, rule, row->fields, where);
            check_status_codes(call, json_member(rule, "response_status_codes"), where);
        }
    }
}
