#include "arazzo/expression_check.h"

#include "arazzo/expression.h"

/* Problems of one expression, at the line of the value that it stands in. */
struct finding_place {
    const struct expression_check *check;
    int line;
    struct text expression;
};

static void add(const struct finding_place *at, bool is_error, const char *sentence)
{
    problem_add_by(&at->check->names->document->problems, is_error, at->line, at->check->place, rule_named("reference"),
                   NULL, "%s: \"%.*s\"", sentence, TEXT_ARGS(at->expression));
}

/* ---- what they name ---- */

/* The outputs that a step will have; NULL when only the run can tell. */
static const json_t *outputs_of(const struct expression_check *check, const json_t *step)
{
    const json_t *outputs = json_object_get(step, "outputs");
    const char *called = json_string_value(json_object_get(step, "workflowId"));
    if (outputs != NULL || called == NULL)
        return outputs;
    return json_object_get(json_object_get(check->names->workflows, called), "outputs");
}

static void check_outputs(const struct finding_place *at, const json_t *outputs, struct text rest, const char *sentence)
{
    static const struct text prefix = {"outputs.", 8};
    if (outputs != NULL && text_starts_with(rest, prefix) &&
        names_find(outputs, text_slice(rest, prefix.size, rest.size), NULL) == NULL)
        add(at, false, sentence);
}

static void check_step(const struct finding_place *at, struct text name)
{
    struct text rest;
    const json_t *step = names_find(at->check->steps, name, &rest);
    if (step == NULL)
        add(at, true, "the workflow has no such step");
    else
        check_outputs(at, outputs_of(at->check, step), rest, "the step has no such output, it will be null");
}

static void check_workflow(const struct finding_place *at, struct text name)
{
    struct text rest;
    const json_t *workflow = names_find(at->check->names->workflows, name, &rest);
    if (workflow == NULL)
        add(at, true, "there is no such workflow");
    else
        check_outputs(at, json_object_get(workflow, "outputs"), rest,
                      "the workflow has no such output, it will be null");
}

static void check_input(const struct finding_place *at, struct text name)
{
    const json_t *properties = json_object_get(at->check->inputs, "properties");
    bool open = properties == NULL || json_object_get(at->check->inputs, "$ref") != NULL ||
                json_object_get(at->check->inputs, "allOf") != NULL;
    if (!open && names_find(properties, name, NULL) == NULL)
        add(at, true, "the workflow has no such input");
}

static void check_component(const struct finding_place *at, struct text name)
{
    struct text rest;
    const json_t *components = json_object_get(at->check->names->document->yaml.root, "components");
    const json_t *group = names_find(components, name, &rest);
    if (group == NULL || names_find(group, rest, NULL) == NULL)
        add(at, true, "there is no such component");
}

static void check_expression(const struct expression_check *check, struct text text, int line)
{
    struct expression expression;
    struct finding_place at = {check, line, text_slice(text, 0, 120)};
    if (!expression_parse(text, &expression, NULL))
        return;
    if (expression.root == EXPRESSION_STEPS)
        check_step(&at, expression.name);
    else if (expression.root == EXPRESSION_WORKFLOWS)
        check_workflow(&at, expression.name);
    else if (expression.root == EXPRESSION_INPUTS)
        check_input(&at, expression.name);
    else if (expression.root == EXPRESSION_COMPONENTS)
        check_component(&at, expression.name);
    else if (expression.root == EXPRESSION_SOURCES &&
             names_find(check->names->sources, expression.name, NULL) == NULL)
        add(&at, true, "there is no such source");
}

/* ---- where they stand ---- */

static void check_inside(const struct expression_check *check, struct text text, int line, bool braces_only)
{
    for (size_t i = 0; i < text.size; i++) {
        struct text rest = text_slice(text, i, text.size);
        bool here = rest.data[0] == '$' && (!braces_only || (i > 0 && text.data[i - 1] == '{'));
        ptrdiff_t close = here && braces_only ? text_find_byte(rest, '}') : -1;
        size_t size = !here ? 0 : braces_only ? (size_t)(close > 0 ? close : 0) : expression_extent(rest);
        if (size == 0)
            continue;
        check_expression(check, text_slice(rest, 0, size), line);
        i += size - 1;
    }
}

static struct text string_text(const json_t *value)
{
    return (struct text){json_string_value(value), json_string_length(value)};
}

void expression_check_value(const struct expression_check *check, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t index;
    int line = yaml_tree_line(&check->names->document->yaml, value);
    if (json_is_string(value) && json_string_value(value)[0] == '$')
        check_expression(check, string_text(value), line);
    else if (json_is_string(value))
        check_inside(check, string_text(value), line, true);
    json_array_foreach(value, index, item)
        expression_check_value(check, item);
    json_object_foreach((json_t *)value, key, item)
        expression_check_value(check, item);
}

void expression_check_condition(const struct expression_check *check, const json_t *condition)
{
    if (json_is_string(condition))
        check_inside(check, string_text(condition), yaml_tree_line(&check->names->document->yaml, condition), false);
}
