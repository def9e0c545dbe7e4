/*
 * key.h - the first project and the operator's API key.
 *
 * The key comes from the setting api_key or from DATA/api-key (mode 0600), which is made at the first start. Only
 * its SHA-256 is in the store.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "gateway/config.h"
#include "store/store.h"

/* Fills config->api_key; makes the key file when there is none. The directory is there and is ours alone. */
bool key_load(struct config *config, struct error *error);
/* The same without making one: for commands that work through a running gateway. */
bool key_read(struct config *config, struct error *error);
/* Sees to it that the store has a project and knows the key as the operator's; one of an earlier start loses that. */
bool key_register(struct store *store, const char *api_key, struct error *error);
