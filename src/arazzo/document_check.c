#include "arazzo/document_check.h"

#include "arazzo/expression.h"
#include "base/limits.h"

struct check {
    struct document *document;
    const struct workflow *workflow;
    const struct place *place; /* of the workflow or step */
    int line;
};

static void refuse(const struct check *check, const char *what, const char *name)
{
    problem_add(&check->document->problems, true, check->line, check->place, "%s \"%s\"", what, name);
}

/* ---- expressions ---- */

static bool is_input(const struct workflow *workflow, struct text name)
{
    const json_t *properties = workflow->inputs ? json_object_get(workflow->inputs, "properties") : NULL;
    return properties == NULL || expression_descend(properties, name) != NULL ||
           text_find_byte(name, '.') >= 0; /* inside of an input: only the run can tell */
}

static bool is_step(const struct workflow *workflow, struct text name)
{
    for (size_t i = 0; i < workflow->step_count; i++) {
        struct text id = text_of(workflow->steps[i].id);
        if (text_equal(name, id) || (text_starts_with(name, id) && name.data[id.size] == '.'))
            return true;
    }
    return false;
}

static void check_expression(const struct check *check, struct text text)
{
    struct expression expression;
    char name[128];
    if (!expression_parse(text, &expression, NULL))
        return;
    snprintf(name, sizeof name, "%.*s", TEXT_ARGS(text));
    if (expression.root == EXPRESSION_STEPS && !is_step(check->workflow, expression.name))
        refuse(check, "the workflow has no such step:", name);
    if (expression.root == EXPRESSION_INPUTS && !is_input(check->workflow, expression.name))
        refuse(check, "the workflow has no such input:", name);
    if (expression.root == EXPRESSION_SOURCES) {
        ptrdiff_t dot = text_find_byte(expression.name, '.');
        struct text source = dot < 0 ? expression.name : text_slice(expression.name, 0, (size_t)dot);
        if (document_source(check->document, source) == NULL)
            refuse(check, "there is no such source:", name);
    }
}

/* Whole expressions, and those in braces or conditions inside a text. */
static void check_text(const struct check *check, struct text text)
{
    for (size_t at = 0; at < text.size; at++) {
        struct text rest = text_slice(text, at, text.size);
        size_t size = rest.data[0] == '$' ? expression_extent(rest) : 0;
        if (size == 0)
            continue;
        check_expression(check, text_slice(rest, 0, size));
        at += size - 1;
    }
}

static void check_value(const struct check *check, const json_t *value)
{
    const char *key;
    json_t *item;
    size_t index;
    if (json_is_string(value))
        check_text(check, (struct text){json_string_value(value), json_string_length(value)});
    json_array_foreach(value, index, item)
        check_value(check, item);
    json_object_foreach((json_t *)value, key, item)
        check_value(check, item);
}

static void check_criteria(const struct check *check, const struct criteria *criteria)
{
    for (size_t i = 0; i < criteria->count; i++) {
        if (criteria->items[i].context != NULL)
            check_text(check, text_of(criteria->items[i].context));
        if (criteria->items[i].type == CRITERION_SIMPLE)
            check_text(check, text_of(criteria->items[i].condition));
    }
}

/* ---- references ---- */

static void check_workflow_name(const struct check *check, const char *id)
{
    struct text name;
    const char *foreign;
    if (document_foreign_name(id, &name, &foreign)) {
        const struct source_description *source = document_source(check->document, name);
        if (source == NULL || source->type != SOURCE_ARAZZO)
            refuse(check, "no source of type arazzo is named by", id);
    } else if (document_workflow(check->document, id) == NULL) {
        refuse(check, "there is no workflow", id);
    }
}

static void check_parameters(const struct check *check, const struct parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++)
        check_value(check, parameters->items[i].value);
}

static void check_actions(const struct check *check, const struct actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->items[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(actions->items[j].name, action->name) == 0)
                refuse(check, "two actions have the name", action->name);
        }
        if (action->type != ACTION_END && action->workflow_id != NULL)
            check_workflow_name(check, action->workflow_id);
        if (action->type != ACTION_END && action->step_id != NULL &&
            workflow_step(check->workflow, action->step_id) == NULL)
            refuse(check, "the workflow has no step", action->step_id);
        check_criteria(check, &action->criteria);
        check_parameters(check, &action->parameters);
    }
}

