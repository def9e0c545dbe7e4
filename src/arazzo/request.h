/*
 * request.h - the HTTP request of a step: its parameters, body and credentials on an operation.
 *
 * Parameters are written as OpenAPI's style and explode say (RFC 6570 forms). One that is unresolved is left out;
 * when the operation needs it, or it is part of the path, the request fails before anything is sent.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/credential.h"
#include "arazzo/document.h"
#include "arazzo/exchange.h"
#include "arazzo/expression.h"
#include "arazzo/sources.h"

/* What a request is made from. */
struct request_plan {
    const struct workflow_source *source;
    const struct operation *operation;
    const struct workflow *workflow;
    const struct step *step;
    const struct scope *scope;
    struct credential_store *credentials;
};

/*
 * Fills a new exchange with the request. False with a sentence when it cannot be made. `notes` (NULL: not wanted) gets
 * what was left out, a sentence a line.
 */
bool request_build(const struct request_plan *plan, struct exchange *exchange, struct buffer *notes,
                   struct error *error);
/*
 * Parameters without a place in HTTP, as the inputs of a workflow: an object of name to value. Those of `own` go
 * before those of `shared` (NULL: none). A new reference.
 */
json_t *request_inputs(const struct parameters *own, const struct parameters *shared, const struct scope *scope);
