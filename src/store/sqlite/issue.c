#include "store/issue.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

static void row_issue(struct arena *arena, sqlite3_stmt *s, void *out)
{
    (void)arena;
    *(struct issue *)out = (struct issue){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .trigger_id = sqlite3_column_int64(s, 2),
        .key = {(enum issue_type)sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5),
                sqlite3_column_int64(s, 6)},
        .status = (enum issue_status)sqlite3_column_int64(s, 7), .opened_at = sqlite3_column_int64(s, 8),
        .first_seen_at = sqlite3_column_int64(s, 9), .last_seen_at = sqlite3_column_int64(s, 10),
        .dismissed_at = sqlite3_column_int64(s, 11), .auto_resolved_at = sqlite3_column_int64(s, 12),
        .created_at = sqlite3_column_int64(s, 13), .updated_at = sqlite3_column_int64(s, 14),
        .reference_id = sqlite3_column_int64(s, 15), .attempt_id = sqlite3_column_int64(s, 16)};
}

/* ---- written ---- */

bool store_put_issue(struct store_transaction *transaction, const struct issue *issue, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO issue(" ISSUE_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(id) DO UPDATE SET status = excluded.status, opened_at = excluded.opened_at,"
        " last_seen_at = max(last_seen_at, excluded.last_seen_at), dismissed_at = excluded.dismissed_at,"
        " auto_resolved_at = excluded.auto_resolved_at, updated_at = excluded.updated_at,"
        " reference_id = excluded.reference_id, attempt_id = excluded.attempt_id", error);
    if (s == NULL)
        return false;
    BIND(s, issue->id, issue->project_id, issue->trigger_id, (int64_t)issue->key.type, issue->key.subject_id,
         issue->key.first, issue->key.second, (int64_t)issue->status, issue->opened_at, issue->first_seen_at,
         issue->last_seen_at, issue->dismissed_at, issue->auto_resolved_at, issue->created_at, issue->updated_at,
         issue->reference_id, issue->attempt_id);
    return database_run(transaction->database, s, error);
}

static bool run_with(struct store_transaction *transaction, const char *sql, int64_t first, int64_t second,
                     struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, sql, error);
    if (s == NULL)
        return false;
    BIND(s, first, second);
    return database_run(transaction->database, s, error);
}

bool store_touch_issue(struct store_transaction *transaction, int64_t id, int64_t last_seen_at, struct error *error)
{
    return run_with(transaction,
                    "UPDATE issue SET last_seen_at = max(last_seen_at, ?2), updated_at = max(updated_at, ?2)"
                    " WHERE id = ?1", id, last_seen_at, error);
}

bool store_link_issue_event(struct store_transaction *transaction, int64_t issue_id, int64_t event_id,
                            struct error *error)
{
    return run_with(transaction, "INSERT OR IGNORE INTO issue_event(issue_id, event_id) VALUES(?1, ?2)", issue_id,
                    event_id, error);
}

bool store_delete_issues_of(struct store_transaction *transaction, int64_t trigger_id, int64_t now, struct error *error)
{
    return run_with(transaction, "UPDATE issue SET deleted_at = ?2 WHERE trigger_id = ?1 AND deleted_at = 0", trigger_id,
                    now, error);
}

bool store_has_deleted_issues(struct store_reader *reader, bool *has, struct error *error)
{
    int64_t found;
    sqlite3_stmt *s = database_statement(reader, "SELECT EXISTS(SELECT 1 FROM issue WHERE deleted_at > 0)", error);
    bool done = read_one(reader, NULL, s, row_integer, &found, error);
    *has = done && found != 0;
    return done;
}

/* An issue goes after the last of its links. */
bool store_purge_issues(struct store_transaction *transaction, size_t limit, bool *more, struct error *error)
{
    int64_t id;
    sqlite3_stmt *s = database_statement(transaction->database, "SELECT id FROM issue WHERE deleted_at > 0 LIMIT 1", error);
    struct error none = {0};
    *more = read_one(transaction->database, NULL, s, row_integer, &id, &none);
    if (!*more) {
        if (none.code == ERROR_NOT_FOUND)
            return true;
        *error = none;
        return false;
    }
    if (!run_with(transaction,
                  "DELETE FROM issue_event WHERE issue_id = ?1 AND event_id IN"
                  " (SELECT event_id FROM issue_event WHERE issue_id = ?1 LIMIT ?2)", id, (int64_t)limit, error))
        return false;
    return run_with(transaction,
                    "DELETE FROM issue WHERE id = ?1 AND ?2 > 0"
                    " AND NOT EXISTS (SELECT 1 FROM issue_event WHERE issue_id = ?1)", id, (int64_t)limit, error);
}

