/* The writing half of store.h for single records. */
#include "base/id.h"
#include "store/sqlite/metrics_keep.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

static const char CHANGE[] = "UPDATE meta SET value = value + 1 WHERE name = 'change'";

/* Numbers the change, so that others can ask for what came after it. */
static sqlite3_stmt *changing(struct store_transaction *transaction, const char *sql, struct error *error)
{
    sqlite3_stmt *counter = database_statement(transaction->database, CHANGE, error);
    if (!database_run(transaction->database, counter, error))
        return NULL;
    return database_statement(transaction->database, sql, error);
}

bool store_put_source(struct store_transaction *transaction, const struct source *source, struct error *error)
{
    sqlite3_stmt *s = changing(
        transaction,
        "INSERT INTO source(" SOURCE_COLUMNS ", change) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " seal_config(?11, 'source', ?1),"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(id) DO UPDATE SET"
        " disabled_at = excluded.disabled_at, deleted_at = excluded.deleted_at, updated_at = excluded.updated_at,"
        " name = excluded.name, description = excluded.description, type = excluded.type, config = excluded.config,"
        " change = excluded.change", error);
    if (s == NULL)
        return false;
    BIND(s, source->id, source->project_id, source->disabled_at, source->deleted_at, source->created_at,
         source->updated_at);
    bind_text(s, 7, source->token);
    bind_text(s, 8, source->name);
    bind_text(s, 9, source->description);
    bind_text(s, 10, source->type);
    bind_text(s, 11, source->config);
    return database_run(transaction->database, s, error);
}

bool store_put_destination(struct store_transaction *transaction, const struct destination *destination,
                           struct error *error)
{
    sqlite3_stmt *s = changing(
        transaction,
        "INSERT INTO destination(" DESTINATION_COLUMNS ", change) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " seal_config(?10, 'destination', ?1),"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(id) DO UPDATE SET type = excluded.type,"
        " disabled_at = excluded.disabled_at, deleted_at = excluded.deleted_at, updated_at = excluded.updated_at,"
        " name = excluded.name, description = excluded.description, config = excluded.config,"
        " change = excluded.change", error);
    if (s == NULL)
        return false;
    BIND(s, destination->id, destination->project_id, (int64_t)destination->type, destination->disabled_at,
         destination->deleted_at, destination->created_at, destination->updated_at);
    bind_text(s, 8, destination->name);
    bind_text(s, 9, destination->description);
    bind_text(s, 10, destination->config);
    return database_run(transaction->database, s, error);
}

bool store_put_connection(struct store_transaction *transaction, const struct connection *connection,
                          struct error *error)
{
    sqlite3_stmt *s = changing(
        transaction,
        "INSERT INTO connection(" CONNECTION_COLUMNS ", change) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(id) DO UPDATE SET"
        " disabled_at = excluded.disabled_at, paused_at = excluded.paused_at, deleted_at = excluded.deleted_at,"
        " updated_at = excluded.updated_at, name = excluded.name, description = excluded.description,"
        " rules = excluded.rules, change = excluded.change", error);
    if (s == NULL)
        return false;
    BIND(s, connection->id, connection->project_id, connection->source_id, connection->destination_id,
         connection->disabled_at, connection->paused_at, connection->deleted_at, connection->created_at,
         connection->updated_at);
    bind_text(s, 10, connection->name);
    bind_text(s, 11, connection->description);
    bind_text(s, 12, connection->rules);
    return database_run(transaction->database, s, error);
}

