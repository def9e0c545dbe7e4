#include "issue/engine.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/thread.h"
#include "store/issue.h"
#include "store/notification.h"
#include "store/transformation.h"

enum { WRITE_SEEN_MS = 1000 };

/* ---- memory ------------------------------------------------------------------------------------- */

static struct text words_text(const int64_t words[4])
{
    return (struct text){(const char *)words, 4 * sizeof words[0]};
}

static void clear(struct hash_map *map)
{
    size_t position = 0;
    void *entry;
    while ((entry = hash_map_next(map, &position)) != NULL)
        free(entry);
    hash_map_free(map);
}

static void note_failure(struct issues *issues, int64_t connection_id, int64_t failed_at)
{
    struct failing *failing = hash_map_get(&issues->failing, connection_id);
    if (failing == NULL) {
        failing = NEW(struct failing);
        failing->connection_id = connection_id;
        hash_map_put(&issues->failing, connection_id, failing);
    }
    if (failed_at > failing->failed_at) {
        failing->failed_at = failed_at;
        failing->succeeded_at = 0;
    }
}

static bool load_failing(struct issues *issues, struct store_transaction *transaction, struct error *error)
{
    struct arena arena = {0};
    struct issue *open;
    size_t count;
    bool done = store_read_open_issues(store_transaction_reader(transaction), &arena, ISSUE_DELIVERY, 0, &open, &count,
                                       error);
    for (size_t i = 0; done && i < count; i++)
        note_failure(issues, open[i].key.subject_id, open[i].last_seen_at);
    arena_free(&arena);
    return done;
}

bool engine_prepare(struct issues *issues, struct store_transaction *transaction, struct error *error)
{
    bool others = issues->triggers == NULL || catalog_triggers_changed(issues->catalog, issues->triggers->change);
    if (!others && !issues->stale)
        return true;
    /* What was seen and not written yet is lost only when it may have been undone too. */
    if (!issues->stale && !engine_write_seen(issues, transaction, error))
        return false;
    clear(&issues->known);
    if (others) {
        trigger_set_release(issues->triggers);
        issues->triggers = catalog_triggers(issues->catalog);
    }
    if (issues->stale) {
        clear(&issues->failing);
        issues->stale = !load_failing(issues, transaction, error);
    }
    return !issues->stale;
}

void issues_forget(struct issues *issues)
{
    issues->stale = true;
}

static bool write_one(struct store_transaction *transaction, struct known *known, struct error *error)
{
    if (known->seen_at <= known->issue.last_seen_at)
        return true;
    known->issue.last_seen_at = known->seen_at;
    return store_touch_issue(transaction, known->issue.id, known->seen_at, error);
}

bool engine_write_seen(struct issues *issues, struct store_transaction *transaction, struct error *error)
{
    size_t position = 0;
    struct known *known;
    atomic_store(&issues->unwritten, false);
    while ((known = hash_map_next(&issues->known, &position)) != NULL) {
        if (!write_one(transaction, known, error))
            return false;
    }
    return true;
}

/* Makes room for one more. */
static bool evict(struct issues *issues, struct store_transaction *transaction, struct error *error)
{
    struct known *known = hash_map_next(&issues->known, &issues->evict_position);
    if (known == NULL) {
        issues->evict_position = 0;
        known = hash_map_next(&issues->known, &issues->evict_position);
    }
    hash_map_remove_text(&issues->known, words_text(known->words));
    bool done = write_one(transaction, known, error);
    free(known);
    return done;
}

/* The issue of that key is changed by other ways: the next to look for it asks the store. */
static bool drop(struct issues *issues, struct store_transaction *transaction, const struct issue_key *key,
                 struct error *error)
{
    const int64_t words[4] = {(int64_t)key->type, key->subject_id, key->first, key->second};
    struct known *known = hash_map_remove_text(&issues->known, words_text(words));
    bool done = known == NULL || write_one(transaction, known, error);
    free(known);
    return done;
}

/* ---- telling ------------------------------------------------------------------------------------ */

/* The source that the key belongs to; 0: to none. */
static int64_t source_of(struct issues *issues, const struct issue_key *key)
{
    if (key->type == ISSUE_REQUEST)
        return key->subject_id;
    if (key->type != ISSUE_DELIVERY)
        return 0;
    struct catalog_connection *connection = catalog_find_connection(issues->catalog, key->subject_id);
    int64_t source_id = connection != NULL ? connection->record.source_id : 0;
    catalog_connection_release(connection);
    return source_id;
}

