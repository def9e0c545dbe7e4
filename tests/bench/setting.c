#include "setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void setting_add(struct setting_table *table, const struct setting *rows, unsigned count)
{
    for (unsigned i = 0; i < count && table->count < SETTING_TABLE_MAX; i++)
        table->rows[table->count++] = rows[i];
}

static const struct setting *setting_find(const struct setting_table *table, const char *name)
{
    for (unsigned i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

static bool setting_take_list(const struct setting *setting, const char *text, struct fault *fault)
{
    struct setting_list *list = setting->value;
    if (list->count == SETTING_LIST_MAX)
        return fault_set(fault, "%s may be given at most %u times", setting->name,
                         SETTING_LIST_MAX);
    list->values[list->count++] = text;
    return true;
}

static bool setting_take_count(const struct setting *setting, const char *text, struct fault *fault)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < setting->minimum ||
        number > setting->maximum)
        return fault_set(fault,
                         "%s takes a whole number between %" PRIu64 " and %" PRIu64 ", not '%s'",
                         setting->name, setting->minimum, setting->maximum, text);
    *(uint64_t *)setting->value = number;
    return true;
}

static bool setting_take_number(const struct setting *setting, const char *text,
                                struct fault *fault)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !(number >= 0) || number > (double)setting->maximum)
        return fault_set(fault, "%s takes a number between 0 and %" PRIu64 ", not '%s'",
                         setting->name, setting->maximum, text);
    *(double *)setting->value = number;
    return true;
}

static bool setting_take(const struct setting *setting, const char *text, struct fault *fault)
{
    if (setting->kind == SETTING_LIST)
        return setting_take_list(setting, text, fault);
    if (setting->kind == SETTING_COUNT)
        return setting_take_count(setting, text, fault);
    if (setting->kind == SETTING_NUMBER)
        return setting_take_number(setting, text, fault);
    *(const char **)setting->value = text;
    return true;
}

bool setting_parse(const struct setting_table *table, int argument_count, char **arguments,
                   struct fault *fault)
{
    for (int i = 0; i < argument_count; i++) {
        const struct setting *setting = setting_find(table, arguments[i]);
        if (!setting)
            return fault_set(fault, "there is no option '%s'", arguments[i]);
        if (setting->kind == SETTING_FLAG) {
            *(bool *)setting->value = true;
            continue;
        }
        if (++i == argument_count)
            return fault_set(fault, "%s needs a value", setting->name);
        if (!setting_take(setting, arguments[i], fault))
            return false;
    }
    return true;
}

void setting_print(const struct setting_table *table)
{
    for (unsigned i = 0; i < table->count; i++)
        printf("    %-16s %s\n", table->rows[i].name, table->rows[i].help);
}
