/*
 * The pace of destinations, as it comes by the API and as it is shown: the versions of the API have three forms for it.
 * Stored is delivery_policy; rate_limit with rate_limit_period, and delivery_groups, are other words for parts of it.
 */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include <stdio.h>
#include <string.h>

#include "api/validate.h"
#include "base/limits.h"

enum { WHERE_SIZE = 192 };

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *member_or(const json_t *object, const char *name, json_t *otherwise)
{
    json_t *member = json_member(object, name);
    if (member == NULL)
        return otherwise;
    json_decref(otherwise);
    return json_incref(member);
}

static json_t *rename_rates(const json_t *rates, const char *const from[2], const char *const to[2])
{
    json_t *renamed = json_object();
    for (int i = 0; i < 2; i++) {
        if (json_member(rates, from[i]) != NULL)
            json_object_set(renamed, to[i], json_member(rates, from[i]));
    }
    return renamed;
}

static const char *const POLICY_WORDS[2] = {"rate", "rate_period"}, *const GROUP_WORDS[2] = {"rate_limit", "rate_limit_period"};

/* Groups in the words of the other form. */
static json_t *translate_groups(const json_t *groups, const char *const from[2], const char *const to[2])
{
    if (!json_is_object(groups))
        return json_null();
    const char *name;
    json_t *override, *translated = rename_rates(groups, from, to), *overrides = json_member(groups, "overrides");
    json_object_set_new(translated, "key", member_or(groups, "key", json_null()));
    if (json_is_object(overrides)) {
        json_t *all = json_object();
        json_object_foreach(overrides, name, override)
            json_object_set_new(all, name, rename_rates(override, from, to));
        json_object_set_new(translated, "overrides", all);
    }
    return translated;
}

static json_t *shown_policy(const json_t *policy)
{
    if (!json_is_object(policy))
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "rate", member_or(policy, "rate", json_null()), "period",
                     member_or(policy, "period", json_null()), "groups", member_or(policy, "groups", json_null()));
}

void pace_show(json_t *object, json_t *config)
{
    json_t *policy = json_incref(json_object_get(config, "delivery_policy"));
    json_t *rate = member_or(policy, "rate", json_null());
    json_object_set(object, "rate_limit", rate);
    json_object_set(config, "rate_limit", rate);
    json_object_set_new(object, "rate_limit_period", member_or(policy, "period", json_null()));
    json_object_set_new(config, "rate_limit_period", member_or(policy, "period", json_string("second")));
    json_object_set_new(config, "delivery_policy", shown_policy(policy));
    if (json_member(policy, "groups") != NULL)
        json_object_set_new(config, "delivery_groups",
                            translate_groups(json_member(policy, "groups"), POLICY_WORDS, GROUP_WORDS));
    json_decref(rate);
    json_decref(policy);
}

static const char *const OUTAGE_STATES[] = {"open", "probing", "recovering", "slowed", NULL};
const struct field_row outage_shape[] = {
    ONE_OF("state", OUTAGE_STATES), MOMENT("since"), ALWAYS("failures", VALUE_INTEGER), MOMENT_OR_NULL("next_attempt_at"),
    END,
};

json_t *outage_json(struct call *call, int64_t destination_id)
{
    struct delivery_outage outage = {.state = OUTAGE_NONE};
    if (call->deliver != NULL) /* what transformations are told is made without it */
        outage = deliver_outage(call->deliver, destination_id);
    if (outage.state == OUTAGE_NONE)
        return json_null();
    return json_pack("{s:s, s:o, s:I, s:o}", "state", OUTAGE_STATES[outage.state - OUTAGE_OPEN], "since",
                     json_moment(outage.since), "failures", (json_int_t)outage.failures, "next_attempt_at",
                     json_moment(outage.next_at));
}

/* ---- changed ------------------------------------------------------------------------------------- */

static void clean(json_t *object)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, name, value)
    {
        if (json_is_null(value))
            json_object_del(object, name);
    }
}

/* A rate without a period is by the second; a period without a rate is none. */
static void complete(json_t *object, const char *rate, const char *period)
{
    if (json_member(object, rate) == NULL)
        json_object_del(object, period);
    else if (json_member(object, period) == NULL)
        json_object_set_new(object, period, json_string("second"));
}

/* Is it given, and something else than a client has been shown, who may send back what was shown beside its change? */
static bool is_news(const json_t *change, const char *name, const json_t *shown)
{
    const json_t *given = json_object_get(change, name);
    return given != NULL && !json_equal(given, json_object_get(shown, name));
}

