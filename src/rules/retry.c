#include "rules/retry.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

enum { LEAST_STATUS = 200, MOST_STATUS = 599 };

static bool take_status(struct text text, int *status)
{
    int64_t number;
    if (text.size != 3 || !text_to_integer(text, &number) || number < LEAST_STATUS || number > MOST_STATUS)
        return false;
    *status = (int)number;
    return true;
}

/* Comparison forms and what they leave of the whole range. */
static bool parse_comparison(struct text expression, struct status_range *range)
{
    static const struct {
        const char *sign;
        bool from; /* the number bounds the range from below */
        int shift; /* the bound itself is in or out */
    } forms[] = {{">=", true, 0}, {"<=", false, 0}, {">", true, 1}, {"<", false, -1}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct text sign = text_of(forms[i].sign);
        int status;
        if (!text_starts_with(expression, sign))
            continue;
        if (!take_status(text_slice(expression, sign.size, expression.size), &status))
            return false;
        *range = forms[i].from ? (struct status_range){status + forms[i].shift, MOST_STATUS, false}
                               : (struct status_range){LEAST_STATUS, status + forms[i].shift, false};
        return true;
    }
    return false;
}

bool status_range_parse(struct text expression, struct status_range *range, struct error *error)
{
    int first, last;
    ptrdiff_t dash = text_find_byte(expression, '-');
    if (parse_comparison(expression, range))
        return true;
    if (text_starts_with(expression, TEXT("!")) &&
        take_status(text_slice(expression, 1, expression.size), &first)) {
        *range = (struct status_range){first, first, true};
        return true;
    }
    if (take_status(expression, &first)) {
        *range = (struct status_range){first, first, false};
        return true;
    }
    if (dash == 3 && take_status(text_slice(expression, 0, 3), &first) &&
        take_status(text_slice(expression, 4, expression.size), &last)) {
        if (first > last)
            return error_set(error, ERROR_INVALID, "\"%.*s\" begins above its end", TEXT_ARGS(expression));
        *range = (struct status_range){first, last, false};
        return true;
    }
    return error_set(error, ERROR_INVALID,
                     "\"%.*s\" is no status expression: write 500, 500-599, >400, >=500, <500, <=499 or !501, "
                     "with statuses from 200 to 599",
                     (int)(expression.size < 100 ? expression.size : 100), expression.data);
}

/* Borrowed: the first rule of that type in the parsed list. */
static const json_t *find_rule(const json_t *rules, const char *type)
{
    size_t i;
    const json_t *rule;
    json_array_foreach(rules, i, rule) {
        if (text_equal(json_member_text(rule, "type"), text_of(type)))
            return rule;
    }
    return NULL;
}

static bool read_statuses(const json_t *list, struct retry_rule *rule, struct error *error)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) {
        char number[16] = "";
        if (json_is_integer(item))
            snprintf(number, sizeof number, "%d", (int)json_integer_value(item));
        struct text expression =
            json_is_string(item) ? text_of(json_string_value(item)) : text_of(number);
        if (rule->range_count == RETRY_EXPRESSIONS)
            return error_set(error, ERROR_INVALID, "a retry rule takes at most %d status expressions",
                             (int)RETRY_EXPRESSIONS);
        if (!status_range_parse(expression, &rule->ranges[rule->range_count], error))
            return false;
        rule->range_count++;
    }
    return true;
}

bool retry_rule_read(struct text rules, struct retry_rule *rule, struct error *error)
{
    *rule = (struct retry_rule){.strategy = RETRY_NONE};
    json_t *list = json_parse(rules.size ? rules : TEXT("[]"), error);
    if (list == NULL)
        return false;
    const json_t *found = find_rule(list, "retry");
    bool good = true;
    if (found != NULL) {
        bool exponential = text_equal(json_member_text(found, "strategy"), TEXT("exponential"));
        rule->strategy = exponential ? RETRY_EXPONENTIAL : RETRY_LINEAR;
        rule->interval_ms = json_member_integer(found, "interval", RETRY_DEFAULT_INTERVAL_MS);
        rule->count = json_member_integer(found, "count", RETRY_DEFAULT_COUNT);
        good = read_statuses(json_member(found, "response_status_codes"), rule, error);
    }
    json_decref(list);
    return good;
}

int64_t delay_rule_read(struct text rules)
{
    json_t *list = json_parse(rules.size ? rules : TEXT("[]"), NULL);
    int64_t delay = json_member_integer(find_rule(list, "delay"), "delay", 0);
    json_decref(list);
    return delay > 0 ? delay : 0;
}

static bool status_is_retried(const struct retry_rule *rule, int status)
{
    if (status == 0 || rule->range_count == 0)
        return true;
    bool positive_exists = false, positive_matches = false;
    for (int i = 0; i < rule->range_count; i++) {
        bool matches = status >= rule->ranges[i].first && status <= rule->ranges[i].last;
        if (rule->ranges[i].excluded && matches)
            return false;
        positive_exists |= !rule->ranges[i].excluded;
        positive_matches |= !rule->ranges[i].excluded && matches;
    }
    return positive_matches || !positive_exists;
}

int64_t retry_after_read(struct text value, int64_t now)
{
    int64_t seconds, moment;
    value = text_trim(value);
    if (text_to_integer(value, &seconds) && seconds >= 0)
        return seconds > limits.retry_span_ms / 1000 ? INT64_MAX : now + seconds * 1000;
    return clock_parse_http_date(value, &moment) ? moment : 0;
}

/* From 0 to 999, the same whenever it is asked for. */
static int64_t part_of(const struct failed_attempt *failed)
{
    uint64_t mixed = (uint64_t)failed->event_id + (uint64_t)failed->automatic_retries * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (int64_t)((mixed ^ mixed >> 31) % 1000);
}

static int64_t wait_of(const struct retry_rule *rule, const struct failed_attempt *failed)
{
    int64_t wait = rule->interval_ms;
    for (int64_t i = 0; rule->strategy == RETRY_EXPONENTIAL && i < failed->automatic_retries; i++) {
        if (wait > limits.retry_span_ms)
            break;
        wait *= 2;
    }
    return wait + wait * limits.retry_jitter_percent / 100 * part_of(failed) / 1000;
}

int64_t retry_next_at(const struct retry_rule *rule, const struct failed_attempt *failed)
{
    bool stop = text_equal(text_trim(failed->retry_after), TEXT("-1"));
    int64_t asked = retry_after_read(failed->retry_after, failed->now), next;
    int64_t most = rule->strategy == RETRY_NONE ? limits.automatic_retries : rule->count;
    if (most > limits.automatic_retries)
        most = limits.automatic_retries;
    if (stop || failed->automatic_retries >= most)
        return 0;
    if (asked != 0)
        next = asked;
    else if (rule->strategy != RETRY_NONE && status_is_retried(rule, failed->status))
        next = failed->started_at + wait_of(rule, failed);
    else
        return 0;
    if (next > failed->event_created_at + limits.retry_span_ms)
        return 0;
    return next < failed->now ? failed->now : next;
}
