/*
 * route.h - which events a request makes, one for each connection of its source. Pure.
 *
 * Used when a request comes in and when it is retried.
 */
#pragma once

#include "model/model.h"
#include "catalog/catalog.h"

struct routed {
    struct event event;           /* when `ignored` is 0 */
    enum ignored_cause ignored;   /* else why there is none */
    int64_t connection_id;
    bool immediate;               /* due now: a delivery may start right after the commit */
};

/* Fills *routed for one connection of the request's source. Makes the event's id. */
void route_connection(const struct request *request, const struct catalog_connection *connection,
                      const struct catalog_destination *destination, int64_t now, struct routed *routed);
