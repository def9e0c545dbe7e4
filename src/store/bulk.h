/*
 * bulk.h - what the store gives to bulk operations: their records, and what their walks over everything need beside the lists.
 */
#pragma once

#include "model/bulk.h"
#include "store/store.h"

bool store_insert_bulk(struct store_transaction *, const struct bulk *, struct error *);
/* Replaces what changes: counts, position, and how it ended. */
bool store_update_bulk(struct store_transaction *, const struct bulk *, struct error *);

/* ERROR_NOT_FOUND when there is none of that kind in the project. */
bool store_read_bulk(struct store_reader *, struct arena *, int64_t project_id, enum bulk_kind, int64_t id,
                     struct bulk *, struct error *);
/* All that are open, of all projects, oldest first, behind the key `after`; at most `limit`. */
bool store_read_open_bulks(struct store_reader *, struct arena *, int64_t after, size_t limit, struct bulk **,
                           size_t *count, struct error *);
/* How many of the project are open, and how many of them are of that kind and query. */
bool store_count_open_bulks(struct store_reader *, int64_t project_id, enum bulk_kind, struct text query,
                            int64_t *open, int64_t *same, struct error *);
/* FIELD_KIND must be among the filters. */
bool store_list_bulks(struct store_reader *, struct arena *, const struct store_list *, struct bulk **,
                      struct store_page *, struct error *);

/* The largest key of the subject, 0: there is none. */
bool store_bulk_last(struct store_reader *, enum bulk_subject, int64_t *last, struct error *);
/* Of all requests of the project, unlike store_list_ignored_events. */
bool store_list_ignored_of_project(struct store_reader *, struct arena *, const struct store_list *,
                                   struct ignored_event **, struct store_page *, struct error *);
/* About how many the list of the subject would have; exact as far as the limits of one list call reach. */
bool store_estimate_subject(struct store_reader *, enum bulk_subject, const struct store_list *, int64_t *count,
                            struct error *);
