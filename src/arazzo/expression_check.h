/*
 * expression_check.h - do the expressions in a part of a document lead somewhere?
 *
 * Steps, inputs, workflows, sources and components that an expression names must be there, which is an error; an
 * output that a step does not have is a warning, because it is null when it runs.
 */
#pragma once

#include "arazzo/document_names.h"

/* Where the expressions stand. */
struct expression_check {
    const struct document_names *names;
    const json_t *workflow; /* as written */
    const json_t *steps;    /* stepId to the step */
    const json_t *inputs;   /* the schema, references followed; NULL: none */
    const struct place *place;
};

/* A value in which texts are expressions as a whole, or have them in braces. */
void expression_check_value(const struct expression_check *check, const json_t *value);
/* A simple condition, which has them anywhere. */
void expression_check_condition(const struct expression_check *check, const json_t *condition);
