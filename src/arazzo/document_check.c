#include "arazzo/document_check.h"

#include "arazzo/components.h"
#include "arazzo/document_parts.h"
#include "arazzo/expression_check.h"
#include "arazzo/schema_check.h"
#include "base/limits.h"

/* A workflow while it is looked at. */
struct check {
    struct document_names *names;
    const json_t *workflow, *inputs;
    json_t *steps; /* owned; stepId to the step */
};

static struct expression_check expressions_at(const struct check *check, const struct place *place)
{
    return (struct expression_check){check->names, check->workflow, check->steps, check->inputs, place};
}

/* What a {"reference": "$components.KIND.NAME"} stands for, or the item itself; NULL when it leads nowhere. */
static const json_t *follow(const struct check *check, const json_t *item)
{
    static const struct text prefix = {"$components.", 12};
    struct text reference = json_member_text(item, "reference"), rest;
    if (reference.data == NULL)
        return item;
    const json_t *components = json_object_get(check->names->document->yaml.root, "components");
    if (!text_starts_with(reference, prefix))
        return NULL;
    const json_t *group = names_find(components, text_slice(reference, prefix.size, reference.size), &rest);
    return json_object_getn(group, rest.data ? rest.data : "", rest.size);
}

/* ---- parts ---- */

static void check_criteria(const struct check *check, const json_t *list, const struct place *list_place)
{
    json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        struct place place = {list_place, NULL, index};
        struct expression_check expressions = expressions_at(check, &place);
        struct text type = json_member_text(item, "type");
        expression_check_value(&expressions, json_object_get(item, "context"));
        if (type.data == NULL || text_equal(type, TEXT("simple")))
            expression_check_condition(&expressions, json_object_get(item, "condition"));
    }
}

static void check_parameters(const struct check *check, const json_t *object, const struct place *object_place)
{
    struct place list_place = {object_place, "parameters", 0};
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(object, "parameters"), index, item) {
        struct place place = {&list_place, NULL, index};
        struct expression_check expressions = expressions_at(check, &place);
        const json_t *value = json_object_get(item, "value");
        expression_check_value(&expressions, value ? value : json_object_get(follow(check, item), "value"));
    }
}

static void check_action(const struct check *check, const json_t *action, const struct place *place)
{
    struct object_reader reader = {check->names->document, json_is_object(action) ? action : NULL, place};
    struct place criteria = {place, "criteria", 0};
    struct text type = json_member_text(action, "type");
    const char *workflow = json_string_value(json_object_get(action, "workflowId"));
    const json_t *limit = json_object_get(action, "retryLimit");
    if (limit != NULL && !(json_is_integer(limit) && json_integer_value(limit) >= 0))
        object_error(&reader, "retryLimit", "a whole number not below 0 belongs here");
    if (!text_equal(type, TEXT("retry")) && (limit != NULL || json_object_get(action, "retryAfter") != NULL))
        object_warning(&reader, limit ? "retryLimit" : "retryAfter", "only a retry has it; it is ignored");
    if (!text_equal(type, TEXT("end")) && reader.object != NULL) {
        if (workflow != NULL)
            names_want_workflow(check->names, &reader, "workflowId", workflow);
        names_want_step(check->steps, &reader, "stepId", json_string_value(json_object_get(action, "stepId")));
    }
    check_criteria(check, json_object_get(action, "criteria"), &criteria);
    check_parameters(check, action, place);
}

static void check_actions(const struct check *check, const json_t *object, const char *member,
                          const struct place *object_place)
{
    struct place list_place = {object_place, member, 0};
    const json_t *list = json_object_get(object, member);
    json_t *item, *followed = json_array();
    size_t index;
    json_array_foreach(list, index, item) {
        struct place place = {&list_place, NULL, index};
        const json_t *action = follow(check, item);
        if (action != NULL)
            check_action(check, action, &place);
        json_array_append(followed, action ? (json_t *)action : item);
    }
    names_want_unique(check->names->document, followed, &list_place, "name", "action");
    json_decref(followed);
}

static void check_outputs(const struct check *check, const json_t *object, const struct place *object_place)
{
    struct place place = {object_place, "outputs", 0};
    const json_t *outputs = json_object_get(object, "outputs");
    struct object_reader reader = {check->names->document, outputs, &place};
    struct expression_check expressions = expressions_at(check, &place);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)outputs, name, value)
        want_map_key(&reader, name);
    expression_check_value(&expressions, outputs);
}

