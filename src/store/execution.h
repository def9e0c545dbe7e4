/* execution.h - runs of transformations in the store; the rules of store.h hold. */
#pragma once

#include "model/execution.h"
#include "store/store.h"

/* ERROR_TOO_LARGE when it printed more than EXECUTION_LOGS_BYTES: who runs it cuts that. */
bool store_insert_execution(struct store_transaction *, const struct execution *, struct error *);

/* Without its result. */
bool store_read_execution(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct execution *,
                          struct error *);
/* Of the execution's id; has_result tells whether there is one. */
bool store_read_execution_result(struct store_reader *, struct arena *, struct execution *, struct error *);
/* The request with the data that the event delivers: its own, or what a transformation made of it. */
bool store_read_event_data(struct store_reader *, struct arena *, const struct event *, struct request *, struct error *);
bool store_list_executions(struct store_reader *, struct arena *, const struct store_list *, struct execution **,
                           struct store_page *, struct error *);
