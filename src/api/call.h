/*
 * call.h - one API call, from its route to its reply.
 *
 * A call is handled by one worker, or, while the worker waits for a change to be committed, by the store's writer.
 * A step that fails fills the reply by call_fail and returns false; its callers only pass that on. What the call
 * holds lives as long as the exchange: texts in its arena, JSON values until the reply was sent.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "access/access.h"
#include "access/rate.h"
#include "api/contract.h"
#include "base/buffer.h"
#include "base/json.h"
#include "bulk/bulk.h"
#include "deliver/deliver.h"
#include "http/server.h"
#include "ingest/remake.h"
#include "issue/issues.h"
#include "catalog/catalog.h"
#include "rules/content.h"
#include "store/store.h"
#include "transform/pool.h"

/* What a list call asks for, read from its query by query.h. */
struct call_query {
    struct store_filter *filters;
    const struct parameter_row **filter_rows; /* what each filter came from */
    size_t filter_count;
    enum store_field order_by;
    bool ascending;
    const char *order_names[ORDERS_MOST]; /* of order_by and then, as asked */
    bool directions[ORDERS_MOST];         /* ascending? */
    size_t order_count, direction_count;  /* 0: not asked */
    struct store_order then[ORDERS_MOST - 1];
    size_t then_count;
    struct content_filter *content; /* NULL: none */
    int64_t limit;
    struct text next, prev;
    bool include_data, include_auth;
    json_t *form; /* object of the PARAMETER_FORMs; NULL for operations without one */
};

/* A connection whose waiting events follow a change of its own. */
struct call_sweep {
    int64_t connection_id, destination_id;
    bool (*slice)(struct store_transaction *, int64_t connection_id, int64_t now, size_t limit, size_t *changed,
                  struct error *);
    bool wake; /* tell the delivery engine: events became due */
    struct call_sweep *next;
};

struct sign_ins;

struct call {
    /* what it works with */
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct passages *passages;
    struct issues *issues;
    struct bulk_worker *bulk_worker;
    struct transform_pool *transform;
    struct sign_ins *sign_ins;
    const char *public_url;
    struct http_exchange *exchange;
    struct arena *arena;
    struct store_reader *reader;           /* inside a change: the transaction's */
    struct store_transaction *transaction; /* inside a change only */
    int64_t now;
    /* what was asked */
    int64_t project_id;
    struct access access; /* who calls; zeros for operations that are open */
    const struct operation *operation;
    struct text id, second_id; /* what stands in the place of the path's variables, decoded */
    struct call_query query;
    json_t *body; /* an object, or NULL for operations without one */
    /* what came of it */
    int64_t changed_id; /* the record that a change wrote */
    void *user;         /* what a handler hands to its change */
    struct call_sweep *sweeps;
    struct made made;          /* events that the change made or moved */
    struct request *made_requests;
    size_t made_request_count;
    struct bulk *bulk;         /* the bulk operation that the change is about */
    json_t *problems; /* array of the first sentences, NULL: none so far */
    size_t problem_count;
    int status;       /* 0: no reply yet */
    json_t *reply;
    struct buffer written; /* in the place of `reply`: its text */
    const char *allow; /* for 405 */
    struct rate_state rate; /* how the key stands */
    int64_t data_bytes; /* of limits.api_data_bytes, used by the bodies in the reply */
};

/* Sets the error reply (its code follows from the status) unless there is one; steals `data` (may be NULL). */
bool call_fail(struct call *call, int status, json_t *data, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for an error value of the layers below. */
bool call_fail_error(struct call *call, const struct error *error);
/* 404 with the id as it was given, and 410 for something deleted. */
bool call_fail_missing(struct call *call, const char *what, struct text id);
bool call_fail_gone(struct call *call, const char *what, struct text id);
/* 409 for a name that another has: what a client needs to take that one instead (docs/decisions/0003). */
bool call_fail_taken(struct call *call, const char *what, const char *resource_type, struct text name,
                     enum id_kind kind, int64_t other);
/* Notes one problem of the input; call_check turns all of them into a 422, true when there are none. */
void call_problem(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ": A, B or C", to end a problem with what would have been right; "" where that would be too long. The arena's. */
const char *call_choices(struct call *call, const char *const *names);
bool call_check(struct call *call);
/* Sets the reply of a success; steals it. False (500) when it is NULL. */
bool call_reply(struct call *call, json_t *reply);
/* Answers {"id": ...}, as what deletes does. */
bool call_reply_id(struct call *call, struct text id);
/* The same for a long one that is JSON text already; takes the buffer. False (500) when it is failed. */
bool call_reply_written(struct call *call, struct buffer *written);
/* Sends what was set, and frees the call's JSON. The exchange is gone afterwards. */
void call_send(struct call *call);
void call_release(struct call *call); /* frees the call's JSON only */

/*
 * Runs `change` in a transaction of its own, all or nothing, then makes the change known to the hot paths. The
 * first waiting events of connections noted by call_sweep follow before it returns, the rest soon after.
 */
bool call_write(struct call *call, bool (*change)(struct call *call));
void call_sweep(struct call *call, struct call_sweep sweep);

/* "src_..." of a key as JSON; null for key 0. */
json_t *call_id(enum id_kind kind, int64_t key);
json_t *call_integer_or_null(int64_t value, int64_t none);
