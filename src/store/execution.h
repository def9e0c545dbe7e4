/* execution.h - runs of transformations in the store; the rules of store.h hold. */
#pragma once

#include "model/execution.h"
#include "store/store.h"

/* ERROR_TOO_LARGE when it printed more than EXECUTION_LOGS_BYTES: who runs it cuts that. */
bool store_insert_execution(struct store_transaction *, const struct execution *, struct error *);

bool store_read_execution(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct execution *,
                          struct error *);
/* `transformed` stays TEXT_NONE and is not read from disk. */
bool store_list_executions(struct store_reader *, struct arena *, const struct store_list *, struct execution **,
                           struct store_page *, struct error *);
