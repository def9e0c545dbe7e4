#include "arazzo/document_names.h"

#include "arazzo/nearest.h"

static const char SOURCE_PREFIX[] = "$sourceDescriptions.";

json_t *names_of(const json_t *list, const char *member)
{
    json_t *names = json_object(), *item;
    size_t index;
    json_array_foreach(list, index, item) {
        const char *name = json_string_value(json_object_get(item, member));
        if (name != NULL && json_object_get(names, name) == NULL)
            json_object_set(names, name, item);
    }
    return names;
}

void document_names_collect(struct document_names *names, struct document *document)
{
    const json_t *root = document->yaml.root;
    *names = (struct document_names){document, names_of(json_object_get(root, "workflows"), "workflowId"),
                                     names_of(json_object_get(root, "sourceDescriptions"), "name")};
}

void document_names_free(struct document_names *names)
{
    json_decref(names->workflows);
    json_decref(names->sources);
}

void names_want_unique(struct document *document, const json_t *list, const struct place *list_place,
                       const char *member, const char *what)
{
    json_t *seen = names_of(list, member), *item;
    size_t index;
    json_array_foreach(list, index, item) {
        const char *name = json_string_value(json_object_get(item, member));
        struct place item_place = {list_place, NULL, index}, place = {&item_place, member, 0};
        if (name != NULL && json_object_get(seen, name) != item)
            problem_add_by(&document->problems, true, yaml_tree_line_of_member(&document->yaml, item, member), &place,
                           rule_named("unique"), NULL, "an earlier %s has the %s \"%s\"", what, member, name);
    }
    json_decref(seen);
}

const json_t *names_find(const json_t *names, struct text name, struct text *rest)
{
    for (size_t end = 0; end <= name.size; end++) {
        if (end < name.size && name.data[end] != '.')
            continue;
        const json_t *found = json_object_getn(names, name.data ? name.data : "", end);
        if (found == NULL)
            continue;
        if (rest != NULL)
            *rest = text_slice(name, end + 1, name.size);
        return found;
    }
    return NULL;
}

static void refuse(const struct object_reader *reader, const char *member, const json_t *names, const char *what,
                   const char *name)
{
    char hint[160];
    struct place place = {reader->place, member, 0};
    int line = yaml_tree_line_of_member(&reader->document->yaml, reader->object, member);
    problem_add_by(&reader->document->problems, true, line, &place, rule_named("reference"),
                   nearest_hint(hint, sizeof hint, nearest_key(name, names)), "%s \"%s\"", what, name);
}

void names_want_workflow(const struct document_names *names, const struct object_reader *reader, const char *member,
                         const char *id)
{
    if (strncmp(id, SOURCE_PREFIX, sizeof SOURCE_PREFIX - 1) == 0) {
        const json_t *source = names_find(names->sources, text_of(id + sizeof SOURCE_PREFIX - 1), NULL);
        const char *type = json_string_value(json_object_get(source, "type"));
        if (source == NULL)
            refuse(reader, member, names->sources, "there is no such source:", id);
        else if (type == NULL || strcmp(type, "arazzo") != 0)
            refuse(reader, member, NULL, "the source is no Arazzo document:", id);
    } else if (json_object_get(names->workflows, id) == NULL) {
        refuse(reader, member, names->workflows, "there is no workflow", id);
    }
}

void names_want_step(const json_t *steps, const struct object_reader *reader, const char *member, const char *id)
{
    if (id != NULL && json_object_get(steps, id) == NULL)
        refuse(reader, member, steps, "the workflow has no step", id);
}
