/*
 * store.h - what the gateway needs of its store, in the gateway's words.
 *
 * Two ways in:
 *
 *   Jobs write. A job is a function that runs inside a transaction. The store runs the jobs that arrived
 *   while the last commit was under way together, commits and syncs once, and only then calls each job's
 *   `done`: without an error it is on disk. With an error nothing of that job happened.
 *
 *   Readers read. A reader sees what was committed. Each reader belongs to one thread at a time.
 *
 * Nothing here assumes that one process sees every write. Who wants to deliver an event must hold a lease on it:
 * leases are taken by inserting the event as leased or by store_claim, end with the outcome that is recorded or
 * with store_release, and do not outlive the process that took them. Changes of configuration carry a
 * number that only grows, so that every process can ask for what changed since (store_read_changes).
 *
 * Below it lies SQLite (store/sqlite/); the SQL is written so that PostgreSQL can take its place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/domain.h"
#include "model/model.h"

struct store;
struct store_transaction;
struct store_reader;

/* ---- open and close ------------------------------------------------------------------------------ */

/*
 * Opens the store in the directory, which it makes if need be (mode 0700), and locks it: a second process gets
 * ERROR_CONFLICT. Creates or upgrades the schema. Everything that a process before had leased is free again.
 */
struct store *store_open(const char *directory, struct error *error);
/* Runs the jobs that are queued, then closes. No reader may be open. */
void store_close(struct store *store);

/* ---- writing ------------------------------------------------------------------------------------- */

struct store_job {
    /*
     * Runs on the writer's thread. Returning false with an error undoes this job alone when it is `isolated`;
     * other jobs must only fail for reasons of the store (full, I/O), which fail the whole group.
     */
    bool (*run)(struct store_transaction *transaction, struct store_job *job, struct error *error);
    /*
     * Called once, on the writer's thread, after the commit (error->code == ERROR_NONE) or when the job or its
     * commit failed. Must not block. The job belongs to the caller again.
     */
    void (*done)(struct store_job *job, const struct error *error);
    bool isolated;
    bool patient;           /* may wait up to limits.outcome_wait_ms for others to share its commit */
    struct store_job *next; /* the store's while the job is queued */
};

/*
 * Queues the jobs (linked by `next`, NULL at the end). False when limits.store_queue is reached; then none was
 * taken. Thread-safe.
 */
bool store_submit(struct store *store, struct store_job *jobs, struct error *error);
/* Submits one job and waits for it. Not on an event loop. `done` may be NULL. */
bool store_write(struct store *store, struct store_job *job, struct error *error);
/* False while the last commit failed: then starting deliveries would only repeat them later. Any thread. */
bool store_is_writable(const struct store *store);

/* Inside a job: */
/* Inserts (when the id is new) or replaces the whole record. ERROR_CONFLICT when a unique name is taken. */
bool store_put_source(struct store_transaction *, const struct source *, struct error *);
bool store_put_destination(struct store_transaction *, const struct destination *, struct error *);
bool store_put_connection(struct store_transaction *, const struct connection *, struct error *);
bool store_insert_request(struct store_transaction *, const struct request *, struct error *);
bool store_insert_ignored_event(struct store_transaction *, const struct ignored_event *, struct error *);
/* With `leased` the caller holds the lease from the moment of the commit. */
bool store_insert_event(struct store_transaction *, const struct event *, bool leased, struct error *);
/* Adds to the counts of a request that was retried and sets updated_at; clears its rejection cause if events > 0. */
bool store_add_request_counts(struct store_transaction *, int64_t request_id, int64_t events, int64_t cli_events,
                              int64_t ignored, int64_t now, struct error *);
/* Writes the attempt and the event as it is after it, and ends the lease. */
bool store_record_attempt(struct store_transaction *, const struct attempt *, const struct event *, struct error *);
/*
 * The same for an event that is still as `before`: one statement less than to read it, and again within the update.
 * *changed: it is not, and nothing was done.
 */
bool store_record_outcome(struct store_transaction *, const struct attempt *, const struct event *before,
                          const struct event *after, bool *changed, struct error *);
