/*
 * dispatch.h - from a call's path and headers to its operation's handler. What comes of it stands in the call.
 */
#pragma once

#include "access/rate.h"
#include "api/call.h"

/* `rate` counts the calls of the key. */
void dispatch(struct call *call, struct rate *rate);
/* The same for a caller who is known: call->access and project_id are set. */
void dispatch_granted(struct call *call);
/* Does the call run foreign code, which takes its time? However its path is spelled. */
bool dispatch_runs_code(struct http_exchange *exchange);
