/* issue_trigger.h - what opens issues, in the store; the rules of store.h hold. */
#pragma once

#include "model/issue.h"
#include "store/store.h"

/* Inserts (when the id is new) or replaces the whole record. ERROR_CONFLICT when the name is taken. */
bool store_put_issue_trigger(struct store_transaction *, const struct issue_trigger *, struct error *);
/*
 * Gives every project that never had any its first triggers: one of each type, for everything. Those that a user
 * deletes stay deleted.
 */
bool store_make_first_triggers(struct store_transaction *, int64_t now, struct error *);

/* Deleted ones are found: look at deleted_at. */
bool store_read_issue_trigger(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                              struct issue_trigger *, struct error *);
/* The live one of that name. */
bool store_read_issue_trigger_by_name(struct store_reader *, struct arena *, int64_t project_id, struct text name,
                                      struct issue_trigger *, struct error *);
bool store_list_issue_triggers(struct store_reader *, struct arena *, const struct store_list *, struct issue_trigger **,
                               struct store_page *, struct error *);
/* Those of all projects that are neither deleted nor disabled, by project: for memory. */
bool store_read_active_triggers(struct store_reader *, struct arena *, struct issue_trigger **, size_t *count,
                                struct error *);

/* The configs of a trigger that was given none, as JSON. */
struct text issue_trigger_default_configs(enum issue_type type);
