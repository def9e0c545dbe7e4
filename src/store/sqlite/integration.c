#include "store/integration.h"

#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

static void row_integration(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct integration *)out = (struct integration){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .created_at = sqlite3_column_int64(s, 2), .updated_at = sqlite3_column_int64(s, 3),
        .label = column_text(arena, s, 4), .provider = column_text(arena, s, 5), .features = column_text(arena, s, 6),
        .configs = column_text(arena, s, 7)};
}

bool store_put_integration(struct store_transaction *transaction, const struct integration *integration,
                           struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO integration(" INTEGRATION_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?,"
        " seal(?8, 'integration.configs', ?1)) ON CONFLICT(id) DO UPDATE SET updated_at = excluded.updated_at, label = excluded.label, provider = excluded.provider,"
        " features = excluded.features, configs = excluded.configs", error);
    if (s == NULL)
        return false;
    BIND(s, integration->id, integration->project_id, integration->created_at, integration->updated_at);
    bind_text(s, 5, integration->label);
    bind_text(s, 6, integration->provider);
    bind_text(s, 7, integration->features);
    bind_text(s, 8, integration->configs);
    return database_run(transaction->database, s, error);
}

static bool run_with(struct store_transaction *transaction, const char *sql, int64_t key, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, sql, error);
    if (s == NULL)
        return false;
    BIND(s, key);
    return database_run(transaction->database, s, error);
}

bool store_delete_integration(struct store_transaction *transaction, int64_t id, struct error *error)
{
    return run_with(transaction, "DELETE FROM source_integration WHERE integration_id = ?", id, error) &&
           run_with(transaction, "DELETE FROM integration WHERE id = ?", id, error);
}

bool store_attach_integration(struct store_transaction *transaction, int64_t integration_id, int64_t source_id,
                              struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO source_integration(source_id, integration_id) VALUES(?, ?) ON CONFLICT(source_id) DO UPDATE SET"
        " integration_id = excluded.integration_id", error);
    if (s == NULL)
        return false;
    BIND(s, source_id, integration_id);
    return database_run(transaction->database, s, error);
}

bool store_detach_integration(struct store_transaction *transaction, int64_t source_id, struct error *error)
{
    return run_with(transaction, "DELETE FROM source_integration WHERE source_id = ?", source_id, error);
}

bool store_read_integration(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                            struct integration *integration, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(INTEGRATION_OPENED, "integration"), project_id, id, row_integration,
                      integration, error);
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_LABEL, "label", KIND_TEXT}, {FIELD_PROVIDER, "provider", KIND_TEXT},
    {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT}, {FIELD_UPDATED_AT, "updated_at", KIND_INTEGER},
};
static const struct list_kind LIST = {"integration", INTEGRATION_OPENED, "", NULL, NULL, KNOWN(COLUMNS), true,
                                      row_integration, sizeof(struct integration)};
DEFINE_LIST(store_list_integrations, integration, &LIST)

bool store_read_source_integration(struct store_reader *reader, int64_t source_id, int64_t *integration_id,
                                   struct error *error)
{
    sqlite3_stmt *s =
        database_statement(reader, "SELECT integration_id FROM source_integration WHERE source_id = ?", error);
    if (s != NULL)
        BIND(s, source_id);
    return read_one(reader, NULL, s, row_integer, integration_id, error);
}

bool store_read_integration_sources(struct store_reader *reader, struct arena *arena, int64_t integration_id,
                                    int64_t **source_ids, size_t *count, struct error *error)
{
    void *items;
    if (!read_all(reader, arena,
                  "SELECT source_id FROM source_integration JOIN source ON source.id = source_id"
                  " WHERE integration_id = ? AND deleted_at = 0 ORDER BY source_id",
                  &integration_id, row_integer, sizeof(int64_t), &items, count, error))
        return false;
    *source_ids = items;
    return true;
}
