/*
 * issues.h - opens, counts and resolves issues as things go wrong and right again.
 *
 * All of it happens in the transaction of what it follows from, so that neither is ever there without the other. What a
 * failing attempt costs while its issue is open is one look into memory and its link row; last_seen_at is written once a
 * second at most.
 *
 * An issue is opened when there is none of its key yet, or when the one there is was resolved or dismissed; an ignored
 * one is only seen. The most specific trigger decides (rules/trigger.h); without one nothing is opened or seen.
 *
 * Resolved by themselves are
 *   delivery      the open issues of a connection, when a delivery that began after the connection's last counted failure
 *                 succeeded and limits.issue_quiet_ms have gone by since that failure without another one. So a connection
 *                 of which some deliveries fail and some do not keeps its issues open instead of opening them for ever.
 *   backpressure  when the destination's oldest waiting event has waited less than half of the trigger's delay; one of an
 *                 open circuit breaker (its delay is 0: nothing was waited for) when that has closed again.
 * The check for both, and for destinations that are behind, runs every limits.issue_check_ms.
 *
 * Memory: at most KNOWN_ISSUES keys, and a few words for each connection with an open issue. It is a copy of what the
 * store says and is dropped whenever a job that touched it was undone, or something was changed by other ways.
 *
 * Threads: "on the writer's thread" means inside a job or its `done`.
 */
#pragma once

#include "catalog/catalog.h"
#include "model/execution.h"
#include "model/issue.h"
#include "store/store.h"

enum { KNOWN_ISSUES = 4096 };

struct issues;

struct issues *issues_start(struct store *store, struct catalog *catalog, struct error *error);
/* After everything that records, before the catalog is closed. Blocks. */
void issues_stop(struct issues *issues);

/* On the writer's thread, in the transaction: an attempt ended, `after` is its event as it is recorded. */
bool issues_attempt(struct issues *issues, struct store_transaction *, const struct attempt *attempt,
                    const struct event *after, struct error *error);
/* The same for a request that was rejected. */
bool issues_rejected(struct issues *issues, struct store_transaction *, const struct request *request,
                     struct error *error);
/* The same for a destination whose circuit breaker opened, or has closed again. */
bool issues_outage(struct issues *issues, struct store_transaction *, int64_t destination_id, bool open,
                   struct error *error);
/*
 * The same for the run of a transformation, before it is stored: sets its issue_id when its log level is one that
 * a trigger asks for. Trials (without a connection) are nobody's issue.
 */
bool issues_execution(struct issues *issues, struct store_transaction *, struct execution *execution,
                      struct error *error);
/* A user changed the status of an issue, or dismissed it: writes it and tells of it. In an isolated job. */
bool issues_change(struct issues *issues, struct store_transaction *, const struct issue *issue, struct error *error);
/* On the writer's thread: a job that told of one of the above was undone, or issues changed by other ways. */
void issues_forget(struct issues *issues);
