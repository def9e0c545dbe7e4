/*
 * project.h - what the store gives of projects and their API keys; see store.h for the rules that all of it follows.
 *
 * Projects change with a number, like sources: store_read_changes tells of them.
 */
#pragma once

#include "model/api_key.h"
#include "store/store.h"

/* Inside a job. Inserts (when the id is new) or replaces. ERROR_CONFLICT when a live project has the name. */
bool store_put_project(struct store_transaction *, const struct project *, struct error *);
/*
 * Deletes what a project holds: sources, destinations and connections are marked (with numbers, so that the hot paths
 * learn of it), keys but the operator's, and host names, are gone.
 */
bool store_empty_project(struct store_transaction *, int64_t project_id, int64_t now, struct error *);
bool store_insert_api_key(struct store_transaction *, const struct api_key *, struct text hash_hex, struct error *);
/* Replaces project, name and rate limit. */
bool store_update_api_key(struct store_transaction *, const struct api_key *, struct error *);
bool store_delete_api_key(struct store_transaction *, int64_t id, struct error *);
/* Makes this key the operator's, and no other. */
bool store_set_operator(struct store_transaction *, int64_t id, struct error *);

/* ERROR_NOT_FOUND when there is none. A deleted project is found: look at deleted_at. */
bool store_read_project(struct store_reader *, struct arena *, int64_t id, struct project *, struct error *);
/* The live one of that name. */
bool store_read_project_by_name(struct store_reader *, struct arena *, struct text name, struct project *,
                                struct error *);
/* All live ones, oldest first. */
bool store_read_projects(struct store_reader *, struct arena *, struct project **projects, size_t *count,
                         struct error *);
/* `project_id` 0: of any project. */
bool store_read_api_key(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct api_key *,
                        struct error *);
bool store_read_api_key_by_hash(struct store_reader *, struct arena *, struct text hash_hex, struct api_key *,
                                struct error *);
bool store_read_api_keys(struct store_reader *, struct arena *, int64_t project_id, struct api_key **keys,
                         size_t *count, struct error *);
/* The live connections of a project. */
bool store_read_connection_ids(struct store_reader *, struct arena *, int64_t project_id, int64_t **ids, size_t *count,
                               struct error *);
