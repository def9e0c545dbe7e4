/* domain.h - a host name of its own that a project's senders use. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { DOMAIN_NAME_BYTES = 253 };

struct domain {
    int64_t id, project_id;
    struct text hostname; /* lower case; unique among all projects */
    int64_t created_at;
};

/*
 * The name in lower case. False for what is no name of a host in the DNS (RFC 1123: labels of 1 to 63 letters, digits
 * and inner hyphens, at least two of them, the last not all digits), among them addresses, ports and wildcards.
 */
bool domain_read(struct text hostname, char out[DOMAIN_NAME_BYTES + 1]);
