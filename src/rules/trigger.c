#include "rules/trigger.h"

#include "base/id.h"
#include "base/json.h"
#include "model/execution.h"
#include "model/model.h"

enum { RANK_IDS = 1000000, RANK_NAME = 500000, RANK_DETAILS = 10, ALL_CAUSES = ~1 };

static const struct {
    const char *member;
    enum id_kind kind;
} SCOPES[] = {
    [ISSUE_DELIVERY] = {"connections", ID_CONNECTION},
    [ISSUE_TRANSFORMATION] = {"transformations", ID_TRANSFORMATION},
    [ISSUE_BACKPRESSURE] = {"destinations", ID_DESTINATION},
    [ISSUE_REQUEST] = {"sources", ID_SOURCE},
};

const char *trigger_scope_member(enum issue_type type)
{
    return SCOPES[type].member;
}

/* ---- read ---- */

static void read_scope(struct arena *arena, const json_t *configs, struct trigger_rule *rule)
{
    const json_t *scope = json_member(configs, SCOPES[rule->type].member), *item;
    size_t i;
    if (json_is_string(scope)) {
        rule->pattern = arena_copy_text(arena, (struct text){json_string_value(scope), json_string_length(scope)});
        return;
    }
    int64_t *ids = ARENA_ARRAY(arena, int64_t, json_array_size(scope));
    json_array_foreach(scope, i, item)
    {
        struct text text = {json_string_value(item), json_string_length(item)};
        if (id_parse(SCOPES[rule->type].kind, text, &ids[rule->id_count]))
            rule->id_count++;
    }
    rule->ids = ids;
}

static unsigned cause_bits(const json_t *names)
{
    unsigned bits = 0;
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        int64_t cause;
        if (rejection_cause_parse((struct text){json_string_value(name), json_string_length(name)}, &cause))
            bits |= 1u << cause;
    }
    return bits;
}

static void read_causes(const json_t *configs, struct trigger_rule *rule)
{
    const json_t *causes = json_member(configs, "rejection_causes");
    const json_t *excluded = json_member(configs, "excluded_rejection_causes");
    bool listed = json_is_array(causes);
    rule->causes = listed ? cause_bits(causes) : (unsigned)ALL_CAUSES & ~cause_bits(excluded);
    rule->cause_rank = listed ? 2 : json_array_size(excluded) > 0;
}

bool trigger_rule_read(struct arena *arena, const struct issue_trigger *trigger, struct trigger_rule *rule,
                       struct error *error)
{
    json_t *configs = json_parse(trigger->configs, error);
    if (configs == NULL)
        return false;
    *rule = (struct trigger_rule){.id = trigger->id, .type = trigger->type};
    read_scope(arena, configs, rule);
    rule->first_attempt = text_equal(json_member_text(configs, "strategy"), TEXT("first_attempt"));
    rule->delay_ms = json_member_integer(configs, "delay", 0);
    if (rule->type == ISSUE_REQUEST)
        read_causes(configs, rule);
    bool good = rule->type != ISSUE_TRANSFORMATION ||
                execution_log_level_parse(json_member_text(configs, "log_level"), &rule->log_level);
    json_decref(configs);
    return good || error_set(error, ERROR_INVALID, "the configs have no log_level");
}

/* ---- match ---- */

/* Goes back to the last "*" only, so that it takes at most the product of the sizes. */
bool trigger_pattern_fits(struct text pattern, struct text name)
{
    size_t p = 0, n = 0, star = pattern.size, resume = 0;
    while (n < name.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size && pattern.data[p] == name.data[n]) {
            p++;
            n++;
        } else if (star < pattern.size) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

/* How specific the rule is for that subject; -1: it does not fit. */
static int64_t rank_of_scope(const struct trigger_rule *rule, int64_t id, struct text name)
{
    if (rule->pattern.data == NULL) {
        for (size_t i = 0; i < rule->id_count; i++) {
            if (rule->ids[i] == id)
                return RANK_IDS;
        }
        return -1;
    }
    if (!trigger_pattern_fits(rule->pattern, name))
        return -1;
    int64_t letters = 0;
    for (size_t i = 0; i < rule->pattern.size; i++)
        letters += rule->pattern.data[i] != '*';
    return (letters == (int64_t)rule->pattern.size ? RANK_NAME : 0) + letters * RANK_DETAILS;
}

static int64_t rank(const struct trigger_rule *rule, int64_t id, struct text name, int64_t detail)
{
    bool fits = (rule->type != ISSUE_TRANSFORMATION || detail >= rule->log_level) &&
                (rule->type != ISSUE_REQUEST || (rule->causes & 1u << detail) != 0);
    int64_t scope = fits ? rank_of_scope(rule, id, name) : -1;
    return scope < 0 ? -1 : scope + rule->log_level + rule->cause_rank;
}

const struct trigger_rule *trigger_choose(const struct trigger_rule *rules, size_t count, enum issue_type type,
                                          int64_t id, struct text name, int64_t detail)
{
    const struct trigger_rule *best = NULL;
    int64_t best_rank = -1;
    for (size_t i = 0; i < count; i++) {
        int64_t this_rank = rules[i].type == type ? rank(&rules[i], id, name, detail) : -1;
        if (this_rank < 0 || this_rank < best_rank || (this_rank == best_rank && rules[i].id < best->id))
            continue;
        best = &rules[i];
        best_rank = this_rank;
    }
    return best;
}
