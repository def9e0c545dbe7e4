/* integration.h - integrations in the store, and which sources they are attached to; the rules of store.h hold. */
#pragma once

#include "model/integration.h"
#include "store/store.h"

/* Inserts (when the id is new) or replaces the whole record. */
bool store_put_integration(struct store_transaction *, const struct integration *, struct error *);
/* Detaches it from its sources too. */
bool store_delete_integration(struct store_transaction *, int64_t id, struct error *);
/* A source has one integration: attaching another takes its place. */
bool store_attach_integration(struct store_transaction *, int64_t integration_id, int64_t source_id, struct error *);
bool store_detach_integration(struct store_transaction *, int64_t source_id, struct error *);

bool store_read_integration(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                            struct integration *, struct error *);
bool store_list_integrations(struct store_reader *, struct arena *, const struct store_list *, struct integration **,
                             struct store_page *, struct error *);
/* The integration of a source; ERROR_NOT_FOUND: it has none. */
bool store_read_source_integration(struct store_reader *, int64_t source_id, int64_t *integration_id, struct error *);
/* The live sources that it is attached to. */
bool store_read_integration_sources(struct store_reader *, struct arena *, int64_t integration_id,
                                    int64_t **source_ids, size_t *count, struct error *);