bool engine_tell(struct issues *issues, struct store_transaction *transaction, int64_t project_id, enum topic topic,
                 int64_t object_id, int64_t source_id, bool always, struct error *error)
{
    const struct trigger_project *project = trigger_set_project(issues->triggers, project_id);
    /* What happens to notifications is never told: it would be a notification itself. */
    bool to_source = (project->topics & 1u << topic) != 0 && source_id != project->source_id;
    if (!to_source && !always)
        return true;
    struct notice notice = {id_new(), project_id, topic, object_id, to_source};
    return store_insert_notice(transaction, &notice, error);
}

static bool tell_of(struct issues *issues, struct store_transaction *transaction, const struct issue *issue,
                    enum topic topic, struct error *error)
{
    return engine_tell(issues, transaction, issue->project_id, topic, issue->id, source_of(issues, &issue->key),
                       topic == TOPIC_ISSUE_OPENED, error);
}

/* ---- something went wrong ------------------------------------------------------------------------ */

static struct text name_of_subject(struct issues *issues, struct store_transaction *transaction, struct arena *arena,
                                   const struct issue_key *key)
{
    struct text name = TEXT("");
    if (key->type == ISSUE_DELIVERY) {
        struct catalog_connection *connection = catalog_find_connection(issues->catalog, key->subject_id);
        if (connection != NULL && connection->record.name.data != NULL)
            name = arena_copy_text(arena, connection->record.name);
        catalog_connection_release(connection);
    } else if (key->type == ISSUE_BACKPRESSURE) {
        struct catalog_destination *destination = catalog_find_destination(issues->catalog, key->subject_id);
        if (destination != NULL)
            name = arena_copy_text(arena, destination->record.name);
        catalog_destination_release(destination);
    } else if (key->type == ISSUE_REQUEST) {
        struct catalog_source *source = catalog_find_source(issues->catalog, key->subject_id);
        if (source != NULL)
            name = arena_copy_text(arena, source->record.name);
        catalog_source_release(source);
    } else {
        struct transformation transformation;
        if (store_read_transformation(store_transaction_reader(transaction), arena, 0, key->subject_id, &transformation,
                                      NULL))
            name = transformation.name;
    }
    return name;
}

/* Which rule decides, and the delay for the key of a destination that is behind. */
static const struct trigger_rule *rule_of(struct issues *issues, struct store_transaction *transaction,
                                          const struct occurrence *occurrence)
{
    struct arena arena = {0};
    const struct issue_key *key = &occurrence->key;
    const struct trigger_project *project = trigger_set_project(issues->triggers, occurrence->project_id);
    bool detailed = key->type == ISSUE_TRANSFORMATION || key->type == ISSUE_REQUEST;
    const struct trigger_rule *rule =
        trigger_choose(project->rules, project->count, key->type, key->subject_id,
                       name_of_subject(issues, transaction, &arena, key), detailed ? key->first : 0);
    arena_free(&arena);
    return rule;
}

static bool learn(struct issues *issues, struct store_transaction *transaction, const struct occurrence *occurrence,
                  struct known **out, struct error *error)
{
    const struct issue_key *key = &occurrence->key;
    const struct trigger_rule *rule = rule_of(issues, transaction, occurrence);
    struct error none = {0};
    if (issues->known.used >= KNOWN_ISSUES && !evict(issues, transaction, error))
        return false;
    struct known *known = NEW(struct known);
    *known = (struct known){.words = {(int64_t)key->type, key->subject_id, key->first, key->second},
                            .trigger_id = rule != NULL ? rule->id : 0,
                            .first_attempt = rule != NULL && rule->first_attempt};
    if (!store_read_issue_by_key(store_transaction_reader(transaction), key, &known->issue, &none)) {
        if (none.code != ERROR_NOT_FOUND) {
            free(known);
            *error = none;
            return false;
        }
        known->issue = (struct issue){.project_id = occurrence->project_id, .key = *key};
    }
    hash_map_put_text(&issues->known, words_text(known->words), known);
    *out = known;
    return true;
}

