#include "cli/workflow_describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/terminal.h"

static bool is_required(const json_t *schema, const char *name)
{
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(schema, "required"), index, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
            return true;
    }
    return false;
}

static void print_inputs(const json_t *schema)
{
    const char *name;
    json_t *property;
    json_object_foreach(json_object_get(schema, "properties"), name, property) {
        const char *type = json_string_value(json_object_get(property, "type"));
        const char *description = json_string_value(json_object_get(property, "description"));
        json_t *otherwise = json_object_get(property, "default");
        char *text = otherwise ? json_to_string(otherwise) : NULL;
        printf("    --input %s=%s", name, type ? type : "value");
        if (is_required(schema, name))
            printf("  (required)");
        else if (text != NULL)
            printf("  (%s)", text);
        printf("%s%s\n", description ? "  " : "", description ? description : "");
        free(text);
    }
}

static void print_heading(const struct workflow *workflow)
{
    bool coloured = terminal_has_colours(stdout);
    printf("%s%s%s%s%s\n", terminal_begin(coloured, COLOUR_STRONG), workflow->id, terminal_end(coloured),
           workflow->summary ? "  " : "", workflow->summary ? workflow->summary : "");
}

void workflow_list_print(const struct document *document)
{
    for (size_t i = 0; i < document->workflow_count; i++) {
        print_heading(&document->workflows[i]);
        print_inputs(document->workflows[i].inputs);
    }
}

/* ---- describe ---- */

static void print_text(const json_t *object, const char *member, const char *indent)
{
    struct text rest = json_member_text(object, member), line;
    while (text_split(&rest, '\n', &line)) {
        if (line.size > 0)
            printf("%s%.*s\n", indent, TEXT_ARGS(line));
    }
}

static void print_outputs(const json_t *outputs, const char *indent)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)outputs, name, value) {
        char *text = json_is_string(value) ? NULL : json_to_string(value);
        printf("%s%s = %s\n", indent, name, text ? text : json_string_value(value));
        free(text);
    }
}

static void print_criteria(const struct criteria *criteria, const char *indent)
{
    for (size_t i = 0; i < criteria->count; i++)
        printf("%s%s %s\n", indent, i == 0 ? "if " : "and", criteria->items[i].condition);
}

static void print_actions(const struct actions *actions, const char *moment)
{
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->items[i];
        const char *target = action->step_id ? action->step_id : action->workflow_id;
        printf("        %s: %s%s%s", moment, action_type_names[action->type], target ? " " : "", target ? target : "");
        if (action->type == ACTION_RETRY)
            printf(", at most %lld time%s", (long long)action->retry_limit, action->retry_limit == 1 ? "" : "s");
        if (action->type == ACTION_RETRY && action->retry_after_s > 0)
            printf(", after %g s", action->retry_after_s);
        printf("  (%s)\n", action->name);
        print_criteria(&action->criteria, "            ");
    }
}

static void print_step(const struct step *step, const json_t *written, size_t number)
{
    static const char *const kinds[] = {"calls", "calls", "runs the workflow"};
    printf("    %zu. %s %s %s\n", number, step->id, kinds[step->kind], step->target);
    print_text(written, "description", "        ");
    if (step->criteria.count == 0 && step->kind != STEP_WORKFLOW)
        printf("        succeeds with any 2xx\n");
    else
        print_criteria(&step->criteria, "        succeeds ");
    print_actions(&step->on_success, "then");
    print_actions(&step->on_failure, "on failure");
    print_outputs(step->outputs, "        gives ");
}

static void describe(const struct document *document, size_t index)
{
    const struct workflow *workflow = &document->workflows[index];
    const json_t *written = json_array_get(json_object_get(document->yaml.root, "workflows"), index);
    const json_t *steps = json_object_get(written, "steps");
    print_heading(workflow);
    print_text(written, "description", "  ");
    for (size_t i = 0; i < workflow->depends_on_count; i++)
        printf("  runs %s before it\n", workflow->depends_on[i]);
    if (json_object_size(json_object_get(workflow->inputs, "properties")) > 0)
        printf("  inputs\n");
    print_inputs(workflow->inputs);
    printf("  steps\n");
    for (size_t i = 0; i < workflow->step_count; i++)
        print_step(&workflow->steps[i], json_array_get(steps, i), i + 1);
    print_actions(&workflow->on_success, "after every success");
    print_actions(&workflow->on_failure, "after every failure");
    if (json_object_size(workflow->outputs) > 0)
        printf("  outputs\n");
    print_outputs(workflow->outputs, "    ");
}

bool workflow_describe_print(const struct document *document, const char *id)
{
    bool found = id == NULL;
    if (id == NULL && document->title != NULL)
        printf("%s (Arazzo %s)\n", document->title, document->version);
    for (size_t i = 0; id == NULL && i < document->source_count; i++)
        printf("  source %s: %s\n", document->sources[i].name, document->sources[i].url);
    for (size_t i = 0; i < document->workflow_count; i++) {
        if (id != NULL && strcmp(document->workflows[i].id, id) != 0)
            continue;
        if (id == NULL)
            printf("\n");
        describe(document, i);
        found = true;
    }
    return found;
}
