/* The settings of the egress policy, and its lists. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/egress.h"

/* ---- lists ---- */

static void free_rules(struct egress_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rules[i].text);
    free(rules);
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Labels between single dots; the last begins with a letter, or it would be a mistyped address. */
static bool is_name(struct text name)
{
    size_t label = 0;
    char before = '.';
    if (name.size == 0 || name.size >= EGRESS_NAME - 2)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!is_name_byte(c) || (c == '.' && before == '.'))
            return false;
        label = c == '.' ? i + 1 : label;
        before = c;
    }
    return label < name.size && name.data[label] >= 'a' && name.data[label] <= 'z';
}

static bool read_rule(struct egress_rule *rule, const char *name, struct text part, struct error *error)
{
    rule->text = memory_allocate(part.size + 1);
    for (size_t i = 0; i < part.size; i++)
        rule->text[i] = (char)(part.data[i] >= 'A' && part.data[i] <= 'Z' ? part.data[i] + ('a' - 'A') : part.data[i]);
    rule->text[part.size] = '\0';
    struct text text = {rule->text, part.size};
    rule->is_network = network_read(text, &rule->network);
    size_t wildcard = text_starts_with(text, TEXT("*.")) ? 2 : 0;
    if (rule->is_network || is_name(text_slice(text, wildcard, text.size)))
        return true;
    return error_set(error, ERROR_INVALID,
                     "%s holds \"%.*s\", which is no network (10.0.0.0/8, without bits beyond its length), no address and "
                     "no name (hooks.example.com, *.example.com)",
                     name, (int)text_slice(part, 0, 100).size, part.data);
}

bool egress_list_read(struct egress_list *list, const char *name, struct text value, struct error *error)
{
    struct egress_list read = {0};
    struct text rest = text_trim(value), part;
    size_t room = 1;
    for (size_t i = 0; i < value.size; i++)
        room += value.data[i] == ',';
    if (room > EGRESS_RULES)
        return error_set(error, ERROR_INVALID, "%s holds more than %d rules", name, EGRESS_RULES);
    read.rules = memory_allocate_zeroed(room * sizeof *read.rules);
    while (rest.size > 0 && text_split(&rest, ',', &part)) {
        part = text_trim(part);
        if (part.size > 0 && !read_rule(&read.rules[read.count++], name, part, error)) {
            free_rules(read.rules, read.count);
            return false;
        }
        if (part.size > 0)
            read.names += !read.rules[read.count - 1].is_network;
    }
    free_rules(list->rules, list->count);
    *list = read;
    return true;
}

void egress_free(struct egress *egress)
{
    free_rules(egress->allow.rules, egress->allow.count);
    free_rules(egress->deny.rules, egress->deny.count);
    egress->allow = egress->deny = (struct egress_list){0};
}

/* ---- settings ---- */

#define SWITCHES(X)                                             \
    X(egress_private, private_refused, "allow", "refuse")       \
    X(egress_public, public_refused, "allow", "refuse")         \
    X(egress_own_api, own_api_allowed, "refuse", "allow")       \
    X(redirect_hosts, other_hosts_refused, "any", "same")       \
    X(redirect_downgrade, downgrade_allowed, "refuse", "allow")

#define SWITCH_ROW(setting, member, off, on) {#setting, offsetof(struct egress, member), off, on},
static const struct {
    const char *name;
    size_t offset;
    const char *off, *on; /* the words for false, the default, and for true */
} TABLE[] = {SWITCHES(SWITCH_ROW)};

#define SWITCH_NAME(setting, member, off, on) #setting,
const char *const egress_setting_names[] = {SWITCHES(SWITCH_NAME) "egress_allow", "egress_deny", NULL};

bool egress_set(struct egress *egress, struct text name, struct text value, struct error *error)
{
    if (text_equal(name, TEXT("egress_allow")))
        return egress_list_read(&egress->allow, "egress_allow", value, error);
    if (text_equal(name, TEXT("egress_deny")))
        return egress_list_read(&egress->deny, "egress_deny", value, error);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (!text_equal(name, text_of(TABLE[i].name)))
            continue;
        bool on = text_equal(value, text_of(TABLE[i].on));
        if (!on && !text_equal(value, text_of(TABLE[i].off)))
            return error_set(error, ERROR_INVALID, "%s is \"%.*s\", but must be %s or %s", TABLE[i].name,
                             (int)text_slice(value, 0, 100).size, value.data, TABLE[i].off, TABLE[i].on);
        *(bool *)((char *)egress + TABLE[i].offset) = on;
        return true;
    }
    return false;
}
