/*
 * request_parts.h - a request while it is put together; what request.c, body.c and credential.c add to.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/document.h"
#include "arazzo/exchange.h"
#include "arazzo/expression.h"
#include "arazzo/sources.h"

struct request_parts {
    struct exchange *exchange;
    const struct workflow_source *source;
    const struct operation *operation;
    const struct workflow *workflow;
    const struct step *step;
    const struct scope *scope;
    struct buffer query, cookies; /* "a=b&c=d", "a=b; c=d" */
    const json_t *body_parameter; /* of 1.0.0, "in: body"; NULL: none */
    struct buffer *notes;         /* what was left out or taken by tolerance, a sentence a line; NULL: not wanted */
    struct error *error;
};

/* A header; one that is there already stays. False with an error when it cannot be sent. */
bool request_add_header(struct request_parts *parts, struct text name, struct text value);
/* A header from a value, whose name is checked. `declaration` may be NULL. */
bool request_add_header_value(struct request_parts *parts, const char *name, const json_t *declaration,
                              const json_t *value);
void request_add_query(struct request_parts *parts, const char *name, const json_t *declaration, const json_t *value);
void request_add_cookie(struct request_parts *parts, const char *name, const json_t *declaration, const json_t *value);
/* body.c: the body of the step, with its Content-Type. */
bool request_add_body(struct request_parts *parts);
