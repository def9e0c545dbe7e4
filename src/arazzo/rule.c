#include "arazzo/rule.h"

#include <stdio.h>
#include <string.h>

#include "arazzo/problem.h"

static const struct rule RULES[] = {
    {"document", "a document is an object with arazzo, info, sourceDescriptions and workflows"},
    {"document.arazzo", "write the version as a text of three numbers: arazzo: 1.0.1"},
    {"document.info", "give the document a title and a version: info: {title: ..., version: 1.0.0}"},
    {"document.sourceDescriptions", "list at least one source: {name: shop, url: shop.openapi.yml, type: openapi}"},
    {"document.workflows", "list at least one workflow with a workflowId and steps"},
    {"document.components", "components is an object of inputs, parameters, successActions and failureActions"},
    {"document.$self", "$self is the address of the document itself, a text"},
    {"info", "info is an object with a title and a version"},
    {"info.title", "give the document a title, a text"},
    {"info.version", "give the document a version of its own, in quotes when it looks like a number: \"1.0\""},
    {"info.summary", "a summary is a text"},
    {"info.description", "a description is a text"},
    {"source", "a source is an object with a name, a url and a type"},
    {"source.name", "a name is a text of letters, digits, _ and -, and no other source has it"},
    {"source.url", "say where the description is: an http(s) URL, or a path from the document's folder"},
    {"source.type", "the type is openapi or arazzo"},
    {"workflow", "a workflow is an object with a workflowId and steps"},
    {"workflow.workflowId", "a workflowId is a text of letters, digits, _ and -, and no other workflow has it"},
    {"workflow.summary", "a summary is a text"},
    {"workflow.description", "a description is a text"},
    {"workflow.inputs", "inputs is a JSON Schema of an object, or {$ref: '#/components/inputs/NAME'}"},
    {"workflow.dependsOn", "dependsOn is a list of workflowIds"},
    {"workflow.steps", "steps is a list of at least one step"},
    {"workflow.successActions", "successActions is a list of actions: {name: ..., type: end}"},
    {"workflow.failureActions", "failureActions is a list of actions: {name: ..., type: retry, retryLimit: 3}"},
    {"workflow.outputs", "outputs is an object of names (letters, digits, . _ -) to expressions: $steps.a.outputs.id"},
    {"workflow.parameters", "parameters is a list in which no two have the same name and place"},
    {"step", "a step has a stepId and one of operationId, operationPath and workflowId"},
    {"step.stepId", "a stepId is a text of letters, digits, _ and -, and no other step of the workflow has it"},
    {"step.description", "a description is a text"},
    {"step.operationId", "name an operation of a source, alone or as $sourceDescriptions.NAME.OPERATION"},
    {"step.operationPath", "write it as {$sourceDescriptions.NAME.url}#/paths/~1orders/get"},
    {"step.workflowId", "name a workflow of this document, or $sourceDescriptions.NAME.WORKFLOW of another"},
    {"step.parameters", "parameters is a list in which no two have the same name and place"},
    {"step.requestBody", "a request body is an object with a payload; steps that call workflows have none"},
    {"step.successCriteria", "successCriteria is a list: - condition: $statusCode == 200"},
    {"step.onSuccess", "onSuccess is a list of actions: {name: ..., type: end}"},
    {"step.onFailure", "onFailure is a list of actions: {name: ..., type: retry, retryLimit: 3}"},
    {"step.outputs", "outputs is an object of names (letters, digits, . _ -) to expressions: id: $response.body#/id"},
    {"step.timeout", "a timeout is a whole number of milliseconds"},
    {"step.channelPath", "steps call operations or workflows here; messages of AsyncAPI are not supported"},
    {"parameter", "a parameter has a name, a place (in) and a value; or a reference: $components.parameters.NAME"},
    {"parameter.name", "name the parameter as the operation or the called workflow does"},
    {"parameter.in", "say where it goes: path, query, header or cookie"},
    {"parameter.value", "give it a value: a literal, or an expression like $inputs.id"},
    {"parameter.reference", "refer to a parameter of the components: $components.parameters.NAME"},
    {"criterion", "a criterion is an object with a condition"},
    {"criterion.condition", "write a condition of the criterion's type, such as $statusCode == 200"},
    {"criterion.context", "name what the condition looks at: $response.body"},
    {"criterion.type", "the type is simple, regex, jsonpath or xpath, or an object of such a type and its version"},
    {"criterion-type.type", "the type is jsonpath or xpath"},
    {"criterion-type.version", "jsonpath: draft-goessner-dispatch-jsonpath-00, rfc9535; xpath: xpath-10, -20, -30"},
    {"success-action", "an action has a name and a type: end, or goto with a stepId or a workflowId"},
    {"success-action.name", "give the action a name of its own"},
    {"success-action.type", "after a success the type is end or goto"},
    {"success-action.stepId", "name a step of the same workflow, and no workflowId beside it"},
    {"success-action.workflowId", "name a workflow, and no stepId beside it"},
    {"success-action.criteria", "criteria is a list: - condition: $statusCode == 200"},
    {"success-action.reference", "refer to an action of the components: $components.successActions.NAME"},
    {"failure-action", "an action has a name and a type: end, retry, or goto with a stepId or a workflowId"},
    {"failure-action.name", "give the action a name of its own"},
    {"failure-action.type", "after a failure the type is end, retry or goto"},
    {"failure-action.stepId", "name a step of the same workflow, and no workflowId beside it"},
    {"failure-action.workflowId", "name a workflow, and no stepId beside it"},
    {"failure-action.retryAfter", "retryAfter is a number of seconds, not below 0, and belongs to a retry"},
    {"failure-action.retryLimit", "retryLimit is a whole number, not below 0, and belongs to a retry"},
    {"failure-action.criteria", "criteria is a list: - condition: $statusCode == 503"},
    {"failure-action.reference", "refer to an action of the components: $components.failureActions.NAME"},
    {"request-body", "a request body is an object with a payload"},
    {"request-body.contentType", "a content type is a text: application/json"},
    {"request-body.payload", "the payload is any value; expressions in it are replaced"},
    {"request-body.replacements", "replacements is a list of {target: /a/b, value: ...}"},
    {"replacement", "a replacement has a target and a value"},
    {"replacement.target", "the target is a JSON Pointer into the payload (/items/0/id), or an XPath when it is XML"},
    {"replacement.value", "give what to put at the target: a literal or an expression"},
    {"components", "components is an object of inputs, parameters, successActions and failureActions"},
    {"components.inputs", "an object of names (letters, digits, . _ -) to JSON Schemas"},
    {"components.parameters", "an object of names (letters, digits, . _ -) to parameters"},
    {"components.successActions", "an object of names (letters, digits, . _ -) to actions"},
    {"components.failureActions", "an object of names (letters, digits, . _ -) to actions"},
    /* across kinds */
    {"yaml", "one YAML or JSON document without duplicate keys belongs here; look at indentation and quotes"},
    {"unknown-field", "take it out, or begin its name with x- when it is an extension"},
    {"unique", "names must differ, because others refer to them"},
    {"reference", "the name must be one that the document has; look for a slip of the pen"},
    {"expression", "expressions begin with $inputs, $steps, $workflows, $sourceDescriptions, $components, $request, "
                   "$response, $url, $method, $statusCode or $outputs"},
    {"circle", "dependencies must end somewhere: take one of them out"},
    {"schema", "inputs are declared in JSON Schema: {type: object, properties: {id: {type: string}}, required: [id]}"},
    {"operation", "the operation must be in one of the descriptions: compare with its operationId and paths"},
    {"operation.parameter", "compare with the parameters that the description has for the operation"},
    {"operation.body", "compare with the request body that the description has for the operation"},
    {"description", "the description must be an OpenAPI document; --openapi DIR names another folder for it"},
};

