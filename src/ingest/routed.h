/*
 * routed.h - writes what requests became (route.h), and hands it on once it is on disk.
 */
#pragma once

#include "deliver/deliver.h"
#include "ingest/passages.h"
#include "ingest/route.h"
#include "store/store.h"

/* In the transaction, before its counts are used: makes an ignored event of a duplicate. */
bool routed_settle(struct store_transaction *, struct routed *routed, int64_t now, struct error *error);
/* In the same transaction. With `leased` the caller holds the event's lease from the commit on. */
bool routed_insert(struct store_transaction *, const struct routed *routed, bool leased, struct error *error);

/* After the commit, for what is not leased: tells who has to go on with it. Any thread. */
void routed_hand_on(struct deliver *deliver, struct passages *passages, const struct routed *routed);
