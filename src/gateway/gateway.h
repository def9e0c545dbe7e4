/*
 * gateway.h - puts the parts together: store, catalog, delivery, ingest, API and the HTTP server.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "gateway/config.h"

struct gateway;

/*
 * Starts everything; on return the gateway takes traffic. The config is kept by reference and its public_url is
 * filled in. NULL with a sentence for the user when a part cannot start; what was started is stopped again.
 */
struct gateway *gateway_start(struct config *config, struct error *error);
uint16_t gateway_port(const struct gateway *gateway);

/*
 * Stops taking requests, answers those it has, finishes running deliveries (limits.shutdown_ms), records their
 * outcomes and closes the store. Nothing is lost and nothing that finished is done again.
 */
void gateway_stop(struct gateway *gateway);