/* The kind of the items of a list. */
static const struct kind {
    const char *member, *kind;
} ITEMS[] = {
    {"sourceDescriptions", "source"},
    {"workflows", "workflow"},
    {"steps", "step"},
    {"parameters", "parameter"},
    {"successCriteria", "criterion"},
    {"criteria", "criterion"},
    {"onSuccess", "success-action"},
    {"successActions", "success-action"},
    {"onFailure", "failure-action"},
    {"failureActions", "failure-action"},
    {"replacements", "replacement"},
    {NULL, NULL},
};

/* The kind of an object that stands under a name. */
static const struct kind OBJECTS[] = {
    {"info", "info"}, {"components", "components"}, {"requestBody", "request-body"}, {"type", "criterion-type"},
    {NULL, NULL},
};

static const struct rule *find(const char *name)
{
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        if (strcmp(RULES[i].name, name) == 0)
            return &RULES[i];
    }
    return NULL;
}

const struct rule *rule_named(const char *name)
{
    const struct rule *rule = find(name);
    return rule != NULL ? rule : &RULES[0];
}

static const char *kind_of(const struct kind *kinds, const char *member)
{
    for (; member != NULL && kinds->member != NULL; kinds++) {
        if (strcmp(kinds->member, member) == 0)
            return kinds->kind;
    }
    return NULL;
}

/* The kind of the object at the place; NULL when it is of none ("outputs", say). */
static const char *kind_at(const struct place *place)
{
    if (place->above == NULL && place->name == NULL)
        return "document";
    if (place->name == NULL)
        return kind_of(ITEMS, place->above->name);
    const struct place *list = place->above, *around = list ? list->above : NULL;
    bool is_component = around != NULL && around->name != NULL && strcmp(around->name, "components") == 0;
    return is_component ? kind_of(ITEMS, list->name) : kind_of(OBJECTS, place->name);
}

/* Of "workflows[0].steps[1].outputs" the member's own rule, or else that of the nearest object around it. */
const struct rule *rule_at(const struct place *place, const char *member)
{
    for (; place != NULL; place = place->above) {
        const char *kind = kind_at(place);
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", kind ? kind : "", member ? "." : "", member ? member : "");
        const struct rule *rule = kind ? find(name) : NULL;
        if (rule != NULL)
            return rule;
        if (place->name != NULL)
            member = place->name;
    }
    char name[64];
    snprintf(name, sizeof name, "document%s%s", member ? "." : "", member ? member : "");
    return rule_named(name);
}
