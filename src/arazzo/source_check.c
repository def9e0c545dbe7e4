#include "arazzo/source_check.h"

#include "arazzo/object_reader.h"

/* A step of a workflow, and the operation that it leads to. */
struct call {
    const struct workflow *workflow;
    const struct step *step;
    const struct operation *operation;
    struct object_reader reader; /* of the step as it was written */
};

static void add(const struct call *call, bool is_error, const char *member, const char *rule, const char *what)
{
    struct document *document = call->reader.document;
    struct place place = {call->reader.place, member, 0};
    int line = member ? yaml_tree_line_of_member(&document->yaml, call->reader.object, member) : 0;
    problem_add_by(&document->problems, is_error, line > 0 ? line : call->step->line,
                   line > 0 ? &place : call->reader.place, rule_named(rule), NULL, "%s %s %s",
                   call->operation->method, call->operation->path, what);
}

/* ---- parameters ---- */

static bool is_given(const struct parameters *parameters, const char *name, const char *in)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const struct parameter *parameter = &parameters->items[i];
        bool same_name = strcmp(in, "header") == 0 ? strcasecmp(parameter->name, name) == 0
                                                   : strcmp(parameter->name, name) == 0;
        if (same_name && parameter->in != IN_UNSAID && strcmp(parameter_in_names[parameter->in], in) == 0)
            return true;
    }
    return false;
}

static void want_parameter(const struct call *call, const char *name, const char *in)
{
    struct buffer sentence = {0};
    if (is_given(&call->step->parameters, name, in) || is_given(&call->workflow->parameters, name, in))
        return;
    buffer_printf(&sentence, "requires the %s parameter \"%s\", which the step does not give", in, name);
    add(call, true, "parameters", "operation.parameter", buffer_string(&sentence));
    buffer_free(&sentence);
}

/* Of the operation or of its path. */
static void want_declared(const struct call *call, const json_t *list)
{
    json_t *item;
    size_t index;
    json_array_foreach(list, index, item) {
        const json_t *parameter = openapi_follow(call->operation->openapi, item);
        const char *name = json_string_value(json_object_get(parameter, "name"));
        const char *in = json_string_value(json_object_get(parameter, "in"));
        if (name != NULL && in != NULL && json_is_true(json_object_get(parameter, "required")) &&
            strcmp(in, "body") != 0 && strcmp(in, "formData") != 0 && strcmp(in, "path") != 0)
            want_parameter(call, name, in);
    }
}

/* {name} of the path, also those that the description forgot to declare. */
static void want_path(const struct call *call)
{
    struct text rest = text_of(call->operation->path);
    for (;;) {
        ptrdiff_t open = text_find_byte(rest, '{'), close = text_find_byte(rest, '}');
        char name[128];
        if (open < 0 || close < open)
            return;
        snprintf(name, sizeof name, "%.*s", (int)(close - open) - 1, rest.data + open + 1);
        want_parameter(call, name, "path");
        rest = text_slice(rest, (size_t)close + 1, rest.size);
    }
}

static bool is_in_path(const struct operation *operation, const char *name)
{
    struct buffer braced = {0};
    buffer_printf(&braced, "{%s}", name);
    bool there = text_find(text_of(operation->path), buffer_text(&braced)) >= 0;
    buffer_free(&braced);
    return there;
}

static void check_given(const struct call *call, const struct parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const struct parameter *parameter = &parameters->items[i];
        struct buffer sentence = {0};
        if (parameter->in != IN_PATH && parameter->in != IN_QUERY)
            continue; /* headers and cookies are rarely listed, such as those of credentials */
        if (operation_parameter(call->operation, parameter->name, parameter_in_names[parameter->in]) != NULL ||
            (parameter->in == IN_PATH && is_in_path(call->operation, parameter->name)))
            continue;
        buffer_printf(&sentence, "has no %s parameter \"%s\"", parameter_in_names[parameter->in], parameter->name);
        add(call, parameter->in == IN_PATH, "parameters", "operation.parameter", buffer_string(&sentence));
        buffer_free(&sentence);
    }
}

/* ---- bodies ---- */

static bool is_described(const json_t *content, const char *type)
{
    const char *described;
    json_t *media;
    size_t size = strcspn(type, "; ");
    json_object_foreach((json_t *)content, described, media) {
        if (strcmp(described, "*/*") == 0 ||
            (strcspn(described, "; ") == size && strncasecmp(described, type, size) == 0))
            return true;
    }
    return false;
}

static void check_body(const struct call *call)
{
    const struct operation *operation = call->operation;
    const json_t *described = openapi_follow(operation->openapi, json_object_get(operation->object, "requestBody"));
    const json_t *content = json_object_get(described, "content");
    const struct request_body *body = &call->step->body;
    static const char rule[] = "operation.body";
    bool swagger = json_object_get(operation->openapi->root, "swagger") != NULL;
    if (swagger)
        return; /* bodies are parameters there */
    if (json_is_true(json_object_get(described, "required")) && !call->step->has_body)
        add(call, true, NULL, rule, "requires a request body, which the step does not give");
    else if (call->step->has_body && described == NULL)
        add(call, false, "requestBody", rule, "describes no request body");
    else if (call->step->has_body && content != NULL && body->content_type != NULL && body->content_type[0] != '$' &&
             !is_described(content, body->content_type))
        add(call, false, "requestBody", rule, "describes no body of this content type");
}

/* ---- steps ---- */

static void check_step(struct document *document, const struct workflow_sources *sources,
                       const struct workflow *workflow, const struct step *step, const json_t *written,
                       const struct place *place)
{
    static const char *const members[] = {"operationId", "operationPath", "workflowId"};
    const struct workflow_source *source;
    struct operation operation;
    struct error error = {0};
    struct call call = {workflow, step, &operation, {document, written, place}};
    if (step->target == NULL || step->kind == STEP_WORKFLOW)
        return;
    if (!sources_find(sources, step, &source, &operation, &error)) {
        struct place member = {place, members[step->kind], 0};
        problem_add_by(&document->problems, true,
                       yaml_tree_line_of_member(&document->yaml, written, members[step->kind]), &member,
                       rule_named("operation"), NULL, "%s", error.message);
        return;
    }
    want_path(&call);
    want_declared(&call, json_object_get(operation.object, "parameters"));
    want_declared(&call, json_object_get(operation.path_item, "parameters"));
    check_given(&call, &step->parameters);
    check_body(&call);
}

void source_check(struct document *document, const struct workflow_sources *sources)
{
    const json_t *workflows = json_object_get(document->yaml.root, "workflows");
    struct place workflow_list = {NULL, "workflows", 0};
    for (size_t i = 0; i < document->workflow_count; i++) {
        const struct workflow *workflow = &document->workflows[i];
        const json_t *steps = json_object_get(json_array_get(workflows, i), "steps");
        struct place workflow_place = {&workflow_list, NULL, i}, step_list = {&workflow_place, "steps", 0};
        for (size_t j = 0; j < workflow->step_count; j++) {
            struct place place = {&step_list, NULL, j};
            check_step(document, sources, workflow, &workflow->steps[j], json_array_get(steps, j), &place);
        }
    }
    problems_sort(&document->problems);
}