/* Replaces the changing fields of an event (status, due_at, next_*, error_code, bulk_id, ...). The lease stays. */
bool store_update_event(struct store_transaction *, const struct event *, struct error *);

/* A lane of a destination: its events with that `lane`. In order of due_at; when it is ordered, of their ids. */
struct store_lane {
    int64_t destination_id, key;
    bool ordered;
};

/*
 * What a claim brought. next_due_at: the due moment of the first further event that is not leased (may be in the past
 * when the limit was reached), 0: none. held: that one is on hold (ordered lanes only).
 */
struct store_claimed {
    struct event *events;
    size_t count;
    int64_t next_due_at;
    bool held;
};

/*
 * Takes leases on up to `limit` events of the lane whose due_at is not after `now`, skipping leased ones. In an ordered
 * lane it takes what comes first, up to an event that is leased, on hold or not due yet.
 */
bool store_claim(struct store_transaction *, const struct store_lane *lane, int64_t now, size_t limit,
                 struct arena *arena, struct store_claimed *claimed, struct error *);
/* Ends leases without an outcome: the events are due as they were. Any thread, no transaction. */
void store_release(struct store *store, const int64_t *event_ids, size_t count);

/*
 * Slices of what a change of a connection means for its waiting events; `*changed` tells how many, repeat until
 * it is 0. Leased events are left to their holder, who looks at the connection before each delivery.
 *   hold:    SCHEDULED, QUEUED and planned retries -> HOLD        (pause)
 *   resume:  HOLD -> QUEUED, due now, trigger UNPAUSE               (unpause)
 *   cancel:  SCHEDULED, QUEUED, HOLD and planned retries -> CANCELLED   (disable, delete)
 */
bool store_hold_events(struct store_transaction *, int64_t connection_id, int64_t now, size_t limit,
                       size_t *changed, struct error *);
bool store_resume_events(struct store_transaction *, int64_t connection_id, int64_t now, size_t limit,
                         size_t *changed, struct error *);
bool store_cancel_events(struct store_transaction *, int64_t connection_id, int64_t now, size_t limit,
                         size_t *changed, struct error *);

/* The reading side of the transaction: sees the job's own writes. Valid inside `run` only. */
struct store_reader *store_transaction_reader(struct store_transaction *transaction);

/* ---- reading ------------------------------------------------------------------------------------- */

struct store_reader *store_reader_open(struct store *store, struct error *error);
void store_reader_close(struct store_reader *reader);
/* For the reader of a thread in the background: from now on it gives way (background.h) while it reads. */
void store_reader_give_way(struct store_reader *reader);
/*
 * Around what reads for others who may ask without end, by any thread and not nested. The first waits, for some tenths of
 * a second at most, while the store's log must begin anew, which reads keep it from.
 */
void store_read_enter(struct store *store);
void store_read_leave(struct store *store);
/* Between these two every read sees one and the same state. */
bool store_reader_begin(struct store_reader *reader, struct error *error);
void store_reader_end(struct store_reader *reader);

/*
 * Reads one record into *out, its texts into the arena. ERROR_NOT_FOUND when there is none (deleted sources,
 * destinations and connections are found: look at deleted_at). `project_id` 0: of any project.
 */
bool store_read_source(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct source *,
                       struct error *);
bool store_read_destination(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                            struct destination *, struct error *);
bool store_read_connection(struct store_reader *, struct arena *, int64_t project_id, int64_t id,
                           struct connection *, struct error *);
/* The live one of that name. For connections `source_id` 0 means of any source. */
bool store_read_source_by_name(struct store_reader *, struct arena *, int64_t project_id, struct text name,
                               struct source *, struct error *);
bool store_read_destination_by_name(struct store_reader *, struct arena *, int64_t project_id, struct text name,
                                    struct destination *, struct error *);
bool store_read_connection_by_name(struct store_reader *, struct arena *, int64_t project_id, int64_t source_id,
                                   struct text name, struct connection *, struct error *);
/* Without `with_data` method, path, query, headers and body stay TEXT_NONE and are not read from disk. */
bool store_read_request(struct store_reader *, struct arena *, int64_t project_id, int64_t id, bool with_data,
                        struct request *, struct error *);
