/*
 * document.h - an Arazzo document (1.0.x, and of 1.1.0 what concerns HTTP), read into structs.
 *
 * Reading is validating: whatever the specification asks of an object is checked where the object is read, and
 * each finding becomes a problem with its line and place. Fields that the specification does not know at a place
 * are warned about by name ("x-" fields are extensions and pass). References into components are followed here, so
 * that the rest sees plain objects. After document_read without errors, all names that steps and actions refer to
 * exist, but for those in other documents. AsyncAPI (sources, channelPath) is refused by name.
 *
 * Everything is owned by the document; texts and json values are borrowed from its root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arazzo/problem.h"
#include "arazzo/selector.h"
#include "arazzo/yaml_tree.h"
#include "base/arena.h"

enum source_type { SOURCE_OPENAPI, SOURCE_ARAZZO, SOURCE_ASYNCAPI };

struct source_description {
    const char *name, *url;
    enum source_type type;
    int line;
};

enum parameter_in { IN_PATH, IN_QUERY, IN_HEADER, IN_COOKIE, IN_QUERYSTRING, IN_BODY, IN_UNSAID };

struct parameter {
    const char *name;
    enum parameter_in in; /* UNSAID only for steps that call a workflow */
    const json_t *value;
};

struct parameters {
    struct parameter *items;
    size_t count;
};

enum criterion_type { CRITERION_SIMPLE, CRITERION_REGEX, CRITERION_JSONPATH, CRITERION_XPATH };

struct criterion {
    const char *context; /* an expression; NULL for simple ones */
    const char *condition;
    enum criterion_type type;
};

struct criteria {
    struct criterion *items;
    size_t count;
};

enum action_type { ACTION_END, ACTION_GOTO, ACTION_RETRY };

struct action {
    const char *name;
    enum action_type type;
    const char *workflow_id, *step_id; /* where to go, or what to run before a retry; at most one is set */
    double retry_after_s;              /* negative: not said */
    int64_t retry_limit;
    struct criteria criteria;
    struct parameters parameters; /* inputs of the workflow, in place of those of the one that is left */
};

struct actions {
    struct action *items;
    size_t count;
};

struct replacement {
    const char *target;
    bool has_type; /* else it is a JSON Pointer, or XPath in a body of XML */
    enum selector_type type;
    const json_t *value;
};

struct request_body {
    const char *content_type; /* NULL: what the operation says */
    const json_t *payload;    /* NULL: none */
    struct replacement *replacements;
    size_t replacement_count;
};

enum step_kind { STEP_OPERATION_ID, STEP_OPERATION_PATH, STEP_WORKFLOW };

struct step {
    const char *id;
    enum step_kind kind;
    const char *target; /* the operationId, operationPath or workflowId as written */
    int64_t timeout_ms; /* 0: not said */
    const char **depends_on; /* steps of this workflow, or expressions of others */
    size_t depends_on_count;
    struct parameters parameters;
    bool has_body;
    struct request_body body;
    struct criteria criteria; /* none: any 2xx is success */
    struct actions on_success, on_failure;
    const json_t *outputs; /* of names to expressions or selectors; NULL: none */
    int line;
};

struct workflow {
    const char *id, *summary; /* summary may be NULL */
    const json_t *inputs;     /* a JSON Schema; NULL: none */
    const char **depends_on;
    size_t depends_on_count;
    struct step *steps;
    size_t step_count;
    struct actions on_success, on_failure; /* of all its steps */
    struct parameters parameters;          /* of all its steps */
    const json_t *outputs;
    int line;
};

struct document {
    struct yaml_tree yaml;
    struct arena arena;
    struct problems problems;
    const char *title, *version; /* version: of the specification */
    const char *self;            /* NULL: not said */
    const json_t *components;    /* NULL: none */
    json_t *made;                /* owned: a list of values that reading has put together */
    struct source_description *sources;
    size_t source_count;
    struct workflow *workflows;
    size_t workflow_count;
};

/*
 * Reads a document; never NULL. Look at document->problems: with errors in it the document must not be run. A text
 * that is no YAML has that as its only problem, and no root.
 */
struct document *document_open(struct text text);
/* The same, but NULL with an error when the text is no YAML. */
struct document *document_read(struct text text, struct error *error);
void document_free(struct document *document); /* NULL is fine */

/*
 * A reference to a workflow of another document: "$sourceDescriptions.NAME.WORKFLOWID" gives both names; false for
 * anything else.
 */
bool document_foreign_name(const char *reference, struct text *source, const char **workflow_id);

/* NULL when there is none of that name. */
const struct workflow *document_workflow(const struct document *document, const char *id);
const struct source_description *document_source(const struct document *document, struct text name);
const struct step *workflow_step(const struct workflow *workflow, const char *id);

extern const char *const parameter_in_names[]; /* by enum parameter_in, without UNSAID; "body" is of 1.0.0 */
extern const char *const source_description_types[];
extern const char *const action_type_names[];
extern const char *const criterion_type_names[];
