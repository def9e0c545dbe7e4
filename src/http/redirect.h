/*
 * redirect.h - what a redirect changes of a request, and which ones are not followed. Pure.
 *
 * Method and body stay as they were: a webhook that became a GET on its way would count as delivered and be lost. Only 303
 * says that the request was done, and that its result is to be had with a GET.
 *
 * What leaves the origin (scheme, host, port) of the call's own URL leaves its credentials behind, and does not get them
 * back on the way; http to https of one host at their usual ports is no other origin.
 */
#pragma once

#include <stdbool.h>

#include "http/egress.h"
#include "http/target.h"

/* 301, 302, 303, 307, 308. */
bool redirect_is_one(int status);
bool redirect_becomes_get(int status, const char *method);
bool redirect_leaves_origin(const struct target *from, const struct target *to);
/* By its name: authorization, cookies, and what sounds like a token, a key, a signature. In lower case or not. */
bool redirect_is_credential(struct text name);
/* Is it about the body, which a GET has not? */
bool redirect_describes_body(struct text name);
/* Of the two hosts, and of the step down from https; false with the sentence. `egress` may be NULL: all are. */
bool redirect_is_allowed(const struct egress *egress, const struct target *from, const struct target *to,
                         char reason[EGRESS_REASON]);