static void check_body(const struct check *check, const json_t *step, const struct place *step_place)
{
    struct place place = {step_place, "requestBody", 0};
    struct expression_check expressions = expressions_at(check, &place);
    const json_t *body = json_object_get(step, "requestBody");
    expression_check_value(&expressions, json_object_get(body, "payload"));
    expression_check_value(&expressions, json_object_get(body, "replacements"));
}

/* ---- steps ---- */

static bool gives_parameter(const struct check *check, const json_t *object, const char *name)
{
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(object, "parameters"), index, item) {
        if (text_equal(json_member_text(follow(check, item), "name"), text_of(name)))
            return true;
    }
    return false;
}

/* A workflow is called without what it requires. */
static void check_call(const struct check *check, const struct object_reader *step, const char *id)
{
    const json_t *called = json_object_get(check->names->workflows, id);
    const json_t *inputs = json_object_get(called, "inputs");
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(inputs, "required"), index, item) {
        const char *name = json_string_value(item);
        const json_t *property = name ? json_object_get(json_object_get(inputs, "properties"), name) : NULL;
        if (name != NULL && json_object_get(property, "default") == NULL &&
            !gives_parameter(check, step->object, name) && !gives_parameter(check, check->workflow, name))
            object_error(step, "workflowId", "workflow %s requires the input \"%s\", which this step does not give", id,
                         name);
    }
}

/* {$sourceDescriptions.NAME.url}#/paths/..., and $sourceDescriptions.NAME.operationId. */
static void check_operation(const struct check *check, const struct object_reader *step)
{
    struct text path = json_member_text(step->object, "operationPath");
    struct expression_check expressions = expressions_at(check, step->place);
    if (path.data != NULL && (text_find(path, TEXT("$sourceDescriptions.")) < 0 || text_find(path, TEXT("#/")) < 0))
        object_error(step, "operationPath", "this names no operation of a source");
    expression_check_value(&expressions, json_object_get(step->object, "operationPath"));
    expression_check_value(&expressions, json_object_get(step->object, "operationId"));
}

static void check_step(const struct check *check, const json_t *step, const struct place *place)
{
    struct object_reader reader = {check->names->document, step, place};
    json_t *item;
    size_t index;
    struct place criteria = {place, "successCriteria", 0};
    const char *workflow = json_string_value(json_object_get(step, "workflowId"));
    if (workflow != NULL) {
        names_want_workflow(check->names, &reader, "workflowId", workflow);
        check_call(check, &reader, workflow);
    }
    json_array_foreach(json_object_get(step, "dependsOn"), index, item) {
        if (json_is_string(item) && json_string_value(item)[0] != '$')
            names_want_step(check->steps, &reader, "dependsOn", json_string_value(item));
    }
    check_operation(check, &reader);
    check_parameters(check, step, place);
    check_body(check, step, place);
    check_criteria(check, json_object_get(step, "successCriteria"), &criteria);
    check_actions(check, step, "onSuccess", place);
    check_actions(check, step, "onFailure", place);
    check_outputs(check, step, place);
}

/* ---- workflows ---- */

/* The schema, or the component that it refers to. */
static const json_t *inputs_of(const struct document *document, const json_t *workflow)
{
    static const struct text prefix = {"#/components/inputs/", 20};
    const json_t *inputs = json_object_get(workflow, "inputs");
    struct text reference = json_member_text(inputs, "$ref");
    if (!text_starts_with(reference, prefix))
        return inputs;
    const json_t *group = json_object_get(json_object_get(document->yaml.root, "components"), "inputs");
    return json_object_get(group, reference.data + prefix.size);
}

static void check_inputs(struct document *document, const json_t *workflow, const struct place *workflow_place)
{
    struct place place = {workflow_place, "inputs", 0};
    const json_t *inputs = json_object_get(workflow, "inputs"), *type = json_object_get(inputs, "type");
    struct object_reader reader = {document, inputs, &place};
    if (!json_is_object(inputs))
        return; /* said already */
    schema_check(document, inputs, &place);
    if (json_is_string(type) && strcmp(json_string_value(type), "object") != 0)
        object_error(&reader, "type", "inputs are members of an object, not %s", json_string_value(type));
}

