#include "store/project.h"

#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

/* ---- writing ---- */

static bool number_change(struct store_transaction *transaction, struct error *error)
{
    return database_run(transaction->database,
                        database_statement(transaction->database,
                                           "UPDATE meta SET value = value + 1 WHERE name = 'change'", error),
                        error);
}

bool store_put_project(struct store_transaction *transaction, const struct project *project, struct error *error)
{
    if (!number_change(transaction, error))
        return false;
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO project(" PROJECT_COLUMNS ", change) VALUES(?, ?, ?, ?, ?,"
        " seal(?6, 'project.signing_secret', ?1), seal(?7, 'project.previous_secret', ?1), ?8,"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(id) DO UPDATE SET"
        " updated_at = excluded.updated_at, deleted_at = excluded.deleted_at, name = excluded.name,"
        " signing_secret = excluded.signing_secret, previous_secret = excluded.previous_secret,"
        " previous_until = excluded.previous_until, change = excluded.change", error);
    if (s == NULL)
        return false;
    BIND(s, project->id, project->created_at, project->updated_at, project->deleted_at);
    bind_text(s, 5, project->name);
    bind_text(s, 6, project->signing_secret);
    bind_text(s, 7, project->previous_secret);
    sqlite3_bind_int64(s, 8, project->previous_until);
    return database_run(transaction->database, s, error);
}

#define MARK_DELETED(table)                                                                             \
    "UPDATE " table " SET deleted_at = ?2, updated_at = ?2, change = (SELECT value FROM meta WHERE name = 'change')" \
    " WHERE project_id = ?1 AND deleted_at = 0"

bool store_empty_project(struct store_transaction *transaction, int64_t project_id, int64_t now, struct error *error)
{
    static const char *const steps[] = {
        MARK_DELETED("source"), MARK_DELETED("destination"), MARK_DELETED("connection"),
        MARK_DELETED("issue_trigger"), "UPDATE issue SET deleted_at = ?2 WHERE project_id = ?1 AND deleted_at = 0",
        "DELETE FROM notification WHERE project_id = ?1",
        "DELETE FROM custom_domain WHERE project_id = ?1",
        "UPDATE meta SET value = (SELECT value FROM meta WHERE name = 'change') WHERE name = 'domains'",
        "DELETE FROM api_key WHERE project_id = ?1 AND is_operator = 0",
    };
    if (!number_change(transaction, error))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        sqlite3_stmt *s = database_statement(transaction->database, steps[i], error);
        if (s == NULL)
            return false;
        bind_integers(s, 1, (int64_t[]){project_id, now}, (size_t)sqlite3_bind_parameter_count(s));
        if (!database_run(transaction->database, s, error))
            return false;
    }
    return true;
}

bool store_insert_api_key(struct store_transaction *transaction, const struct api_key *key, struct text hash_hex,
                          struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO api_key(" API_KEY_COLUMNS ", key_hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, key->id, key->project_id, key->rate_limit, key->is_operator, key->created_at);
    bind_text(s, 6, key->name);
    bind_text(s, 7, key->last_digits);
    bind_text(s, 8, hash_hex);
    return database_run(transaction->database, s, error);
}

bool store_update_api_key(struct store_transaction *transaction, const struct api_key *key, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "UPDATE api_key SET project_id = ?2, rate_limit = ?3, name = ?4 WHERE id = ?1", error);
    if (s == NULL)
        return false;
    BIND(s, key->id, key->project_id, key->rate_limit);
    bind_text(s, 4, key->name);
    return database_run(transaction->database, s, error);
}

bool store_delete_api_key(struct store_transaction *transaction, int64_t id, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM api_key WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    return database_run(transaction->database, s, error);
}

bool store_set_operator(struct store_transaction *transaction, int64_t id, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "UPDATE api_key SET is_operator = (id = ?1) WHERE is_operator <> (id = ?1)", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    return database_run(transaction->database, s, error);
}

/* ---- reading ---- */

static void row_api_key(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct api_key *)out = (struct api_key){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .rate_limit = sqlite3_column_int64(s, 2), .is_operator = sqlite3_column_int64(s, 3) != 0,
        .created_at = sqlite3_column_int64(s, 4), .name = column_text(arena, s, 5),
        .last_digits = column_text(arena, s, 6)};
}

bool store_read_project(struct store_reader *reader, struct arena *arena, int64_t id, struct project *project,
                        struct error *error)
{
    return read_by_id(reader, arena, "SELECT " PROJECT_OPENED " FROM project WHERE id = ?1 AND ?2 = 0", 0, id,
                      row_project, project, error);
}

bool store_read_project_by_name(struct store_reader *reader, struct arena *arena, struct text name,
                                struct project *project, struct error *error)
{
    sqlite3_stmt *s =
        database_statement(reader, "SELECT " PROJECT_OPENED " FROM project WHERE name = ? AND deleted_at = 0", error);
    if (s != NULL)
        bind_text(s, 1, name);
    return read_one(reader, arena, s, row_project, project, error);
}

bool store_read_projects(struct store_reader *reader, struct arena *arena, struct project **projects, size_t *count,
                         struct error *error)
{
    void *items;
    if (!read_all(reader, arena, "SELECT " PROJECT_OPENED " FROM project WHERE deleted_at = 0 ORDER BY id", NULL,
                  row_project, sizeof(struct project), &items, count, error))
        return false;
    *projects = items;
    return true;
}

bool store_read_api_key(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                        struct api_key *key, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(API_KEY_COLUMNS, "api_key"), project_id, id, row_api_key, key, error);
}

bool store_read_api_key_by_hash(struct store_reader *reader, struct arena *arena, struct text hash_hex,
                                struct api_key *key, struct error *error)
{
    sqlite3_stmt *s = database_statement(reader, "SELECT " API_KEY_COLUMNS " FROM api_key WHERE key_hash = ?", error);
    if (s != NULL)
        bind_text(s, 1, hash_hex);
    return read_one(reader, arena, s, row_api_key, key, error);
}

bool store_read_api_keys(struct store_reader *reader, struct arena *arena, int64_t project_id, struct api_key **keys,
                         size_t *count, struct error *error)
{
    void *items;
    if (!read_all(reader, arena, "SELECT " API_KEY_COLUMNS " FROM api_key WHERE project_id = ? ORDER BY id",
                  &project_id, row_api_key, sizeof(struct api_key), &items, count, error))
        return false;
    *keys = items;
    return true;
}

bool store_read_connection_ids(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t **ids,
                               size_t *count, struct error *error)
{
    void *items;
    if (!read_all(reader, arena, "SELECT id FROM connection WHERE project_id = ? AND deleted_at = 0", &project_id,
                  row_integer, sizeof(int64_t), &items, count, error))
        return false;
    *ids = items;
    return true;
}
