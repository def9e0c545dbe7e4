/* integration.h - what is known of a provider of webhooks, its secrets included, to be shared by several sources. */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct integration {
    int64_t id, project_id;
    struct text label;
    struct text provider; /* "STRIPE", "HMAC", ... */
    struct text features; /* JSON array of "VERIFICATION" and "HANDSHAKE" */
    struct text configs;  /* JSON object; its members depend on the provider */
    int64_t created_at, updated_at;
};
