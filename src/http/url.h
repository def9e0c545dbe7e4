/*
 * url.h - is this a URL that the client can call? Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* Absolute, http or https, with a host, a port in its range, and nothing that must be percent-encoded. */
bool http_url_is_valid(struct text url);
/* Does a valid URL name a user, "http://user:password@host"? */
bool http_url_has_user(struct text url);