/* ERROR_NOT_FOUND: nothing more is known than the cause. */
bool store_read_rejection_detail(struct store_reader *, struct arena *, int64_t request_id, struct text *detail,
                                 struct error *);
bool store_read_event(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct event *,
                      struct error *);
bool store_read_attempt(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct attempt *,
                        struct error *);
/* A destination that has events with a due_at: the earliest without a lane's key, and of those with one. 0: none. */
struct due_destination {
    int64_t destination_id, plain_due_at, lane_due_at;
};
bool store_read_due_destinations(struct store_reader *, struct arena *, struct due_destination **, size_t *count,
                                 struct error *);
/* Up to `limit` lanes with keys above `after` that have events with a due_at, with the earliest of them, by their keys. */
struct due_lane {
    int64_t key, due_at;
};
bool store_read_due_lanes(struct store_reader *, struct arena *, int64_t destination_id, int64_t after, size_t limit,
                          struct due_lane **, size_t *count, struct error *);
/* Connections that are not paused but have events on hold: for start. */
bool store_read_unsettled(struct store_reader *, struct arena *, struct connection **connections, size_t *count,
                          struct error *);

/* What changed in configuration after change number `since`, deleted things included, oldest change first. */
struct store_changes {
    struct project *projects;
    struct source *sources;
    struct destination *destinations;
    struct connection *connections;
    size_t project_count, source_count, destination_count, connection_count;
    struct domain *domains; /* all that there are, when one came or went */
    size_t domain_count;
    bool domains_changed;
    int64_t last; /* pass it as `since` next time */
};
bool store_read_changes(struct store_reader *, struct arena *, int64_t since, struct store_changes *,
                        struct error *);

/* ---- lists --------------------------------------------------------------------------------------- */

/* What a list can be filtered and ordered by. Each list knows some of them (see list.c); others: ERROR_INVALID. */
enum store_field {
    FIELD_ID, FIELD_NAME, FIELD_FULL_NAME, FIELD_TYPE, FIELD_URL, FIELD_CLI_PATH, FIELD_DISABLED_AT, FIELD_PAUSED_AT,
    FIELD_SOURCE_ID, FIELD_DESTINATION_ID, FIELD_CONNECTION_ID, FIELD_REQUEST_ID, FIELD_EVENT_ID,
    FIELD_STATUS, FIELD_ATTEMPTS, FIELD_RESPONSE_STATUS, FIELD_ERROR_CODE, FIELD_SUCCESSFUL_AT,
    FIELD_LAST_ATTEMPT_AT, FIELD_NEXT_ATTEMPT_AT, FIELD_CREATED_AT, FIELD_UPDATED_AT, FIELD_INGESTED_AT,
    FIELD_REJECTED, /* 0 or 1 */
    FIELD_REJECTION_CAUSE, FIELD_VERIFIED, FIELD_EVENTS_COUNT, FIELD_CLI_EVENTS_COUNT, FIELD_IGNORED_COUNT,
    FIELD_PATH,        /* of the request's data: OP_CONTAINS */
    FIELD_SEARCH_TERM, /* in body, headers, query or path: OP_CONTAINS */
    FIELD_PROJECT_ID, FIELD_CAUSE, FIELD_BULK_ID, FIELD_KIND, FIELD_QUERY, FIELD_QUERY_MEMBER, FIELD_CANCELLED_AT,
    FIELD_COMPLETED_AT, FIELD_IN_PROGRESS,
    FIELD_LABEL, FIELD_PROVIDER, FIELD_LAST_USED_AT, FIELD_LOG_LEVEL, FIELD_TRANSFORMATION_ID, FIELD_ISSUE_ID,
    FIELD_ISSUE_TRIGGER_ID, FIELD_OPENED_AT, FIELD_FIRST_SEEN_AT, FIELD_LAST_SEEN_AT, FIELD_DISMISSED_AT, FIELD_DELAY,
    FIELD_DELIVERY_GROUP,
    FIELD_SOURCE_CREATED_AT, FIELD_SOURCE_UPDATED_AT, FIELD_DESTINATION_CREATED_AT, FIELD_DESTINATION_UPDATED_AT,
};