/* For the first time or again. */
static bool open_issue(struct issues *issues, struct store_transaction *transaction, struct known *known,
                       const struct occurrence *occurrence, struct error *error)
{
    struct issue *issue = &known->issue;
    if (issue->id == 0) {
        issue->id = id_new();
        issue->trigger_id = known->trigger_id;
        issue->first_seen_at = issue->created_at = occurrence->now;
    }
    issue->status = ISSUE_OPENED;
    issue->opened_at = issue->last_seen_at = issue->updated_at = occurrence->now;
    issue->dismissed_at = issue->auto_resolved_at = 0;
    issue->reference_id = occurrence->reference_id;
    issue->attempt_id = occurrence->attempt_id;
    return store_put_issue(transaction, issue, error) &&
           tell_of(issues, transaction, issue, TOPIC_ISSUE_OPENED, error);
}

bool engine_observe(struct issues *issues, struct store_transaction *transaction, const struct occurrence *occurrence,
                    int64_t *issue_id, struct error *error)
{
    const struct issue_key *key = &occurrence->key;
    const int64_t words[4] = {(int64_t)key->type, key->subject_id, key->first, key->second};
    struct known *known = hash_map_get_text(&issues->known, words_text(words));
    *issue_id = 0;
    if (known == NULL && !learn(issues, transaction, occurrence, &known, error))
        return false;
    if (known->trigger_id == 0 || (occurrence->first_only && !known->first_attempt))
        return true;
    known->seen_at = occurrence->now;
    bool is_there = known->issue.id != 0 && (issue_is_open(&known->issue) || known->issue.status == ISSUE_IGNORED);
    if (!is_there) {
        if (!open_issue(issues, transaction, known, occurrence, error))
            return false;
    } else if (occurrence->now - known->issue.last_seen_at < WRITE_SEEN_MS) {
        atomic_store_explicit(&issues->unwritten, true, memory_order_relaxed);
    } else if (!write_one(transaction, known, error)) {
        return false;
    }
    *issue_id = known->issue.id;
    if (key->type == ISSUE_DELIVERY && known->issue.status != ISSUE_IGNORED)
        note_failure(issues, key->subject_id, occurrence->now);
    return occurrence->event_id == 0 ||
           store_link_issue_event(transaction, known->issue.id, occurrence->event_id, error);
}

/* ---- what is reported --------------------------------------------------------------------------- */

static void note_success(struct issues *issues, const struct attempt *attempt, const struct event *after)
{
    struct failing *failing = hash_map_get(&issues->failing, after->connection_id);
    if (failing == NULL || attempt->delivered_at <= failing->failed_at)
        return;
    failing->succeeded_at = attempt->delivered_at;
    atomic_store_explicit(&issues->recovering, true, memory_order_relaxed);
}

bool issues_attempt(struct issues *issues, struct store_transaction *transaction, const struct attempt *attempt,
                    const struct event *after, struct error *error)
{
    int64_t issue_id;
    enum topic topic = attempt->successful ? TOPIC_EVENT_SUCCESSFUL : TOPIC_ATTEMPT_FAILED;
    if (!engine_prepare(issues, transaction, error) ||
        !engine_tell(issues, transaction, attempt->project_id, topic,
                     attempt->successful ? attempt->event_id : attempt->id, after->source_id, false, error))
        return false;
    if (attempt->successful) {
        note_success(issues, attempt, after);
        return true;
    }
    const struct occurrence occurrence = {
        .key = {ISSUE_DELIVERY, after->connection_id, attempt->response_status, (int64_t)attempt->error_code},
        .project_id = attempt->project_id, .reference_id = attempt->event_id, .attempt_id = attempt->id,
        .event_id = attempt->event_id, .first_only = after->next_attempt_at != 0, .now = clock_now_ms()};
    return engine_observe(issues, transaction, &occurrence, &issue_id, error);
}

bool issues_rejected(struct issues *issues, struct store_transaction *transaction, const struct request *request,
                     struct error *error)
{
    int64_t issue_id;
    const struct occurrence occurrence = {
        .key = {ISSUE_REQUEST, request->source_id, (int64_t)request->rejection_cause, 0},
        .project_id = request->project_id, .reference_id = request->id, .now = clock_now_ms()};
    return engine_prepare(issues, transaction, error) &&
           engine_observe(issues, transaction, &occurrence, &issue_id, error);
}

