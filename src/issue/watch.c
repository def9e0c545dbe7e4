/* The check every few seconds: what fell behind, what went right again, and what was seen meanwhile. */
#include "issue/engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/issue.h"

enum { SLICE = 64, PURGE_SLICE = 500, LEAST_DELAY_MS = 60000 };

/* How long the oldest waiting event of each destination has waited. */
struct backlog {
    int64_t *destination_ids, *ages_ms;
    size_t count;
};

struct check {
    struct store_job job; /* first: the store hands it back */
    struct issues *issues;
    struct backlog backlog; /* of a slice of the destinations */
    struct issue *drained;  /* open issues of destinations that are behind no more */
    size_t drained_count;
    int64_t now;
};

/* ---- on the writer's thread ---- */

static bool resolve_recovered(struct issues *issues, struct store_transaction *transaction, const struct failing *failing,
                              int64_t now, struct error *error)
{
    struct arena arena = {0};
    struct issue *open;
    size_t count;
    bool done = store_read_open_issues(store_transaction_reader(transaction), &arena, ISSUE_DELIVERY,
                                       failing->connection_id, &open, &count, error);
    for (size_t i = 0; done && i < count; i++)
        done = engine_resolve(issues, transaction, &open[i], now, error);
    arena_free(&arena);
    return done;
}

/* At most a slice of them: the others follow at the next check. */
static bool look_at_failing(struct issues *issues, struct store_transaction *transaction, int64_t now,
                            struct error *error)
{
    size_t position = 0, count = 0;
    struct failing *failing, *resolved[SLICE];
    bool waiting = false;
    while ((failing = hash_map_next(&issues->failing, &position)) != NULL) {
        if (failing->succeeded_at == 0)
            continue;
        if (now - failing->failed_at < limits.issue_quiet_ms || count == SLICE) {
            waiting = true;
            continue;
        }
        if (!resolve_recovered(issues, transaction, failing, now, error))
            return false;
        resolved[count++] = failing;
    }
    for (size_t i = 0; i < count; i++)
        free(hash_map_remove(&issues->failing, resolved[i]->connection_id));
    atomic_store(&issues->recovering, waiting);
    return true;
}

/* Is that destination longer behind than the trigger that decides about it allows? Then it has an issue. */
static bool look_at_destination(struct issues *issues, struct store_transaction *transaction, int64_t destination_id,
                                int64_t age_ms, int64_t now, struct error *error)
{
    int64_t issue_id;
    struct catalog_destination *destination = catalog_find_destination(issues->catalog, destination_id);
    if (destination == NULL)
        return true;
    const struct trigger_project *project = trigger_set_project(issues->triggers, destination->record.project_id);
    const struct trigger_rule *rule = trigger_choose(project->rules, project->count, ISSUE_BACKPRESSURE, destination_id,
                                                     destination->record.name, 0);
    struct occurrence occurrence = {.key = {ISSUE_BACKPRESSURE, destination_id, rule != NULL ? rule->delay_ms : 0, 0},
                                    .project_id = destination->record.project_id, .reference_id = destination_id,
                                    .now = now};
    catalog_destination_release(destination);
    return rule == NULL || age_ms < rule->delay_ms ||
           engine_observe(issues, transaction, &occurrence, &issue_id, error);
}

static bool run_check(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct check *check = (struct check *)job;
    struct issues *issues = check->issues;
    bool done = engine_prepare(issues, transaction, error) && engine_write_seen(issues, transaction, error);
    for (size_t i = 0; done && i < check->backlog.count; i++)
        done = look_at_destination(issues, transaction, check->backlog.destination_ids[i], check->backlog.ages_ms[i],
                                   check->now, error);
    for (size_t i = 0; done && i < check->drained_count; i++)
        done = engine_resolve(issues, transaction, &check->drained[i], check->now, error);
    done = done && look_at_failing(issues, transaction, check->now, error);
    if (!done)
        issues_forget(issues); /* the next job of this group must not believe what is undone */
    return done;
}

static void checked(struct store_job *job, const struct error *error)
{
    if (error->code != ERROR_NONE)
        issues_forget(((struct check *)job)->issues);
}

static bool run_purge(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct check *check = (struct check *)job;
    bool more, done = store_purge_issues(transaction, PURGE_SLICE, &more, error);
    check->drained_count = done && more;
    return done;
}

/* ---- on the check's own thread ---- */

