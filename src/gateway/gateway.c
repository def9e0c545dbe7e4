#include "gateway/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "api/api.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "bulk/bulk.h"
#include "deliver/deliver.h"
#include "gateway/address.h"
#include "gateway/key.h"
#include "gateway/router.h"
#include "http/server.h"
#include "ingest/ingest.h"
#include "issue/issues.h"
#include "notify/notify.h"
#include "catalog/catalog.h"
#include "store/metrics.h"
#include "store/store.h"
#include "transform/pool.h"

enum { REPLY_GRACE_MS = 10000 }; /* for replies that only wait for a commit or a worker */

struct gateway {
    struct config *config;
    struct parts parts;
    struct http_server *server;
    struct metric_sampler *sampler;
    bool addressed; /* the address file is ours */
};

/* As many descriptors as we may have: senders, destinations, the store. */
static void raise_descriptor_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    rlim_t wanted = (rlim_t)(limits.connections + limits.deliveries + 64);
    if (files.rlim_cur < wanted)
        log_warn("only %llu open files are allowed, but limits.connections and limits.deliveries ask for %llu",
                 (unsigned long long)files.rlim_cur, (unsigned long long)wanted);
}

/*
 * The public URL goes into every source's url, so with port 0 the port must be known first: the server starts
 * before the parts that print URLs, and answers 503 until they are there.
 */
static bool start_server(struct gateway *gateway, struct error *error)
{
    struct config *config = gateway->config;
    gateway->server = http_server_start(config->listen_host, config->listen_port, config->ingest_loops,
                                        router_application(&gateway->parts), error);
    if (gateway->server == NULL)
        return false;
    config->listen_port = http_server_port(gateway->server);
    gateway->parts.server = gateway->server;
    if (config->public_url[0] == '\0') {
        bool ipv6 = text_find_byte(text_of(config->listen_host), ':') >= 0;
        snprintf(config->public_url, sizeof config->public_url, ipv6 ? "http://[%s]:%u" : "http://%s:%u",
                 config->listen_host, config->listen_port);
    }
    struct sockaddr_storage address;
    http_server_address(gateway->server, &address);
    egress_add_listener(&config->egress, (const struct sockaddr *)&address);
    egress_add_public_url(&config->egress, config->public_url);
    return true;
}

static bool start_parts(struct gateway *gateway, struct error *error)
{
    struct parts *parts = &gateway->parts;
    const char *url = gateway->config->public_url;
    const struct passages_context context = {api_describe_connection, (void *)url};
    parts->public_url = url;
    return (parts->catalog = catalog_open(parts->store, error)) != NULL &&
           (parts->issues = issues_start(parts->store, parts->catalog, error)) != NULL &&
           (parts->deliver = deliver_start(parts->store, parts->catalog, parts->issues, &gateway->config->egress, url,
                                           &gateway->config->client, error)) != NULL &&
           (parts->transform = transform_pool_start(gateway->config->transform_program, error)) != NULL &&
           (parts->passages = passages_start(parts->store, parts->catalog, parts->deliver, parts->issues,
                                             parts->transform, context, error)) != NULL &&
           (parts->provider = provider_start(&gateway->config->provider, &gateway->config->egress, error)) != NULL &&
           (parts->ingest = ingest_start(parts->store, parts->catalog, parts->deliver, parts->issues, parts->passages,
                                         parts->provider, url, error)) != NULL &&
           (parts->bulk = bulk_start(parts->store, parts->catalog, parts->deliver, parts->passages, bulk_query_plan,
                                     error)) != NULL &&
           (parts->api = api_start(parts->store, parts->catalog, parts->deliver, parts->issues, parts->passages,
                                   parts->bulk, parts->transform, url, error)) != NULL &&
           (parts->notify = notify_start(parts->store, parts->catalog, parts->deliver, parts->issues, parts->passages,
                                         url, &gateway->config->channels, error)) != NULL &&
           (gateway->sampler = metric_sampler_start(parts->store, error)) != NULL;
}

struct gateway *gateway_start(struct config *config, struct error *error)
{
    struct gateway *gateway = NEW(struct gateway);
    gateway->config = config;
    raise_descriptor_limit();
    gateway->parts.openapi = api_openapi();
    /* The store first: it makes the directory and keeps others out of it. */
    if ((gateway->parts.openapi != NULL || error_set(error, ERROR_INTERNAL, "no memory for the API's description")) &&
        (gateway->parts.store = store_open(config->data, error)) != NULL && key_load(config, error) &&
        key_register(gateway->parts.store, config->api_key, error) && start_server(gateway, error) &&
        start_parts(gateway, error) && (gateway->addressed = address_write(config, error))) {
        atomic_store(&gateway->parts.ready, true);
        return gateway;
    }
    gateway_stop(gateway);
    return NULL;
}

uint16_t gateway_port(const struct gateway *gateway)
{
    return http_server_port(gateway->server);
}

void gateway_stop(struct gateway *gateway)
{
    struct parts *parts = &gateway->parts;
    if (gateway->addressed)
        address_remove(gateway->config);
    if (gateway->server != NULL) {
        http_server_quiesce(gateway->server);
        if (parts->provider != NULL)
            provider_quiesce(parts->provider);
        http_server_stop(gateway->server, REPLY_GRACE_MS);
    }
    atomic_store(&parts->ready, false);
    if (parts->transform != NULL)
        transform_pool_quiesce(parts->transform);
    if (parts->api != NULL)
        api_stop(parts->api);
    if (parts->bulk != NULL)
        bulk_stop(parts->bulk);
    if (parts->notify != NULL)
        notify_stop(parts->notify);
    if (parts->ingest != NULL) /* it hands on to those below */
        ingest_stop(parts->ingest);
    if (parts->provider != NULL)
        provider_stop(parts->provider);
    if (parts->passages != NULL)
        passages_stop(parts->passages);
    if (parts->transform != NULL)
        transform_pool_stop(parts->transform);
    if (parts->deliver != NULL)
        deliver_stop(parts->deliver, limits.shutdown_ms);
    if (parts->issues != NULL)
        issues_stop(parts->issues);
    if (gateway->sampler != NULL)
        metric_sampler_stop(gateway->sampler);
    if (parts->catalog != NULL)
        catalog_close(parts->catalog);
    if (parts->store != NULL)
        store_close(parts->store);
    free(parts->openapi);
    free(gateway);
}