static void check_workflow(struct document_names *names, const json_t *workflow, const struct place *place)
{
    struct document *document = names->document;
    const json_t *steps = json_object_get(workflow, "steps");
    struct check check = {names, workflow, inputs_of(document, workflow), names_of(steps, "stepId")};
    struct object_reader reader = {document, workflow, place};
    struct place step_list = {place, "steps", 0};
    json_t *item;
    size_t index;
    names_want_unique(document, steps, &step_list, "stepId", "step");
    json_array_foreach(json_object_get(workflow, "dependsOn"), index, item) {
        if (json_is_string(item))
            names_want_workflow(names, &reader, "dependsOn", json_string_value(item));
    }
    check_inputs(document, workflow, place);
    check_parameters(&check, workflow, place);
    check_actions(&check, workflow, "successActions", place);
    check_actions(&check, workflow, "failureActions", place);
    json_array_foreach(steps, index, item) {
        struct place step_place = {&step_list, NULL, index};
        if (json_is_object(item))
            check_step(&check, item, &step_place);
    }
    check_outputs(&check, workflow, place);
    json_decref(check.steps);
}

/* ---- dependencies ---- */

/*
 * How many workflows lie under this one, itself included, or HEIGHT_ENDLESS when they are a circle or too many.
 * `heights` remembers, so that each is looked at once.
 */
enum { HEIGHT_OPEN = -2, HEIGHT_ENDLESS = -1 };

static json_int_t height_of(const struct document_names *names, const char *id, json_t *heights)
{
    const json_t *workflow = json_object_get(names->workflows, id), *known = json_object_get(heights, id);
    json_int_t most = 0;
    json_t *item;
    size_t index;
    if (known != NULL)
        return json_integer_value(known) == HEIGHT_OPEN ? HEIGHT_ENDLESS : json_integer_value(known);
    json_object_set_new(heights, id, json_integer(HEIGHT_OPEN));
    json_array_foreach(json_object_get(workflow, "dependsOn"), index, item) {
        const char *needed = json_string_value(item);
        if (needed == NULL || json_object_get(names->workflows, needed) == NULL || most == HEIGHT_ENDLESS)
            continue;
        json_int_t below = height_of(names, needed, heights);
        most = below == HEIGHT_ENDLESS || below > most ? below : most;
    }
    most = most == HEIGHT_ENDLESS || most >= limits.workflow_nesting ? HEIGHT_ENDLESS : most + 1;
    json_object_set_new(heights, id, json_integer(most));
    return most;
}

static void check_dependencies(const struct document_names *names, const json_t *workflows)
{
    json_t *heights = json_object(), *item;
    size_t index;
    json_array_foreach(workflows, index, item) {
        struct place list = {NULL, "workflows", 0}, place = {&list, NULL, index}, member = {&place, "dependsOn", 0};
        const char *id = json_string_value(json_object_get(item, "workflowId"));
        if (id != NULL && json_object_get(item, "dependsOn") != NULL && height_of(names, id, heights) == HEIGHT_ENDLESS)
            problem_add_by(&names->document->problems, true,
                           yaml_tree_line_of_member(&names->document->yaml, item, "dependsOn"), &member,
                           rule_named("circle"), NULL,
                           "the dependencies of \"%s\" are a circle, or deeper than the limit workflow_nesting", id);
    }
    json_decref(heights);
}

void document_check(struct document *document)
{
    struct document_names names;
    struct place source_list = {NULL, "sourceDescriptions", 0}, workflow_list = {NULL, "workflows", 0};
    const json_t *workflows = json_object_get(document->yaml.root, "workflows");
    json_t *item;
    size_t index;
    document_names_collect(&names, document);
    names_want_unique(document, json_object_get(document->yaml.root, "sourceDescriptions"), &source_list, "name",
                      "source");
    names_want_unique(document, workflows, &workflow_list, "workflowId", "workflow");
    json_array_foreach(workflows, index, item) {
        struct place place = {&workflow_list, NULL, index};
        if (json_is_object(item))
            check_workflow(&names, item, &place);
    }
    check_dependencies(&names, workflows);
    components_check(document);
    document_names_free(&names);
}
