#include "store/sqlite/database.h"

#include <stdio.h>

#include "base/background.h"
#include "base/limits.h"
#include "store/sqlite/gather.h"

bool database_fail(struct store_reader *database, struct error *error)
{
    int code = sqlite3_errcode(database->db) & 0xFF;
    if (code == SQLITE_FULL)
        return error_set(error, ERROR_STORE_FULL, "the disk of %s is full: make room, nothing was changed",
                         database->path);
    if (code == SQLITE_CONSTRAINT)
        return error_set(error, ERROR_CONFLICT, "the name is taken (%s)", sqlite3_errmsg(database->db));
    return error_set(error, ERROR_STORE_IO, "%s cannot be read or written: %s (system error %d)", database->path,
                     sqlite3_errmsg(database->db), sqlite3_system_errno(database->db));
}

bool database_execute(struct store_reader *database, const char *sql, struct error *error)
{
    return sqlite3_exec(database->db, sql, NULL, NULL, NULL) == SQLITE_OK || database_fail(database, error);
}

bool database_open(struct store_reader *database, const char *path, bool writes, struct error *error)
{
    char pragmas[512];
    int flags = SQLITE_OPEN_NOMUTEX | (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE);
    *database = (struct store_reader){.path = path};
    if (sqlite3_open_v2(path, &database->db, flags, writes ? GATHER_VFS : NULL) != SQLITE_OK) {
        database_fail(database, error);
        database_close(database);
        return false;
    }
    sqlite3_busy_timeout(database->db, STORE_BUSY_MS);
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
             "PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-%lld; PRAGMA query_only=%d;",
             (long long)(writes ? limits.writer_cache_kib : limits.reader_cache_kib), writes ? 0 : 1);
    if (!database_execute(database, pragmas, error)) {
        database_close(database);
        return false;
    }
    return true;
}

void database_close(struct store_reader *database)
{
    for (size_t i = 0; i < database->statement_count; i++)
        sqlite3_finalize(database->statements[i].statement);
    sqlite3_close(database->db);
    *database = (struct store_reader){0};
}

void database_give_way(const struct store_reader *database)
{
    if (database->gives_way)
        background_give_way();
}

static int on_progress(void *database)
{
    database_give_way(database);
    return 0;
}

void database_watch(struct store_reader *database)
{
    sqlite3_progress_handler(database->db, database->gives_way ? STEPS_PER_CHECK : 0, on_progress, database);
}

sqlite3_stmt *database_statement(struct store_reader *database, const char *sql, struct error *error)
{
    for (size_t i = 0; i < database->statement_count; i++) {
        if (database->statements[i].sql == sql) {
            sqlite3_reset(database->statements[i].statement);
            return database->statements[i].statement;
        }
    }
    sqlite3_stmt *statement;
    if (database->statement_count == STATEMENTS) {
        error_set(error, ERROR_INTERNAL, "more than %d kinds of statements", (int)STATEMENTS);
        return NULL;
    }
    if (sqlite3_prepare_v3(database->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        database_fail(database, error);
        return NULL;
    }
    database->statements[database->statement_count].sql = sql;
    database->statements[database->statement_count++].statement = statement;
    return statement;
}

int database_step(struct store_reader *database, sqlite3_stmt *statement, struct error *error)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        database_fail(database, error);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

bool database_run(struct store_reader *database, sqlite3_stmt *statement, struct error *error)
{
    return statement != NULL && database_step(database, statement, error) == 0;
}

void bind_integers(sqlite3_stmt *statement, int first, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_bind_int64(statement, first + (int)i, values[i]);
}

void bind_text(sqlite3_stmt *statement, int index, struct text text)
{
    if (text.data == NULL)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_text64(statement, index, text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

void bind_bytes(sqlite3_stmt *statement, int index, struct text bytes)
{
    if (bytes.data == NULL)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_blob64(statement, index, bytes.data, bytes.size, SQLITE_STATIC);
}

struct text column_text(struct arena *arena, sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return TEXT_NONE;
    const char *data = sqlite3_column_blob(statement, column);
    return arena_copy_text(arena, (struct text){data ? data : "", (size_t)sqlite3_column_bytes(statement, column)});
}
