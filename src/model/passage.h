/*
 * passage.h - a request on its way through the transformations of a connection.
 *
 * It is written in the transaction that takes the request in, and goes in the one that writes what came of it: an event,
 * or an ignored event. So after any kind of end every request that was taken in goes its way once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct passage {
    int64_t id, project_id, request_id, connection_id;
    int64_t position; /* of the rule's step that it waits for (rules/steps.h); those before it are done */
    int64_t bulk_id;  /* the bulk operation that asked for it; 0: none */
    bool remade;      /* someone asked for it anew: it is nobody's duplicate */
};