/* ---- read ---- */

bool store_read_issue(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                      struct issue *issue, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(ISSUE_COLUMNS, "issue") " AND deleted_at = 0", project_id, id, row_issue,
                      issue, error);
}

bool store_read_issue_by_key(struct store_reader *reader, const struct issue_key *key, struct issue *issue,
                             struct error *error)
{
    sqlite3_stmt *s = database_statement(
        reader, "SELECT " ISSUE_COLUMNS " FROM issue WHERE subject_id = ? AND type = ? AND key_first = ?"
        " AND key_second = ? AND deleted_at = 0", error);
    if (s != NULL)
        BIND(s, key->subject_id, (int64_t)key->type, key->first, key->second);
    return read_one(reader, NULL, s, row_issue, issue, error);
}

bool store_read_open_issues(struct store_reader *reader, struct arena *arena, enum issue_type type, int64_t subject_id,
                            struct issue **issues, size_t *count, struct error *error)
{
    static const char SELECT[] = "SELECT " ISSUE_COLUMNS " FROM issue INDEXED BY issue_open WHERE deleted_at = 0"
                                 " AND dismissed_at = 0 AND status IN (1, 3) AND type = ?1 AND (?2 = 0 OR subject_id = ?2)";
    int row;
    size_t room = 16;
    struct issue *found = ARENA_ARRAY(arena, struct issue, room);
    sqlite3_stmt *s = database_statement(reader, SELECT, error);
    *count = 0;
    if (s == NULL)
        return false;
    BIND(s, (int64_t)type, subject_id);
    while ((row = database_step(reader, s, error)) == 1) {
        if (*count == room) {
            struct issue *larger = ARENA_ARRAY(arena, struct issue, room * 2);
            memcpy(larger, found, room * sizeof *found);
            found = larger;
            room *= 2;
        }
        row_issue(arena, s, &found[(*count)++]);
    }
    *issues = found;
    return row == 0;
}

/* ---- lists ---- */

#define OF_TYPE(type, column) "CASE type WHEN " type " THEN " column " END"

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_TYPE, "type", KIND_INTEGER}, {FIELD_STATUS, "status", KIND_INTEGER},
    {FIELD_ISSUE_TRIGGER_ID, "trigger_id", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
    {FIELD_OPENED_AT, "opened_at", KIND_INTEGER}, {FIELD_FIRST_SEEN_AT, "first_seen_at", KIND_INTEGER},
    {FIELD_LAST_SEEN_AT, "last_seen_at", KIND_INTEGER}, {FIELD_DISMISSED_AT, "dismissed_at", KIND_INTEGER},
    {FIELD_CONNECTION_ID, OF_TYPE("1", "subject_id"), KIND_INTEGER},
    {FIELD_RESPONSE_STATUS, OF_TYPE("1", "key_first"), KIND_INTEGER},
    {FIELD_ERROR_CODE, OF_TYPE("1", "key_second"), KIND_INTEGER},
    {FIELD_TRANSFORMATION_ID, OF_TYPE("2", "subject_id"), KIND_INTEGER},
    {FIELD_LOG_LEVEL, OF_TYPE("2", "key_first"), KIND_INTEGER},
    {FIELD_DESTINATION_ID, OF_TYPE("3", "subject_id"), KIND_INTEGER},
    {FIELD_DELAY, OF_TYPE("3", "key_first"), KIND_INTEGER},
    {FIELD_SOURCE_ID, OF_TYPE("4", "subject_id"), KIND_INTEGER},
    {FIELD_REJECTION_CAUSE, OF_TYPE("4", "key_first"), KIND_INTEGER},
};
static const struct list_kind LIST = {"issue", ISSUE_COLUMNS, "", "deleted_at = 0", NULL, KNOWN(COLUMNS), true, row_issue,
                                      sizeof(struct issue)};
DEFINE_LIST(store_list_issues, issue, &LIST)

bool store_count_issues(struct store_reader *reader, const struct store_list *list, int64_t *count, struct error *error)
{
    return list_count(reader, &LIST, list, count, error);
}
