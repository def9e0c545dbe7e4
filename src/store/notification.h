/*
 * notification.h - what projects want to be told, and what is still to be told; the rules of store.h hold.
 */
#pragma once

#include "model/issue.h"
#include "store/store.h"

bool store_put_notification(struct store_transaction *, const struct notification *, struct error *);
/* Those that are enabled, for memory. */
bool store_read_notifications(struct store_reader *, struct arena *, struct notification **, size_t *count,
                              struct error *);
/* The number of the last change of a trigger or a notification (see store.h). */
bool store_read_issue_change(struct store_reader *, int64_t *change, struct error *);

/* In the transaction of what it tells of. */
bool store_insert_notice(struct store_transaction *, const struct notice *, struct error *);
bool store_delete_notice(struct store_transaction *, int64_t id, struct error *);
/* The oldest that come after `after`. */
bool store_read_notices(struct store_reader *, struct arena *, int64_t after, size_t limit, struct notice **,
                        size_t *count, struct error *);
