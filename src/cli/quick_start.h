/*
 * quick_start.h - what a newcomer sees: on a gateway without connections and without sources of its user's own the
 * bundled workflow examples/quick-start.yml makes a source, a mock destination and a connection, and the way to send a
 * first webhook is printed.
 */
#pragma once

#include "gateway/config.h"

/* Prints the URL, the key and a curl line on standard output; a failure is only logged. */
void quick_start(const struct config *config);