void pace_merge(json_t *config, json_t *change)
{
    json_t *shown = json_deep_copy(config), *top = json_object();
    pace_show(top, shown);
    json_t *stored = json_object_get(config, "delivery_policy");
    json_t *policy = json_is_object(stored) ? json_deep_copy(stored) : json_object();
    if (is_news(change, "rate_limit", shown))
        json_object_set(policy, "rate", json_object_get(change, "rate_limit"));
    if (is_news(change, "rate_limit_period", shown))
        json_object_set(policy, "period", json_object_get(change, "rate_limit_period"));
    if (is_news(change, "delivery_groups", shown))
        json_object_set_new(policy, "groups",
                            translate_groups(json_object_get(change, "delivery_groups"), GROUP_WORDS, POLICY_WORDS));
    if (is_news(change, "delivery_policy", shown)) {
        const json_t *given = json_object_get(change, "delivery_policy");
        json_decref(policy);
        policy = json_is_object(given) ? json_deep_copy(given) : json_object();
    }
    clean(policy);
    complete(policy, "rate", "period");
    json_t *groups = json_object_get(policy, "groups");
    if (json_is_object(groups)) {
        clean(groups);
        complete(groups, "rate", "rate_period");
    }
    json_object_del(config, "delivery_policy");
    if (json_object_size(policy) > 0)
        json_object_set(config, "delivery_policy", policy);
    static const char *const words[] = {"rate_limit", "rate_limit_period", "delivery_groups", "delivery_policy"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        json_object_del(change, words[i]);
    json_decref(policy);
    json_decref(shown);
    json_decref(top);
}

/* ---- checked ------------------------------------------------------------------------------------- */

static const char *const PERIODS[] = {"second", "minute", "hour", "concurrent", NULL};
static const char *const GROUP_PERIODS[] = {"second", "minute", "hour", NULL};
static const char *const ORDERS[] = {"connection", "group", NULL};

static const struct field_row override_fields[] = {
    {"rate", VALUE_INTEGER, .required = true, .least = 1, .most = GROUP_RATE_MOST},
    {"rate_period", VALUE_TEXT, .required = true, .names = GROUP_PERIODS}, END,
};
static const struct field_row groups_override_fields[] = {
    {"rate_limit", VALUE_INTEGER, .required = true, .least = 1, .most = GROUP_RATE_MOST},
    {"rate_limit_period", VALUE_TEXT, .required = true, .names = GROUP_PERIODS}, END,
};
static const struct field_row policy_groups_fields[] = {
    {"key", VALUE_TEXT, .required = true, .least = 1, .most = GROUP_KEY_MOST},
    {"rate", VALUE_INTEGER | VALUE_NULL, .least = 1, .most = GROUP_RATE_MOST},
    {"rate_period", VALUE_TEXT | VALUE_NULL, .names = GROUP_PERIODS},
    {.name = "overrides", VALUE_OBJECT | VALUE_NULL}, END,
};
const struct field_row delivery_policy_fields[] = {
    {"rate", VALUE_INTEGER | VALUE_NULL, .least = 1, .most = RATE_MOST},
    {"period", VALUE_TEXT | VALUE_NULL, .names = PERIODS},
    {"groups", VALUE_OBJECT | VALUE_NULL, .fields = policy_groups_fields}, END,
};
const struct field_row delivery_groups_fields[] = {
    {"key", VALUE_TEXT, .required = true, .least = 1, .most = GROUP_KEY_MOST},
    {"rate_limit", VALUE_INTEGER | VALUE_NULL, .least = 1, .most = GROUP_RATE_MOST},
    {"rate_limit_period", VALUE_TEXT | VALUE_NULL, .names = GROUP_PERIODS},
    {.name = "overrides", VALUE_OBJECT | VALUE_NULL}, END,
};
enum { FAILURES_MOST = 1000000, LASTING_MOST_MS = 86400000 };
const struct field_row circuit_breaker_fields[] = {
    {"failures", VALUE_INTEGER, .required = true, .least = 0, .most = FAILURES_MOST},
    {"lasting_ms", VALUE_INTEGER | VALUE_NULL, .least = 0, .most = LASTING_MOST_MS}, END,
};
const struct field_row delivery_order_fields[] = {{"by", VALUE_TEXT, .required = true, .names = ORDERS}, END};

/* headers, body, query or path, and names of letters, digits, "_" and "-" behind dots. */
static bool is_key(struct text key)
{
    static const char *const parts[] = {"headers", "body", "query", "path"};
    bool known = false;
    struct text name;
    text_split(&key, '.', &name);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        known |= text_equal(name, text_of(parts[i]));
    while (known && text_split(&key, '.', &name)) {
        known = name.size > 0;
        for (size_t i = 0; i < name.size; i++) {
            char c = name.data[i];
            known &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }
    }
    return known;
}

/* `groups` has the right types: its table was checked before. */
static void check_groups(struct call *call, const json_t *groups, const char *where, const struct field_row *fields)
{
    const char *name;
    json_t *override, *overrides = json_member(groups, "overrides");
    if (!json_is_object(groups))
        return;
    if (!is_key(json_member_text(groups, "key")))
        call_problem(call, "%s.key: must be headers, body, query or path, and names behind dots", where);
    if (json_object_size(overrides) > (size_t)limits.delivery_overrides) {
        call_problem(call, "%s.overrides: must have at most %lld groups", where, (long long)limits.delivery_overrides);
        return;
    }
    json_object_foreach(overrides, name, override)
    {
        char place[WHERE_SIZE];
        snprintf(place, sizeof place, "%s.overrides.%.100s", where, name);
        if (!json_is_object(override)) {
            call_problem(call, "%s: must be an object", place);
            continue;
        }
        strncat(place, ".", sizeof place - strlen(place) - 1);
        validate_object(call, override, fields, place);
    }
}

void pace_check_input(struct call *call, const json_t *change)
{
    check_groups(call, json_member(json_member(change, "delivery_policy"), "groups"), "config.delivery_policy.groups",
                 override_fields);
    check_groups(call, json_member(change, "delivery_groups"), "config.delivery_groups", groups_override_fields);
}

void pace_check(struct call *call, const json_t *config)
{
    struct text by = json_member_text(json_member(config, "delivery_order"), "by");
    bool groups = json_is_object(json_member(json_member(config, "delivery_policy"), "groups"));
    if (text_equal(by, TEXT("group")) && !groups)
        call_problem(call, "config.delivery_order.by: \"group\" needs config.delivery_policy.groups");
    if (text_equal(by, TEXT("connection")) && groups)
        call_problem(call, "config.delivery_order.by: \"connection\" cannot go together with config.delivery_policy.groups");
}