static void check_step(struct check check, const struct step *step, size_t index)
{
    struct place list = {check.place, "steps", 0}, place = {&list, NULL, index};
    check.place = &place;
    check.line = step->line;
    if (workflow_step(check.workflow, step->id) != step)
        refuse(&check, "an earlier step has the stepId", step->id);
    if (step->kind == STEP_WORKFLOW)
        check_workflow_name(&check, step->target);
    check_text(&check, step->kind == STEP_WORKFLOW ? TEXT_NONE : text_of(step->target));
    for (size_t i = 0; i < step->depends_on_count; i++) {
        if (step->depends_on[i][0] != '$' && workflow_step(check.workflow, step->depends_on[i]) == NULL)
            refuse(&check, "the workflow has no step", step->depends_on[i]);
    }
    check_parameters(&check, &step->parameters);
    check_value(&check, step->body.payload);
    for (size_t i = 0; i < step->body.replacement_count; i++)
        check_value(&check, step->body.replacements[i].value);
    check_criteria(&check, &step->criteria);
    check_actions(&check, &step->on_success);
    check_actions(&check, &step->on_failure);
    check_value(&check, step->outputs);
}

/*
 * How many workflows lie under this one, itself included, or HEIGHT_ENDLESS when they are a circle or too many.
 * `heights` remembers, so that each is looked at once.
 */
enum { HEIGHT_UNKNOWN = 0, HEIGHT_OPEN = -2, HEIGHT_ENDLESS = -1 };

static int64_t height_of(const struct document *document, const struct workflow *workflow, int64_t *heights)
{
    if (workflow == NULL) /* of another document */
        return 0;
    int64_t *height = &heights[workflow - document->workflows], most = 0;
    if (*height == HEIGHT_OPEN)
        return HEIGHT_ENDLESS;
    if (*height != HEIGHT_UNKNOWN)
        return *height;
    *height = HEIGHT_OPEN;
    for (size_t i = 0; i < workflow->depends_on_count && most != HEIGHT_ENDLESS; i++) {
        int64_t below = height_of(document, document_workflow(document, workflow->depends_on[i]), heights);
        most = below == HEIGHT_ENDLESS || below > most ? below : most;
    }
    *height = most == HEIGHT_ENDLESS || most >= limits.workflow_nesting ? HEIGHT_ENDLESS : most + 1;
    return *height;
}

static void check_dependencies(struct document *document)
{
    int64_t *heights = ARENA_ARRAY(&document->arena, int64_t, document->workflow_count);
    for (size_t i = 0; i < document->workflow_count; i++) {
        struct place list = {NULL, "workflows", 0}, place = {&list, NULL, i};
        const struct workflow *workflow = &document->workflows[i];
        if (height_of(document, workflow, heights) == HEIGHT_ENDLESS)
            problem_add(&document->problems, true, workflow->line, &place,
                        "the dependencies of \"%s\" are a circle, or deeper than the limit workflow_nesting",
                        workflow->id);
    }
}

static void check_workflow(struct document *document, const struct workflow *workflow, size_t index)
{
    struct place list = {NULL, "workflows", 0}, place = {&list, NULL, index};
    struct check check = {document, workflow, &place, workflow->line};
    if (document_workflow(document, workflow->id) != workflow)
        refuse(&check, "an earlier workflow has the workflowId", workflow->id);
    for (size_t i = 0; i < workflow->depends_on_count; i++)
        check_workflow_name(&check, workflow->depends_on[i]);
    check_parameters(&check, &workflow->parameters);
    check_actions(&check, &workflow->on_success);
    check_actions(&check, &workflow->on_failure);
    check_value(&check, workflow->outputs);
    for (size_t i = 0; i < workflow->step_count; i++)
        check_step(check, &workflow->steps[i], i);
}

void document_check(struct document *document)
{
    for (size_t i = 0; i < document->source_count; i++) {
        struct place list = {NULL, "sourceDescriptions", 0}, place = {&list, NULL, i};
        const struct source_description *source = &document->sources[i];
        if (document_source(document, text_of(source->name)) != source)
            problem_add(&document->problems, true, source->line, &place, "an earlier source has the name \"%s\"",
                        source->name);
    }
    for (size_t i = 0; i < document->workflow_count; i++)
        check_workflow(document, &document->workflows[i], i);
    if (document->problems.errors == 0)
        check_dependencies(document);
}
