/*
 * bulk_query.h - the query of a bulk operation: the filters of the matching list, as a JSON object.
 *
 *     {"status": "FAILED", "webhook_id": ["web_1", "web_2"], "created_at": {"gte": "2026-01-01T00:00:00Z"}}
 */
#pragma once

#include "api/call.h"
#include "bulk/bulk.h"

/* Reads the members into call->query's filters, which hold nothing yet. Problems are noted as "query.NAME: ...". */
void bulk_query_read(struct call *call, enum bulk_kind kind, const json_t *query);
/* The same object with numbers and booleans that came as text, in a query string, as what they are. */
json_t *bulk_query_typed(enum bulk_kind kind, const json_t *query);
/* As it is stored: compact, keys sorted. In the call's arena. */
struct text bulk_query_text(struct call *call, const json_t *query);
/* Does it say what to look for at all? */
bool bulk_query_is_empty(const json_t *query);