static bool insert_detail(struct store_transaction *transaction, const struct request *request, struct error *error)
{
    if (request->rejection_detail.size == 0)
        return true;
    sqlite3_stmt *s = database_statement(transaction->database, "INSERT INTO rejection_detail VALUES(?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, request->id);
    bind_text(s, 2, request->rejection_detail);
    return database_run(transaction->database, s, error);
}

bool store_insert_request(struct store_transaction *transaction, const struct request *request, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO request(" REQUEST_COLUMNS REQUEST_DATA_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, request->id, request->project_id, request->source_id, request->ingested_at, request->verified,
         (int64_t)request->rejection_cause, request->events_count, request->cli_events_count, request->ignored_count,
         request->updated_at);
    bind_text(s, 11, request->method);
    bind_text(s, 12, request->path);
    bind_text(s, 13, request->query);
    bind_bytes(s, 14, request->headers);
    bind_bytes(s, 15, request->body);
    if (!database_run(transaction->database, s, error) || !insert_detail(transaction, request, error))
        return false;
    struct request_counted counted = {request->project_id, request->source_id, request->ingested_at,
                                      (int64_t)request->rejection_cause,
                                      request->events_count + request->cli_events_count, request->ignored_count};
    keep_request(&transaction->store->deltas, &counted, 1);
    return true;
}

bool store_insert_ignored_event(struct store_transaction *transaction, const struct ignored_event *ignored,
                                struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO ignored_event(" IGNORED_COLUMNS ") VALUES(?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, ignored->id, ignored->request_id, ignored->connection_id, (int64_t)ignored->cause);
    bind_text(s, 5, ignored->meta);
    return database_run(transaction->database, s, error);
}

bool store_insert_event(struct store_transaction *transaction, const struct event *event, bool leased,
                        struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO event(" EVENT_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, event->id, event->project_id, event->request_id, event->connection_id, event->source_id,
         event->destination_id, (int64_t)event->status, event->due_at, event->next_attempt_at,
         (int64_t)event->next_trigger, event->attempts, event->automatic_retries, event->last_attempt_at,
         event->successful_at, event->response_status, (int64_t)event->error_code, event->created_at,
         event->updated_at, event->bulk_id, event->execution_id, event->lane);
    bind_text(s, 22, event->delivery_group);
    if (leased)
        leases_take(&transaction->store->leases, event->id);
    if (!database_run(transaction->database, s, error))
        return false;
    struct event_counted counted = counted_of_event(event);
    keep_event(&transaction->store->deltas, &counted, 1);
    return true;
}

bool store_add_request_counts(struct store_transaction *transaction, int64_t request_id, int64_t events,
                              int64_t cli_events, int64_t ignored, int64_t now, struct error *error)
{
    struct request_counted counted;
    struct error missing = {0};
    if (!keep_read_request(transaction->database, request_id, &counted, &missing))
        return missing.code == ERROR_NONE || error_set(error, missing.code, "%s", missing.message);
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "UPDATE request SET events_count = events_count + ?1, cli_events_count = cli_events_count + ?2,"
        " ignored_count = ignored_count + ?3, updated_at = ?4,"
        " rejection_cause = CASE WHEN ?1 + ?2 > 0 THEN 0 ELSE rejection_cause END WHERE id = ?5", error);
    if (s == NULL)
        return false;
    BIND(s, events, cli_events, ignored, now, request_id);
    if (!database_run(transaction->database, s, error))
        return false;
    keep_request(&transaction->store->deltas, &counted, -1);
    counted.events += events + cli_events;
    counted.ignored += ignored;
    if (events + cli_events > 0)
        counted.rejection_cause = REJECTION_NONE;
    keep_request(&transaction->store->deltas, &counted, 1);
    return true;
}

#define CHANGING                                                                                        \
    "UPDATE event SET status = ?, due_at = ?, next_attempt_at = ?, next_trigger = ?, attempts = ?,"     \
    " automatic_retries = ?, last_attempt_at = ?, successful_at = ?, response_status = ?, error_code = ?," \
    " updated_at = ?, bulk_id = ? WHERE id = ?"
#define STILL                                                                                           \
    " AND status = ? AND due_at = ? AND next_attempt_at = ? AND next_trigger = ? AND attempts = ?"      \
    " AND automatic_retries = ? AND updated_at = ? AND bulk_id = ?"

static void bind_changing(sqlite3_stmt *s, const struct event *event)
{
    BIND(s, (int64_t)event->status, event->due_at, event->next_attempt_at, (int64_t)event->next_trigger,
         event->attempts, event->automatic_retries, event->last_attempt_at, event->successful_at,
         event->response_status, (int64_t)event->error_code, event->updated_at, event->bulk_id, event->id);
}

static void keep_change(struct store_transaction *transaction, const struct event_counted *before,
                        const struct event *event)
{
    struct event_counted after = *before;
    after.status = (int64_t)event->status;
    after.error_code = (int64_t)event->error_code;
    after.response_status = event->response_status;
    after.attempts = event->attempts;
    after.next_attempt_at = event->next_attempt_at;
    keep_event(&transaction->store->deltas, before, -1);
    keep_event(&transaction->store->deltas, &after, 1);
}

bool store_update_event(struct store_transaction *transaction, const struct event *event, struct error *error)
{
    struct event_counted before;
    struct error missing = {0};
    if (!keep_read_event(transaction->database, event->id, &before, &missing))
        return missing.code == ERROR_NONE || error_set(error, missing.code, "%s", missing.message);
    sqlite3_stmt *s = database_statement(transaction->database, CHANGING, error);
    if (s == NULL)
        return false;
    bind_changing(s, event);
    if (!database_run(transaction->database, s, error))
        return false;
    keep_change(transaction, &before, event);
    return true;
}

/* As store_update_event when the event is as `before`. */
static bool change_event(struct store_transaction *transaction, const struct event *before, const struct event *after,
                         bool *changed, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, CHANGING STILL, error);
    if (s == NULL)
        return false;
    bind_changing(s, after);
    const int64_t still[] = {(int64_t)before->status, before->due_at, before->next_attempt_at,
                             (int64_t)before->next_trigger, before->attempts, before->automatic_retries,
                             before->updated_at, before->bulk_id};
    bind_integers(s, 14, still, sizeof still / sizeof still[0]);
    if (!database_run(transaction->database, s, error))
        return false;
    *changed = sqlite3_changes(transaction->database->db) == 0;
    struct event_counted counted = counted_of_event(before);
    if (!*changed)
        keep_change(transaction, &counted, after);
    return true;
}

