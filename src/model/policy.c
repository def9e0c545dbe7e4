#include "model/policy.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"

static const char *const PERIOD_NAMES[] = {"second", "minute", "hour", "concurrent"};
static const int64_t PERIOD_SPANS_MS[] = {1000, 60000, 3600000, 0};

int64_t rate_period_ms(enum rate_period period)
{
    return PERIOD_SPANS_MS[period];
}

static enum rate_period period_of(struct text name)
{
    for (size_t i = 0; i < sizeof PERIOD_NAMES / sizeof PERIOD_NAMES[0]; i++) {
        if (text_equal(name, text_of(PERIOD_NAMES[i])))
            return (enum rate_period)i;
    }
    return PERIOD_SECOND;
}

/* Eight bytes of a good hash: nobody can think of a group that falls together with another's. */
int64_t lane_of_group(struct text group)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    uint64_t lane = 0;
    SHA256((const unsigned char *)group.data, group.size, digest);
    for (size_t i = 0; i < sizeof lane; i++)
        lane = lane << 8 | digest[i];
    lane &= INT64_MAX;
    return lane != 0 ? (int64_t)lane : 1;
}

static struct rate read_rate(const json_t *object, const char *rate, const char *period)
{
    return (struct rate){json_integer_value(json_member(object, rate)), period_of(json_member_text(object, period))};
}

static int by_lane(const void *left, const void *right)
{
    const struct group_override *a = left, *b = right;
    return (a->lane > b->lane) - (a->lane < b->lane);
}

static void read_groups(struct arena *arena, const json_t *groups, struct delivery_policy *policy)
{
    const char *name;
    json_t *override, *overrides = json_object_get(groups, "overrides");
    policy->group_key = arena_copy_text(arena, json_member_text(groups, "key"));
    policy->group_rate = read_rate(groups, "rate", "rate_period");
    policy->overrides = ARENA_ARRAY(arena, struct group_override, json_object_size(overrides) + 1);
    json_object_foreach(overrides, name, override)
    {
        policy->overrides[policy->override_count++] =
            (struct group_override){lane_of_group(text_of(name)), read_rate(override, "rate", "rate_period")};
    }
    qsort(policy->overrides, policy->override_count, sizeof *policy->overrides, by_lane);
}

static struct breaker_rule read_breaker(const json_t *config)
{
    const json_t *given = json_member(config, "circuit_breaker");
    if (!json_is_object(given))
        return (struct breaker_rule){limits.breaker_failures, limits.breaker_lasting_ms, true};
    return (struct breaker_rule){json_integer_value(json_member(given, "failures")),
                                 json_integer_value(json_member(given, "lasting_ms")), false};
}

void delivery_policy_read(struct arena *arena, const json_t *config, struct delivery_policy *policy)
{
    const json_t *given = json_member(config, "delivery_policy");
    struct text order = json_member_text(json_member(config, "delivery_order"), "by");
    *policy = (struct delivery_policy){.rate = read_rate(given, "rate", "period")};
    if (json_is_object(json_member(given, "groups")))
        read_groups(arena, json_member(given, "groups"), policy);
    policy->order = text_equal(order, TEXT("connection")) ? ORDER_BY_CONNECTION
                    : text_equal(order, TEXT("group"))    ? ORDER_BY_GROUP
                                                          : ORDER_NONE;
    policy->breaker = read_breaker(config);
}

struct rate delivery_policy_group_rate(const struct delivery_policy *policy, int64_t lane)
{
    struct group_override wanted = {.lane = lane};
    const struct group_override *found =
        policy->override_count == 0
            ? NULL
            : bsearch(&wanted, policy->overrides, policy->override_count, sizeof wanted, by_lane);
    return found != NULL ? found->rate : policy->group_rate;
}
