/*
 * row.h - a row of a statement as a record, in the order of schema.h's columns. Internal to store/.
 */
#pragma once

#include "model/domain.h"
#include "model/model.h"
#include "store/sqlite/database.h"

void row_project(struct arena *arena, sqlite3_stmt *statement, void *project);
void row_domain(struct arena *arena, sqlite3_stmt *statement, void *domain);
void row_source(struct arena *arena, sqlite3_stmt *statement, void *source);
void row_destination(struct arena *arena, sqlite3_stmt *statement, void *destination);
void row_connection(struct arena *arena, sqlite3_stmt *statement, void *connection);
void row_request(struct arena *arena, sqlite3_stmt *statement, void *request); /* with data columns if selected */
void row_event(struct arena *arena, sqlite3_stmt *statement, void *event);
void row_attempt(struct arena *arena, sqlite3_stmt *statement, void *attempt);
void row_ignored_event(struct arena *arena, sqlite3_stmt *statement, void *ignored_event);
void row_integer(struct arena *arena, sqlite3_stmt *statement, void *integer); /* the first column, an int64_t */
