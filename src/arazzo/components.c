#include "arazzo/components.h"

#include "arazzo/document_parts.h"
#include "arazzo/schema_check.h"

static void check_parameter(struct document *document, const json_t *item, const struct place *place)
{
    struct parameter parameter;
    read_parameter(document, item, place, true, &parameter);
}

static void check_success_action(struct document *document, const json_t *item, const struct place *place)
{
    struct action action;
    read_action(document, item, place, false, &action);
}

static void check_failure_action(struct document *document, const json_t *item, const struct place *place)
{
    struct action action;
    read_action(document, item, place, true, &action);
}

static const struct {
    const char *name;
    void (*check)(struct document *document, const json_t *item, const struct place *place);
} GROUPS[] = {
    {"inputs", schema_check},
    {"parameters", check_parameter},
    {"successActions", check_success_action},
    {"failureActions", check_failure_action},
};

static void check_group(const struct object_reader *components, size_t group)
{
    struct place place = {components->place, GROUPS[group].name, 0};
    const json_t *items = object_object(components, GROUPS[group].name);
    struct object_reader reader = {components->document, items, &place};
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)items, name, item) {
        struct place item_place = {&place, name, 0};
        want_map_key(&reader, name);
        GROUPS[group].check(components->document, item, &item_place);
    }
}

void components_check(struct document *document)
{
    static const char *const members[] = {"inputs", "parameters", "successActions", "failureActions", NULL};
    struct place place = {NULL, "components", 0};
    if (document->components == NULL)
        return;
    struct object_reader components = object_begin(document, document->components, &place, members);
    for (size_t i = 0; i < sizeof GROUPS / sizeof GROUPS[0]; i++)
        check_group(&components, i);
}
