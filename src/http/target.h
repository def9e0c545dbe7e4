/*
 * target.h - what a URL leads to, as the client will read it. Pure.
 *
 * libcurl's own parser reads it, so that nobody can write a URL which means one thing here and another there: numbers in
 * the place of an address (2130706433, 0x7f.1, 0177.0.0.1) are told as the address, percent-encoding is undone, "." and
 * ".." are gone from the path. Names in other scripts can be called in their xn-- form only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http/network.h"

enum { TARGET_HOST = 256, TARGET_PATH = 512 };

struct target {
    char host[TARGET_HOST]; /* in lower case, without brackets, zone and dots at its end */
    char path[TARGET_PATH]; /* its beginning; percent-encoding kept */
    uint16_t port;
    bool secure;     /* https */
    bool is_literal; /* the host is an address */
    struct address address;
};

/* False for what is no http or https URL with a host. */
bool target_read(const char *url, struct target *target);
/* The same scheme, host and port. */
bool target_same_origin(const struct target *a, const struct target *b);
