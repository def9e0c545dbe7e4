#include "arazzo/document.h"

#include <stdlib.h>

#include "arazzo/document_check.h"
#include "arazzo/document_parts.h"
#include "base/memory.h"

const char *const source_description_types[] = {"openapi", "arazzo", "asyncapi", NULL};

static bool is_identifier(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static void want_identifier(const struct object_reader *reader, const char *member, const char *text)
{
    if (text != NULL && !is_identifier(text))
        object_warning(reader, member, "\"%s\" should be made of letters, digits, \"_\" and \"-\"", text);
}

static const char **read_names(const struct object_reader *reader, const char *member, size_t *count)
{
    const json_t *list = object_list(reader, member, false);
    json_t *item;
    size_t index;
    const char **names =
        list != NULL ? ARENA_ARRAY(&reader->document->arena, const char *, json_array_size(list)) : NULL;
    *count = 0;
    json_array_foreach(list, index, item) {
        if (json_is_string(item))
            names[(*count)++] = json_string_value(item);
        else
            object_error(reader, member, "an id belongs here, not %s", json_type_name(item));
    }
    return names;
}

/* ---- steps ---- */

/* With several descriptions 1.0.1 wants the source to be named. */
static void want_source_name(const struct object_reader *reader, const struct step *step)
{
    size_t descriptions = 0;
    for (size_t i = 0; i < reader->document->source_count; i++)
        descriptions += reader->document->sources[i].type == SOURCE_OPENAPI;
    if (step->kind == STEP_OPERATION_ID && descriptions > 1 && step->target != NULL && step->target[0] != '$')
        object_warning(reader, "operationId", "there are several sources: write $sourceDescriptions.NAME.%s; all of "
                       "them are searched", step->target);
}

/* Exactly one of the three must be there. */
static void read_target(const struct object_reader *reader, struct step *step)
{
    static const char *const members[] = {"operationId", "operationPath", "workflowId"};
    int found = 0;
    if (reader->object != NULL && json_object_get(reader->object, "channelPath") != NULL)
        object_error(reader, "channelPath", "AsyncAPI is not supported");
    for (int i = 0; i < 3; i++) {
        const char *target = object_text(reader, members[i], false);
        if (target == NULL)
            continue;
        found++;
        step->kind = (enum step_kind)i;
        step->target = target;
    }
    if (found != 1 && reader->object != NULL)
        object_error(reader, NULL, "a step has one of operationId, operationPath and workflowId, not %s",
                     found == 0 ? "none" : "several");
}

static void read_step(struct document *document, const json_t *value, const struct place *place, struct step *step)
{
    static const char *const members[] = {"stepId", "description", "operationId", "operationPath", "workflowId",
                                          "parameters", "requestBody", "successCriteria", "onSuccess", "onFailure",
                                          "outputs", "timeout", "dependsOn", "channelPath", NULL};
    struct object_reader reader = object_begin(document, value, place, members);
    step->line = object_line(&reader);
    step->id = object_text(&reader, "stepId", true);
    want_identifier(&reader, "stepId", step->id);
    read_target(&reader, step);
    want_source_name(&reader, step);
    step->depends_on = read_names(&reader, "dependsOn", &step->depends_on_count);
    step->timeout_ms = (int64_t)object_number(&reader, "timeout", 0);
    step->parameters = read_parameters(&reader, step->kind == STEP_WORKFLOW);
    step->has_body = read_request_body(&reader, &step->body);
    if (step->has_body && step->kind == STEP_WORKFLOW)
        object_error(&reader, "requestBody", "a step that calls a workflow has no request body");
    step->criteria = read_criteria(&reader, "successCriteria");
    step->on_success = read_actions(&reader, "onSuccess", false);
    step->on_failure = read_actions(&reader, "onFailure", true);
    step->outputs = read_outputs(&reader);
}

/* ---- workflows ---- */

/* References inside of a schema may lead into the components, so they become a part of it. */
static const json_t *with_components(struct document *document, const json_t *schema)
{
    json_t *inputs = document->components ? json_object_get(document->components, "inputs") : NULL;
    if (schema == NULL || inputs == NULL)
        return schema;
    json_t *whole = json_copy((json_t *)schema);
    json_object_set_new(whole, "components", json_pack("{s:O}", "inputs", inputs));
    document->made = document->made ? document->made : json_array();
    json_array_append_new(document->made, whole);
    return whole;
}

/* A reference into components.inputs gives way to what it names. */
static const json_t *read_inputs(const struct object_reader *reader)
{
    static const char prefix[] = "#/components/inputs/";
    const json_t *inputs = object_object(reader, "inputs");
    const char *reference = inputs ? json_string_value(json_object_get(inputs, "$ref")) : NULL;
    if (reference == NULL)
        return with_components(reader->document, inputs);
    const json_t *group = json_object_get(reader->document->components, "inputs");
    bool fits = strncmp(reference, prefix, sizeof prefix - 1) == 0;
    const json_t *named = fits ? json_object_get(group, reference + sizeof prefix - 1) : NULL;
    if (!json_is_object(named))
        object_error(reader, "inputs", "there is nothing at \"%s\"", reference);
    return json_is_object(named) ? with_components(reader->document, named) : NULL;
}

static void read_workflow(struct document *document, const json_t *value, const struct place *place,
                          struct workflow *workflow)
{
    static const char *const members[] = {"workflowId", "summary", "description", "inputs", "dependsOn", "steps",
                                          "successActions", "failureActions", "outputs", "parameters", NULL};
    struct object_reader reader = object_begin(document, value, place, members);
    workflow->line = object_line(&reader);
    workflow->id = object_text(&reader, "workflowId", true);
    want_identifier(&reader, "workflowId", workflow->id);
    workflow->summary = json_string_value(json_object_get(value, "summary"));
    workflow->inputs = read_inputs(&reader);
    workflow->depends_on = read_names(&reader, "dependsOn", &workflow->depends_on_count);
    workflow->on_success = read_actions(&reader, "successActions", false);
    workflow->on_failure = read_actions(&reader, "failureActions", true);
    workflow->parameters = read_parameters(&reader, true);
    workflow->outputs = read_outputs(&reader);
    const json_t *steps = object_list(&reader, "steps", true);
    struct place list = {place, "steps", 0};
    json_t *item;
    size_t index;
    if (steps != NULL)
        workflow->steps = ARENA_ARRAY(&document->arena, struct step, json_array_size(steps));
    json_array_foreach(steps, index, item) {
        struct place item_place = {&list, NULL, index};
        read_step(document, item, &item_place, &workflow->steps[workflow->step_count++]);
    }
}

/* ---- the root ---- */

static void read_source(struct document *document, const json_t *value, const struct place *place,
                        struct source_description *source)
{
    static const char *const members[] = {"name", "url", "type", NULL};
    struct object_reader reader = object_begin(document, value, place, members);
    source->line = object_line(&reader);
    source->name = object_text(&reader, "name", true);
    want_identifier(&reader, "name", source->name);
    source->url = object_text(&reader, "url", true);
    int type = object_choice(&reader, "type", false, source_description_types);
    source->type = type > 0 ? (enum source_type)type : SOURCE_OPENAPI;
    if (type == SOURCE_ASYNCAPI)
        object_error(&reader, "type", "AsyncAPI is not supported");
}

static void read_info(const struct object_reader *root)
{
    static const char *const members[] = {"title", "summary", "description", "version", NULL};
    struct place place = {root->place, "info", 0};
    struct object_reader reader =
        object_begin(root->document, json_object_get(root->object, "info"), &place, members);
    root->document->title = object_text(&reader, "title", true);
    object_text(&reader, "version", true);
}

static void read_version(const struct object_reader *root)
{
    const char *version = object_text(root, "arazzo", true);
    root->document->version = version;
    bool known = version != NULL && (strncmp(version, "1.0.", 4) == 0 || strncmp(version, "1.1.", 4) == 0) &&
                 version[4] != '\0' && version[4 + strspn(version + 4, "0123456789")] == '\0';
    if (version != NULL && !known)
        object_error(root, "arazzo", "version %s of the specification is not known; 1.0.0, 1.0.1 and 1.1.0 are",
                     version);
}

static void read_root(struct document *document)
{
    static const char *const members[] = {"arazzo", "info", "sourceDescriptions", "workflows", "components", "$self",
                                          NULL};
    struct object_reader root = object_begin(document, document->yaml.root, NULL, members);
    json_t *item;
    size_t index;
    if (root.object == NULL)
        return;
    read_version(&root);
    read_info(&root);
    document->components = object_object(&root, "components");
    document->self = object_text(&root, "$self", false);
    const json_t *sources = object_list(&root, "sourceDescriptions", true);
    struct place source_list = {NULL, "sourceDescriptions", 0};
    if (sources != NULL)
        document->sources = ARENA_ARRAY(&document->arena, struct source_description, json_array_size(sources));
    json_array_foreach(sources, index, item) {
        struct place place = {&source_list, NULL, index};
        read_source(document, item, &place, &document->sources[document->source_count++]);
    }
    const json_t *workflows = object_list(&root, "workflows", true);
    struct place workflow_list = {NULL, "workflows", 0};
    if (workflows != NULL)
        document->workflows = ARENA_ARRAY(&document->arena, struct workflow, json_array_size(workflows));
    json_array_foreach(workflows, index, item) {
        struct place place = {&workflow_list, NULL, index};
        read_workflow(document, item, &place, &document->workflows[document->workflow_count++]);
    }
}

struct document *document_open(struct text text)
{
    struct document *document = NEW(struct document);
    struct error error = {0};
    if (yaml_tree_read(&document->yaml, text, &error)) {
        read_root(document);
        if (json_is_object(document->yaml.root))
            document_check(document);
        problems_sort(&document->problems);
    } else {
        problem_add_by(&document->problems, true, document->yaml.error_line, NULL, rule_named("yaml"), NULL, "%s",
                       error.message);
    }
    return document;
}

struct document *document_read(struct text text, struct error *error)
{
    struct document *document = document_open(text);
    if (document->yaml.root != NULL)
        return document;
    error_set(error, ERROR_INVALID, "%s", document->problems.items[0].sentence);
    document_free(document);
    return NULL;
}

void document_free(struct document *document)
{
    if (document == NULL)
        return;
    problems_free(&document->problems);
    json_decref(document->made);
    arena_free(&document->arena);
    yaml_tree_free(&document->yaml);
    free(document);
}

bool document_foreign_name(const char *reference, struct text *source, const char **workflow_id)
{
    static const char prefix[] = "$sourceDescriptions.";
    const char *name = reference + sizeof prefix - 1;
    const char *dot = strncmp(reference, prefix, sizeof prefix - 1) == 0 ? strchr(name, '.') : NULL;
    if (dot == NULL)
        return false;
    *source = (struct text){name, (size_t)(dot - name)};
    *workflow_id = dot + 1;
    return true;
}

const struct workflow *document_workflow(const struct document *document, const char *id)
{
    for (size_t i = 0; i < document->workflow_count; i++) {
        if (strcmp(document->workflows[i].id, id) == 0)
            return &document->workflows[i];
    }
    return NULL;
}

const struct source_description *document_source(const struct document *document, struct text name)
{
    for (size_t i = 0; i < document->source_count; i++) {
        if (text_equal(text_of(document->sources[i].name), name))
            return &document->sources[i];
    }
    return NULL;
}

const struct step *workflow_step(const struct workflow *workflow, const char *id)
{
    for (size_t i = 0; i < workflow->step_count; i++) {
        if (strcmp(workflow->steps[i].id, id) == 0)
            return &workflow->steps[i];
    }
    return NULL;
}