enum store_operator {
    OP_IN,       /* one of the values; a null value among them matches null */
    OP_GT, OP_GTE, OP_LT, OP_LTE,
    OP_IS_NULL, OP_IS_NOT_NULL,
    OP_CONTAINS, /* text, ASCII case ignored */
};

struct store_value {
    bool is_null, is_text;
    int64_t integer;
    struct text text;
};

struct store_filter {
    enum store_field field;
    enum store_operator operator;
    const struct store_value *values;
    size_t count;
};

struct store_order {
    enum store_field field;
    bool ascending;
};

/*
 * What no column holds: asked of each row that the filters let pass. Of the request path, query and headers are set,
 * and the body when it is asked for; its texts are gone after the call.
 */
struct store_content {
    bool (*matches)(void *context, const struct request *request);
    void *context;
    bool body;
};

enum { ORDERS_MOST = 4 };

struct store_list {
    int64_t project_id;
    const struct store_filter *filters;
    size_t filter_count;
    const struct store_content *content; /* lists of requests and events; NULL: any */
    enum store_field order_by; /* FIELD_CREATED_AT, FIELD_NAME, ... ; ties are broken by id */
    bool ascending;
    struct store_order then[ORDERS_MOST - 1]; /* orders behind the first */
    size_t then_count;
    size_t limit;
    struct text next, prev;    /* cursors of a page before; at most one */
    int64_t above, up_to;      /* only keys in (above, up_to]; 0: any */
    bool with_data;            /* requests: read the data too */
};

/*
 * Cursors are opaque, URL-safe; TEXT_NONE when there is no further page in that direction. A partial page ends where
 * the limits of one call (limits.list_*) ended it, perhaps without a record: its cursor names the last row that was
 * looked at, so that the next page goes on there.
 */
struct store_page {
    size_t count;
    struct text next, prev;
    bool partial;
    int64_t looked_to; /* key of the last row that was looked at; 0: none was */
};

/* Live ones only (deleted_at 0). A cursor that is not one of this list's gives ERROR_INVALID. */
bool store_list_sources(struct store_reader *, struct arena *, const struct store_list *, struct source **,
                        struct store_page *, struct error *);
bool store_list_destinations(struct store_reader *, struct arena *, const struct store_list *,
                             struct destination **, struct store_page *, struct error *);
bool store_list_connections(struct store_reader *, struct arena *, const struct store_list *, struct connection **,
                            struct store_page *, struct error *);
bool store_list_requests(struct store_reader *, struct arena *, const struct store_list *, struct request **,
                         struct store_page *, struct error *);
bool store_list_events(struct store_reader *, struct arena *, const struct store_list *, struct event **,
                       struct store_page *, struct error *);
bool store_list_attempts(struct store_reader *, struct arena *, const struct store_list *, struct attempt **,
                         struct store_page *, struct error *);
/* Of one request: FIELD_REQUEST_ID must be among the filters. */
bool store_list_ignored_events(struct store_reader *, struct arena *, const struct store_list *,
                               struct ignored_event **, struct store_page *, struct error *);
enum store_countable { COUNT_SOURCES, COUNT_DESTINATIONS, COUNT_CONNECTIONS };
/* How many the list would have in all; limit, order and cursors do not count. */
bool store_count(struct store_reader *, enum store_countable, const struct store_list *, int64_t *count,
                 struct error *);

/* ---- faults, for tests ------------------------------------------------------------------------------ */

/*
 * FAIRLEAD_FAULT_STORE="KIND:N[:COUNT]" in the environment makes the N-th disk operation (write, sync, truncate)
 * of the store, and the COUNT-1 after it (default 1, "-" for all), fail:
 *   ioerr   the operation fails with an I/O error
 *   full    the disk has no room
 *   torn    half of a write reaches the file, then the process ends as by kill -9
 * "KIND:while:FILE" makes all fail for as long as FILE exists.
 * FAIRLEAD_FAULT_STORE="count:FILE" counts the operations and writes their number to FILE at close.
 */
