/* transformation.h - transformations in the store; the rules of store.h hold. */
#pragma once

#include "model/transformation.h"
#include "store/store.h"

/* Inserts (when the id is new) or replaces the whole record. ERROR_CONFLICT when the name is taken. */
bool store_put_transformation(struct store_transaction *, const struct transformation *, struct error *);

/* Deleted ones are found: look at deleted_at. */
bool store_read_transformation(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                               struct transformation *, struct error *);
/* Of a live one: grows with every change of it. ERROR_NOT_FOUND without one. */
bool store_read_transformation_version(struct store_reader *, int64_t project_id, int64_t id, int64_t *version,
                                       struct error *);
/* The live one of that name. */
bool store_read_transformation_by_name(struct store_reader *, struct arena *, int64_t project_id, struct text name,
                                       struct transformation *, struct error *);
/* Live ones; env and code stay TEXT_NONE and are not read from disk. */
bool store_list_transformations(struct store_reader *, struct arena *, const struct store_list *,
                                struct transformation **, struct store_page *, struct error *);
bool store_count_transformations(struct store_reader *, const struct store_list *, int64_t *count, struct error *);
/* A live connection whose rules name the transformation by its public id; ERROR_NOT_FOUND: none does. */
bool store_read_connection_of_transformation(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                                             struct connection *, struct error *);
