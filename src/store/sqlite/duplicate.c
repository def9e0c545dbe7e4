#include "store/duplicate.h"

#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

/* So many go for each one that comes: the table cannot grow beyond what the windows hold. */
#define FORGOTTEN "2"

static bool forget_expired(struct store_transaction *transaction, int64_t now, struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "DELETE FROM duplicate WHERE (connection_id, key) IN (SELECT connection_id, key FROM duplicate"
        " INDEXED BY duplicate_expiry WHERE expires_at <= ? ORDER BY expires_at LIMIT " FORGOTTEN ")", error);
    if (s == NULL)
        return false;
    BIND(s, now);
    return database_run(transaction->database, s, error);
}

bool store_remember(struct store_transaction *transaction, int64_t connection_id, const void *key, size_t key_bytes,
                    int64_t now, int64_t window_ms, bool *known, struct error *error)
{
    struct text bytes = {key, key_bytes};
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO duplicate(connection_id, key, expires_at) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET"
        " expires_at = ?3 WHERE expires_at <= ?4", error);
    if (s == NULL || !forget_expired(transaction, now, error))
        return false;
    sqlite3_bind_int64(s, 1, connection_id);
    bind_bytes(s, 2, bytes);
    bind_integers(s, 3, (int64_t[]){now + window_ms, now}, 2);
    if (!database_run(transaction->database, s, error))
        return false;
    *known = sqlite3_changes(transaction->database->db) == 0;
    return true;
}
