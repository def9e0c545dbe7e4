/* duplicate.h - what deduplicate rules remember, in the store; the rules of store.h hold. */
#pragma once

#include "store/store.h"

/*
 * *known: the connection saw this key less than its window ago. Otherwise it is remembered from `now` for window_ms, so
 * that duplicates do not prolong the window; a few that are out of date are forgotten on the way.
 */
bool store_remember(struct store_transaction *, int64_t connection_id, const void *key, size_t key_bytes, int64_t now,
                    int64_t window_ms, bool *known, struct error *);
