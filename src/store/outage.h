/*
 * outage.h - destinations whose circuit breaker is open, kept so that a start does not forget it; see store.h for the rules
 * that all of it follows.
 */
#pragma once

#include "store/store.h"

struct store_outage {
    int64_t destination_id;
    int64_t since;
};

/* Inserts or replaces that of the destination. */
bool store_put_outage(struct store_transaction *, const struct store_outage *, struct error *);
bool store_delete_outage(struct store_transaction *, int64_t destination_id, struct error *);
bool store_read_outages(struct store_reader *, struct arena *, struct store_outage **outages, size_t *count, struct error *);
