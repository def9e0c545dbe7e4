#include "store/outage.h"

#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

bool store_put_outage(struct store_transaction *transaction, const struct store_outage *outage, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database, "INSERT OR REPLACE INTO outage(destination_id, since) VALUES(?, ?)", error);
    if (s == NULL)
        return false;
    BIND(s, outage->destination_id, outage->since);
    return database_run(transaction->database, s, error);
}

bool store_delete_outage(struct store_transaction *transaction, int64_t destination_id, struct error *error)
{
    sqlite3_stmt *s =
        database_statement(transaction->database, "DELETE FROM outage WHERE destination_id = ?", error);
    if (s == NULL)
        return false;
    BIND(s, destination_id);
    return database_run(transaction->database, s, error);
}

static void row_outage(struct arena *arena, sqlite3_stmt *s, void *out)
{
    (void)arena;
    *(struct store_outage *)out = (struct store_outage){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
}

bool store_read_outages(struct store_reader *reader, struct arena *arena, struct store_outage **outages, size_t *count,
                        struct error *error)
{
    void *items;
    if (!read_all(reader, arena, "SELECT destination_id, since FROM outage", NULL, row_outage,
                  sizeof(struct store_outage), &items, count, error))
        return false;
    *outages = items;
    return true;
}
