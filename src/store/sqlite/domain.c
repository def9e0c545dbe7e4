#include "store/domain.h"

#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

/* Numbers the change, for store_read_changes; of domains only the last one is numbered. */
static bool note_change(struct store_transaction *transaction, struct error *error)
{
    static const char *const statements[] = {
        "UPDATE meta SET value = value + 1 WHERE name = 'change'",
        "INSERT INTO meta SELECT 'domains', value FROM meta WHERE name = 'change'"
        " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        sqlite3_stmt *s = database_statement(transaction->database, statements[i], error);
        if (s == NULL || !database_run(transaction->database, s, error))
            return false;
    }
    return true;
}

bool store_insert_domain(struct store_transaction *transaction, const struct domain *domain, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database,
                                         "INSERT INTO custom_domain(" DOMAIN_COLUMNS ") VALUES(?, ?, ?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, domain->id, domain->project_id, domain->created_at);
    bind_text(s, 4, domain->hostname);
    return database_run(transaction->database, s, error) && note_change(transaction, error);
}

bool store_delete_domain(struct store_transaction *transaction, int64_t id, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM custom_domain WHERE id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, id);
    return database_run(transaction->database, s, error) && note_change(transaction, error);
}

bool store_read_domain(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                       struct domain *domain, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(DOMAIN_COLUMNS, "custom_domain"), project_id, id, row_domain, domain, error);
}

bool store_read_domain_by_hostname(struct store_reader *reader, struct arena *arena, struct text hostname,
                                   struct domain *domain, struct error *error)
{
    sqlite3_stmt *s =
        database_statement(reader, "SELECT " DOMAIN_COLUMNS " FROM custom_domain WHERE hostname = ?", error);
    if (s != NULL)
        bind_text(s, 1, hostname);
    return read_one(reader, arena, s, row_domain, domain, error);
}

bool store_read_domains(struct store_reader *reader, struct arena *arena, int64_t project_id, struct domain **domains,
                        size_t *count, struct error *error)
{
    void *items;
    if (!read_all(reader, arena, "SELECT " DOMAIN_COLUMNS " FROM custom_domain WHERE project_id = ? ORDER BY id",
                  &project_id, row_domain, sizeof(struct domain), &items, count, error))
        return false;
    *domains = items;
    return true;
}
