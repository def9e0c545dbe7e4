/* query.h - reads a call's query string by its operation's parameter rows. */
#pragma once

#include "api/call.h"

/* Fills call->query; 422 naming every parameter that is unknown or has a bad value. */
bool query_read(struct call *call);
/* What of the query is not in the call's arena. */
void query_free(struct call_query *query);
