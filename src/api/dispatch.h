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
enum dispatch_kind {
    DISPATCH_QUICK,
    DISPATCH_READS, /* a list or metrics: reads for as long as limits.list_* and metric_* let it */
    DISPATCH_CODE,  /* runs foreign code, which takes its time */
};
/* However its path is spelled. */
enum dispatch_kind dispatch_kind_of(struct http_exchange *exchange);
