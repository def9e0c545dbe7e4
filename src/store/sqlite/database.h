/*
 * database.h - one SQLite connection with its prepared statements. Internal to store/.
 *
 * A struct store_reader is a connection; the writer has one too and lends it to the jobs of a transaction.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

enum {
    STATEMENTS = 192,
    STORE_BUSY_MS = 10000,
    STEPS_PER_CHECK = 4000, /* of SQLite's machine: about a tenth of a millisecond */
};

struct store_reader {
    sqlite3 *db;
    const char *path;
    bool gives_way; /* every STEPS_PER_CHECK */
    struct {
        const char *sql; /* compared by address: pass string constants */
        sqlite3_stmt *statement;
    } statements[STATEMENTS];
    size_t statement_count;
};

bool database_open(struct store_reader *database, const char *path, bool writes, struct error *error);
void database_close(struct store_reader *database);
bool database_execute(struct store_reader *database, const char *sql, struct error *error);
/* Fills the error from the connection's last failure; returns false. */
bool database_fail(struct store_reader *database, struct error *error);

/* Looks after a connection that gives way while its statements run; whoever has set another handler calls this at its end. */
void database_watch(struct store_reader *database);
/* What such a handler does each time. */
void database_give_way(const struct store_reader *database);

/* A cached statement, reset and without bindings. NULL with an error when it cannot be prepared. */
sqlite3_stmt *database_statement(struct store_reader *database, const char *sql, struct error *error);
/* Runs a statement that returns no rows, and resets it. */
bool database_run(struct store_reader *database, sqlite3_stmt *statement, struct error *error);
/* One step: 1 a row, 0 the end (and reset), -1 failed (and reset). */
int database_step(struct store_reader *database, sqlite3_stmt *statement, struct error *error);

void bind_integers(sqlite3_stmt *statement, int first, const int64_t *values, size_t count);
/* The first values of a statement, all of them integers. */
#define BIND(statement, ...)                                                                            \
    do {                                                                                                \
        const int64_t bound_values[] = {__VA_ARGS__};                                                   \
        bind_integers(statement, 1, bound_values, sizeof bound_values / sizeof bound_values[0]);        \
    } while (0)
void bind_text(sqlite3_stmt *statement, int index, struct text text);  /* TEXT_NONE: null; not copied */
void bind_bytes(sqlite3_stmt *statement, int index, struct text bytes);
struct text column_text(struct arena *arena, sqlite3_stmt *statement, int column);
