/*
 * address.h - DATA/address: where a running gateway can be reached from its own machine, for the commands that work
 * through it (mode 0600). There while the gateway takes traffic; a file that a kill left behind means nothing, because
 * nobody holds the directory's lock then.
 */
#pragma once

#include "gateway/config.h"

enum { ADDRESS_SIZE = 300 };

/* "http://127.0.0.1:8420": how this machine reaches what listens as the config says. */
void address_format(const struct config *config, char url[ADDRESS_SIZE]);
bool address_write(const struct config *config, struct error *error);
void address_remove(const struct config *config);
/* Reads what a gateway with that data directory wrote. */
bool address_read(const char *data, char url[ADDRESS_SIZE], struct error *error);
