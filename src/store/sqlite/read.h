/*
 * read.h - reads the one row, or all rows, of a statement as records. Internal to store/.
 */
#pragma once

#include "store/sqlite/row.h"

typedef void (*row_reader)(struct arena *arena, sqlite3_stmt *statement, void *out);

#define BY_ID(columns, table) "SELECT " columns " FROM " table " WHERE id = ?1 AND (?2 = 0 OR project_id = ?2)"

/* The statement's one row (NULL: it failed and the error is set); ERROR_NOT_FOUND without one. */
bool read_one(struct store_reader *reader, struct arena *arena, sqlite3_stmt *statement, row_reader read, void *out,
              struct error *error);
/* By BY_ID's text. */
bool read_by_id(struct store_reader *reader, struct arena *arena, const char *sql, int64_t project_id, int64_t id,
                row_reader read, void *out, struct error *error);
/* ?1 is the scope, ?2 the name, ?3 (if there is one) the source. */
bool read_by_name(struct store_reader *reader, struct arena *arena, const char *sql, int64_t scope, int64_t source_id,
                  struct text name, row_reader read, void *out, struct error *error);
/* All rows of a statement as an array in the arena; `since` is ?1 when it is given. */
bool read_all(struct store_reader *reader, struct arena *arena, const char *sql, const int64_t *since, row_reader read,
              size_t size, void **out, size_t *count, struct error *error);