static bool insert_attempt(struct store_transaction *transaction, const struct attempt *attempt, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT INTO attempt(" ATTEMPT_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, attempt->id, attempt->project_id, attempt->event_id, attempt->destination_id, attempt->successful,
         attempt->attempt_number, (int64_t)attempt->trigger, attempt->response_status, (int64_t)attempt->error_code,
         attempt->delivered_at, attempt->responded_at, attempt->delivery_latency_ms, attempt->response_latency_ms);
    bind_text(s, 14, attempt->requested_url);
    bind_text(s, 15, attempt->method);
    bind_bytes(s, 16, attempt->body);
    bind_text(s, 17, attempt->content_type);
    bind_integers(s, 18, &attempt->bulk_id, 1);
    bind_bytes(s, 19, attempt->response_headers);
    if (!database_run(transaction->database, s, error))
        return false;
    struct attempt_counted counted = {attempt->project_id, attempt->destination_id, attempt->delivered_at,
                                      attempt->successful, (int64_t)attempt->error_code, (int64_t)attempt->trigger,
                                      attempt->response_latency_ms, attempt->delivery_latency_ms};
    keep_attempt(&transaction->store->deltas, &counted);
    leases_end(&transaction->store->leases, attempt->event_id);
    return true;
}

bool store_record_attempt(struct store_transaction *transaction, const struct attempt *attempt,
                          const struct event *event, struct error *error)
{
    return store_update_event(transaction, event, error) && insert_attempt(transaction, attempt, error);
}

bool store_record_outcome(struct store_transaction *transaction, const struct attempt *attempt,
                          const struct event *before, const struct event *after, bool *changed, struct error *error)
{
    return change_event(transaction, before, after, changed, error) &&
           (*changed || insert_attempt(transaction, attempt, error));
}

/* ---- slices ---- */

enum { LARGEST_SLICE = 1000 };

/* Selects ids (?1 the connection, ?2 the limit), and changes each that nobody holds (?1 now, ?2 the id). */
static bool change_slice(struct store_transaction *transaction, const char *select, const char *update,
                         int64_t connection_id, int64_t now, size_t limit, size_t *changed, struct error *error)
{
    int64_t ids[LARGEST_SLICE];
    size_t count = 0;
    int row;
    sqlite3_stmt *s = database_statement(transaction->database, select, error);
    *changed = 0;
    if (s == NULL)
        return false;
    BIND(s, connection_id);
    while ((row = database_step(transaction->database, s, error)) == 1) {
        int64_t id = sqlite3_column_int64(s, 0);
        if (!leases_has(&transaction->store->leases, id))
            ids[count++] = id;
        if (count == limit || count == LARGEST_SLICE) {
            sqlite3_reset(s);
            break;
        }
    }
    if (row < 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct event_counted before, after;
        if (!keep_read_event(transaction->database, ids[i], &before, error))
            return false;
        s = database_statement(transaction->database, update, error);
        if (s == NULL)
            return false;
        BIND(s, now, ids[i]);
        if (!database_run(transaction->database, s, error) ||
            !keep_read_event(transaction->database, ids[i], &after, error))
            return false;
        keep_event(&transaction->store->deltas, &before, -1);
        keep_event(&transaction->store->deltas, &after, 1);
    }
    *changed = count;
    return true;
}

static const char WAITING[] =
    "SELECT id FROM event INDEXED BY event_due WHERE due_at > 0 AND connection_id = ?1"
    " AND destination_id = (SELECT destination_id FROM connection WHERE id = ?1)";
/* Named, or else every slice would walk over all events of the connection that are not held. */
static const char HELD[] = "SELECT id FROM event INDEXED BY event_hold WHERE connection_id = ?1 AND status = 3";
static const char HOLD[] = "UPDATE event SET status = 3, due_at = 0, updated_at = ?1 WHERE id = ?2";
static const char RESUME[] =
    "UPDATE event SET status = 2, due_at = ?1, next_attempt_at = 0, next_trigger = 5, updated_at = ?1 WHERE id = ?2";
/* 6: EVENT_CANCELLED; 2: ATTEMPT_ERROR_CANCELLED */
static const char CANCEL[] = "UPDATE event SET status = 6, due_at = 0, next_attempt_at = 0, error_code = 2,"
                             " updated_at = ?1 WHERE id = ?2";

bool store_hold_events(struct store_transaction *transaction, int64_t connection_id, int64_t now, size_t limit,
                       size_t *changed, struct error *error)
{
    return change_slice(transaction, WAITING, HOLD, connection_id, now, limit, changed, error);
}

bool store_resume_events(struct store_transaction *transaction, int64_t connection_id, int64_t now, size_t limit,
                         size_t *changed, struct error *error)
{
    return change_slice(transaction, HELD, RESUME, connection_id, now, limit, changed, error);
}

bool store_cancel_events(struct store_transaction *transaction, int64_t connection_id, int64_t now, size_t limit,
                         size_t *changed, struct error *error)
{
    if (!change_slice(transaction, WAITING, CANCEL, connection_id, now, limit, changed, error))
        return false;
    return *changed > 0 || change_slice(transaction, HELD, CANCEL, connection_id, now, limit, changed, error);
}
