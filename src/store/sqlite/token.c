#include "store/token.h"

#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

bool store_put_refresh_token(struct store_transaction *transaction, const struct refresh_token *token,
                             struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO refresh_token(destination_id, updated_at, given, current) VALUES(?, ?,"
        " seal(?3, 'refresh_token.given', ?1), seal(?4, 'refresh_token.current', ?1))"
        " ON CONFLICT(destination_id) DO UPDATE SET updated_at = excluded.updated_at, given = excluded.given,"
        " current = excluded.current", error);
    if (s == NULL)
        return false;
    BIND(s, token->destination_id, token->updated_at);
    bind_text(s, 3, token->given);
    bind_text(s, 4, token->current);
    return database_run(transaction->database, s, error) &&
           database_run(transaction->database,
                        database_statement(transaction->database,
                                           "DELETE FROM refresh_token WHERE destination_id IN"
                                           " (SELECT id FROM destination WHERE deleted_at <> 0)", error),
                        error);
}

static void row_refresh_token(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct refresh_token *)out = (struct refresh_token){
        .destination_id = sqlite3_column_int64(s, 0), .updated_at = sqlite3_column_int64(s, 1),
        .given = column_text(arena, s, 2), .current = column_text(arena, s, 3)};
}

bool store_read_refresh_tokens(struct store_reader *reader, struct arena *arena, struct refresh_token **tokens,
                               size_t *count, struct error *error)
{
    void *items;
    if (!read_all(reader, arena,
                  "SELECT t.destination_id, t.updated_at, unseal(t.given, 'refresh_token.given', t.destination_id),"
                  " unseal(t.current, 'refresh_token.current', t.destination_id) FROM refresh_token t"
                  " JOIN destination d ON d.id = t.destination_id WHERE d.deleted_at = 0", NULL,
                  row_refresh_token, sizeof(struct refresh_token), &items, count, error))
        return false;
    *tokens = items;
    return true;
}
