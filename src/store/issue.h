/*
 * issue.h - issues in the store, and the events that they are of; the rules of store.h hold.
 *
 * Deleting a trigger deletes its issues: nobody finds them from then on. What they hold on disk is removed in slices.
 */
#pragma once

#include "model/issue.h"
#include "store/store.h"

/* Inserts (when the id is new) or replaces what changes: all but the keys. */
bool store_put_issue(struct store_transaction *, const struct issue *, struct error *);
bool store_touch_issue(struct store_transaction *, int64_t id, int64_t last_seen_at, struct error *);
/* Once or again, it is the same. */
bool store_link_issue_event(struct store_transaction *, int64_t issue_id, int64_t event_id, struct error *);
bool store_delete_issues_of(struct store_transaction *, int64_t trigger_id, int64_t now, struct error *);
/* Removes up to `limit` rows of deleted issues; *more: there may be others. */
bool store_purge_issues(struct store_transaction *, size_t limit, bool *more, struct error *);

bool store_read_issue(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct issue *,
                      struct error *);
bool store_read_issue_by_key(struct store_reader *, const struct issue_key *, struct issue *, struct error *);
bool store_list_issues(struct store_reader *, struct arena *, const struct store_list *, struct issue **,
                       struct store_page *, struct error *);
bool store_count_issues(struct store_reader *, const struct store_list *, int64_t *count, struct error *);
/* Those of a type that are open (issue_is_open); `subject_id` 0: of all subjects. */
bool store_read_open_issues(struct store_reader *, struct arena *, enum issue_type, int64_t subject_id,
                            struct issue **, size_t *count, struct error *);
bool store_has_deleted_issues(struct store_reader *, bool *has, struct error *);
