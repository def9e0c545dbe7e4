/*
 * telling.h - one notice on its way: what it says and where it goes. Internal to notify/.
 */
#pragma once

#include "api/call.h"
#include "ingest/routed.h"
#include "model/issue.h"

struct telling {
    struct notice notice;
    bool to_source;        /* there is a request to make */
    struct request request;
    struct routed *routed;
    size_t routed_count;
    json_t *wanted;        /* channels of the trigger; NULL: none */
    json_t *object;        /* the issue, event or attempt; NULL: it is not stored any more */
    struct text subject, text; /* for people */
};

/* Texts live in the call's arena. `set`: the projects' notifications as they are now. */
void telling_prepare(struct call *call, const struct trigger_set *set, const struct notice *notice,
                     struct telling *telling);
bool telling_store(struct store_transaction *, struct telling *telling, struct error *error);
void telling_free(struct telling *telling);
