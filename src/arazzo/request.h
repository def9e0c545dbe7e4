/*
 * request.h - the HTTP request of a step: its parameters, body and credentials on an operation.
 *
 * Parameters are written as OpenAPI's style and explode say (RFC 6570 forms). One that is unresolved is left out;
 * when the operation needs it, or it is part of the path, the request fails before anything is sent.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/document.h"
#include "arazzo/exchange.h"
#include "arazzo/expression.h"
#include "arazzo/sources.h"

/* The key that the user brought, put where the operation's security schemes want it. */
struct credentials {
    const char *key;        /* NULL: none */
    bool only_named_servers; /* not sent to servers that the user did not name */
};

/* Fills a new exchange with the request. False with a sentence when it cannot be made. */
bool request_build(struct exchange *exchange, const struct workflow_source *source, const struct operation *operation,
                   const struct workflow *workflow, const struct step *step, const struct scope *scope,
                   const struct credentials *credentials, struct error *error);
/*
 * The parameters of a step that calls a workflow, as the inputs of it: an object of name to value. A new reference.
 */
json_t *request_inputs(const struct workflow *workflow, const struct step *step, const struct scope *scope);
