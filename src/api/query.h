/* query.h - reads a call's query string by its operation's parameter rows. */
#pragma once

#include "api/call.h"

/* Fills call->query; 422 naming every parameter that is unknown or has a bad value. */
bool query_read(struct call *call);
/* Makes room for filters in call->query, which has none. */
void query_make_room(struct call *call);
/*
 * Adds one value to the filter of a row (kept by its address), as if it stood in the query string; `operator` is empty
 * for equality. Problems are noted by the row's name.
 */
void query_add(struct call *call, const struct parameter_row *row, struct text operator, struct text value);
/* What of the query is not in the call's arena. */
void query_free(struct call_query *query);