bool issues_execution(struct issues *issues, struct store_transaction *transaction, struct execution *execution,
                      struct error *error)
{
    const struct occurrence occurrence = {
        .key = {ISSUE_TRANSFORMATION, execution->transformation_id, (int64_t)execution->log_level, 0},
        .project_id = execution->project_id, .reference_id = execution->id, .now = clock_now_ms()};
    return execution->connection_id == 0 ||
           (engine_prepare(issues, transaction, error) &&
            engine_observe(issues, transaction, &occurrence, &execution->issue_id, error));
}

bool issues_change(struct issues *issues, struct store_transaction *transaction, const struct issue *issue,
                   struct error *error)
{
    if (!engine_prepare(issues, transaction, error) || !drop(issues, transaction, &issue->key, error))
        return false;
    if (issue->key.type == ISSUE_DELIVERY && issue_is_open(issue))
        note_failure(issues, issue->key.subject_id, issue->last_seen_at);
    return store_put_issue(transaction, issue, error) &&
           tell_of(issues, transaction, issue, TOPIC_ISSUE_UPDATED, error);
}

bool engine_resolve(struct issues *issues, struct store_transaction *transaction, struct issue *issue, int64_t now,
                    struct error *error)
{
    issue->status = ISSUE_RESOLVED;
    issue->auto_resolved_at = issue->updated_at = now;
    return drop(issues, transaction, &issue->key, error) && store_put_issue(transaction, issue, error) &&
           tell_of(issues, transaction, issue, TOPIC_ISSUE_UPDATED, error);
}

static bool end_outage(struct issues *issues, struct store_transaction *transaction, int64_t destination_id,
                       struct error *error)
{
    struct arena arena = {0};
    struct issue *open;
    size_t count;
    bool done = store_read_open_issues(store_transaction_reader(transaction), &arena, ISSUE_BACKPRESSURE, destination_id,
                                       &open, &count, error);
    for (size_t i = 0; done && i < count; i++) {
        if (open[i].key.first == 0)
            done = engine_resolve(issues, transaction, &open[i], clock_now_ms(), error);
    }
    arena_free(&arena);
    return done;
}

bool issues_outage(struct issues *issues, struct store_transaction *transaction, int64_t destination_id, bool open,
                   struct error *error)
{
    int64_t issue_id;
    struct catalog_destination *destination = catalog_find_destination(issues->catalog, destination_id);
    struct occurrence occurrence = {.key = {ISSUE_BACKPRESSURE, destination_id, 0, 0},
                                    .project_id = destination != NULL ? destination->record.project_id : 0,
                                    .reference_id = destination_id, .now = clock_now_ms()};
    catalog_destination_release(destination);
    if (!engine_prepare(issues, transaction, error))
        return false;
    if (!open)
        return end_outage(issues, transaction, destination_id, error);
    return destination == NULL || engine_observe(issues, transaction, &occurrence, &issue_id, error);
}

/* ---- start and stop ------------------------------------------------------------------------------ */

struct issues *issues_start(struct store *store, struct catalog *catalog, struct error *error)
{
    struct issues *issues = NEW(struct issues);
    issues->store = store;
    issues->catalog = catalog;
    issues->stale = true;
    pthread_mutex_init(&issues->lock, NULL);
    condition_init(&issues->changed);
    issues->reader = store_reader_open(store, error);
    if (issues->reader != NULL) {
        issues->started = thread_start(&issues->thread, "issues", watch_run, issues);
        if (issues->started)
            return issues;
        error_set(error, ERROR_INTERNAL, "no thread for issues");
    }
    issues_stop(issues);
    return NULL;
}

void issues_stop(struct issues *issues)
{
    pthread_mutex_lock(&issues->lock);
    issues->stopping = true;
    pthread_cond_signal(&issues->changed);
    pthread_mutex_unlock(&issues->lock);
    if (issues->started)
        pthread_join(issues->thread, NULL);
    if (issues->reader != NULL)
        store_reader_close(issues->reader);
    clear(&issues->known);
    clear(&issues->failing);
    trigger_set_release(issues->triggers);
    pthread_cond_destroy(&issues->changed);
    pthread_mutex_destroy(&issues->lock);
    free(issues);
}
