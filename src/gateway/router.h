/*
 * router.h - which part answers which path.
 *
 *   /e/..., /v1/publish..., /publish...   ingest
 *   all by a custom domain's host name, but for /healthz: ingest
 *   /YYYY-MM-DD/...            API
 *   /sign-in/...               API: the page of a sign-in
 *   /openapi.json              the API's description
 *   /healthz, /readyz          200 while the process lives; while it takes traffic and can write
 *   /metrics                   counts, in the Prometheus text format
 *   /                          what this is
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "http/server.h"

struct parts {
    char *openapi;     /* the API's description, made once: no event loop is kept from senders for that long */
    atomic_bool ready; /* the members below are set; before, everything but /healthz answers 503 */
    struct http_server *server;
    struct store *store;
    struct catalog *catalog;
    struct issues *issues;
    struct deliver *deliver;
    struct bulk_worker *bulk;
    struct provider *provider;
    struct ingest *ingest;
    struct passages *passages;
    struct transform_pool *transform;
    struct api *api;
    struct notify *notify;
    const char *public_url;
};

struct http_application router_application(struct parts *parts);
