/*
 * expression.h - runtime expressions: "$steps.createSource.outputs.sourceId", "$response.body#/id".
 *
 * A value that is not there (an input that was not given, a member that a reply lacks, a step that was skipped) is
 * "unresolved": NULL with a sentence. What that means is the caller's: a parameter is left out, an output is null.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/exchange.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

enum expression_root {
    EXPRESSION_URL, EXPRESSION_METHOD, EXPRESSION_STATUS, EXPRESSION_REQUEST, EXPRESSION_RESPONSE, EXPRESSION_INPUTS,
    EXPRESSION_OUTPUTS, EXPRESSION_STEPS, EXPRESSION_WORKFLOWS, EXPRESSION_SOURCES, EXPRESSION_COMPONENTS,
    EXPRESSION_SELF,
};

enum expression_part { PART_NONE, PART_HEADER, PART_QUERY, PART_PATH, PART_BODY };

/* A parsed expression; its texts are slices of what was parsed. */
struct expression {
    enum expression_root root;
    enum expression_part part;  /* of a request or response */
    struct text name;           /* what follows: "stepId.outputs.name", a header, ... */
    bool has_pointer;
    struct text pointer;        /* behind "#" */
};

/* What expressions can see at a moment. Everything is borrowed; NULL: nothing of it is there. */
struct scope {
    const struct exchange *exchange; /* of the current step */
    const json_t *inputs;            /* object */
    const json_t *outputs;           /* object: $outputs */
    const json_t *steps;             /* stepId -> {"outputs": {...}} */
    const json_t *workflows;         /* workflowId -> {"inputs": {...}, "outputs": {...}} */
    const json_t *sources;           /* name -> {"url": ..., "type": ...}; of documents also workflowId -> as above */
    const json_t *components;
    const char *self;                /* $self; NULL: the document has none */
    struct buffer *notes;            /* gets what a value lacks, a sentence a line; NULL: not wanted */
    bool rehearsal; /* nothing is sent: what only a reply could give stands for itself, as "{$...}" */
};

bool expression_parse(struct text text, struct expression *expression, struct error *error);
/* A new reference, or NULL when unresolved. */
json_t *expression_evaluate(const struct expression *expression, const struct scope *scope, struct error *error);
/* Both in one. */
json_t *expression_value(struct text text, const struct scope *scope, struct error *error);
/*
 * How many bytes at the beginning of a text that begins with "$" belong to an expression, where a condition or
 * other text follows: names reach to the first character that is no letter, digit, "_", "-" or "."; pointers to a
 * blank, a bracket or an operator. 0: none.
 */
size_t expression_extent(struct text text);
/* In a rehearsal: is this what stands for the value of an expression that only a reply could give? */
bool expression_is_stand_in(struct text text, const json_t *value);
/* A member by a name in which dots may also lead into objects; borrowed, NULL when there is none. */
json_t *expression_descend(const json_t *object, struct text name);