static bool wait_for_next(struct issues *issues)
{
    int64_t end_us = clock_monotonic_us() + limits.issue_check_ms * 1000;
    pthread_mutex_lock(&issues->lock);
    while (!issues->stopping && clock_monotonic_us() < end_us)
        condition_wait_until(&issues->changed, &issues->lock, end_us);
    bool stopping = issues->stopping;
    pthread_mutex_unlock(&issues->lock);
    return !stopping;
}

static bool read_backlog(struct issues *issues, struct arena *arena, int64_t now, struct backlog *backlog,
                         struct error *error)
{
    struct due_destination *due;
    size_t count;
    if (!store_read_due_destinations(issues->reader, arena, &due, &count, error))
        return false;
    *backlog = (struct backlog){ARENA_ARRAY(arena, int64_t, count), ARENA_ARRAY(arena, int64_t, count), count};
    for (size_t i = 0; i < count; i++) {
        bool by_lane = due[i].plain_due_at == 0 || (due[i].lane_due_at != 0 && due[i].lane_due_at < due[i].plain_due_at);
        backlog->destination_ids[i] = due[i].destination_id;
        backlog->ages_ms[i] = now - (by_lane ? due[i].lane_due_at : due[i].plain_due_at);
    }
    return true;
}

static int64_t age_of(const struct backlog *backlog, int64_t destination_id)
{
    for (size_t i = 0; i < backlog->count; i++) {
        if (backlog->destination_ids[i] == destination_id)
            return backlog->ages_ms[i];
    }
    return 0;
}

static bool find_drained(struct issues *issues, struct arena *arena, const struct backlog *backlog, struct check *check,
                         struct error *error)
{
    struct issue *open;
    size_t count;
    if (!store_read_open_issues(issues->reader, arena, ISSUE_BACKPRESSURE, 0, &open, &count, error))
        return false;
    check->drained = open;
    for (size_t i = 0; i < count; i++) {
        if (age_of(backlog, open[i].key.subject_id) < open[i].key.first / 2)
            open[check->drained_count++] = open[i];
    }
    return true;
}

/* Leaves those that may be behind for long enough. */
static void keep_behind(struct backlog *backlog)
{
    size_t kept = 0;
    for (size_t i = 0; i < backlog->count; i++) {
        if (backlog->ages_ms[i] < LEAST_DELAY_MS)
            continue;
        backlog->destination_ids[kept] = backlog->destination_ids[i];
        backlog->ages_ms[kept++] = backlog->ages_ms[i];
    }
    backlog->count = kept;
}

/* In slices, so that nobody waits for all of them. */
static bool submit(struct issues *issues, struct check *first, const struct backlog *backlog, struct error *error)
{
    bool needed = atomic_load(&issues->unwritten) || atomic_load(&issues->recovering) || first->drained_count > 0 ||
                  backlog->count > 0;
    for (size_t i = 0; needed; i += SLICE) {
        struct check check = {.job = {.run = run_check, .done = checked, .isolated = true}, .issues = issues,
                              .now = first->now};
        size_t count = backlog->count - i < SLICE ? backlog->count - i : SLICE;
        check.backlog = (struct backlog){backlog->destination_ids + i, backlog->ages_ms + i, count};
        if (i == 0) {
            check.drained = first->drained;
            check.drained_count = first->drained_count;
        }
        if (!store_write(issues->store, &check.job, error))
            return false;
        needed = i + SLICE < backlog->count;
    }
    return true;
}

static bool purge(struct issues *issues, struct error *error)
{
    struct check check = {.job = {.run = run_purge, .isolated = true}, .issues = issues};
    bool has, done = store_has_deleted_issues(issues->reader, &has, error);
    for (check.drained_count = has; done && check.drained_count > 0;)
        done = store_write(issues->store, &check.job, error);
    return done;
}

/* True when all was looked at. `quietly`: it failed before and said so. */
static bool check_all(struct issues *issues, bool quietly)
{
    struct arena arena = {0};
    struct error error = {0};
    struct backlog backlog = {0};
    struct check first = {.now = clock_now_ms()};
    bool done = read_backlog(issues, &arena, first.now, &backlog, &error) &&
                find_drained(issues, &arena, &backlog, &first, &error);
    keep_behind(&backlog);
    done = done && submit(issues, &first, &backlog, &error) && purge(issues, &error);
    if (!done && !quietly)
        log_warn("issues could not be looked after: %s", error.message);
    arena_free(&arena);
    return done;
}

void *watch_run(void *argument)
{
    struct issues *issues = argument;
    bool failed = false;
    while (wait_for_next(issues))
        failed = !check_all(issues, failed);
    check_all(issues, failed); /* what was seen is not left unwritten */
    return NULL;
}
