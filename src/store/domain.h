/* domain.h - the custom domains of projects in the store; the rules of store.h hold. */
#pragma once

#include "model/domain.h"
#include "store/store.h"

/* ERROR_CONFLICT when the host name is taken, by whatever project. */
bool store_insert_domain(struct store_transaction *, const struct domain *, struct error *);
bool store_delete_domain(struct store_transaction *, int64_t id, struct error *);

bool store_read_domain(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct domain *,
                       struct error *);
/* Of any project. */
bool store_read_domain_by_hostname(struct store_reader *, struct arena *, struct text hostname, struct domain *,
                                   struct error *);
/* All of a project, oldest first. */
bool store_read_domains(struct store_reader *, struct arena *, int64_t project_id, struct domain **, size_t *count,
                        struct error *);
