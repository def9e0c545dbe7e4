#include "store/transformation.h"

#include <stdio.h>

#include "base/id.h"
#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

/* The order of a list is a column behind these: without env and code there are fewer than eight. */
static void row_transformation(struct arena *arena, sqlite3_stmt *s, void *out)
{
    struct transformation *transformation = out;
    *transformation = (struct transformation){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .deleted_at = sqlite3_column_int64(s, 2), .created_at = sqlite3_column_int64(s, 3),
        .updated_at = sqlite3_column_int64(s, 4), .name = column_text(arena, s, 5)};
    if (sqlite3_column_count(s) < 8)
        return;
    transformation->env = column_text(arena, s, 6);
    transformation->code = column_text(arena, s, 7);
}

bool store_put_transformation(struct store_transaction *transaction, const struct transformation *transformation,
                              struct error *error)
{
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO transformation(" TRANSFORMATION_COLUMNS TRANSFORMATION_DATA_COLUMNS ")"
        " VALUES(?, ?, ?, ?, ?, ?, seal(?7, 'transformation.env', ?1), ?8) ON CONFLICT(id) DO UPDATE SET deleted_at = excluded.deleted_at,"
        " updated_at = max(excluded.updated_at, updated_at + 1), name = excluded.name, env = excluded.env, code = excluded.code", error);
    if (s == NULL)
        return false;
    BIND(s, transformation->id, transformation->project_id, transformation->deleted_at, transformation->created_at,
         transformation->updated_at);
    bind_text(s, 6, transformation->name);
    bind_text(s, 7, transformation->env);
    bind_text(s, 8, transformation->code);
    return database_run(transaction->database, s, error);
}

bool store_read_transformation(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                               struct transformation *transformation, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(TRANSFORMATION_COLUMNS TRANSFORMATION_DATA_OPENED, "transformation"),
                      project_id, id, row_transformation, transformation, error);
}

bool store_read_transformation_version(struct store_reader *reader, int64_t project_id, int64_t id, int64_t *version,
                                       struct error *error)
{
    return read_by_id(reader, NULL,
                      "SELECT updated_at FROM transformation WHERE id = ?1 AND project_id = ?2 AND deleted_at = 0",
                      project_id, id, row_integer, version, error);
}

bool store_read_transformation_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id,
                                       struct text name, struct transformation *transformation, struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " TRANSFORMATION_COLUMNS TRANSFORMATION_DATA_OPENED " FROM transformation"
                        " WHERE project_id = ?1 AND name = ?2 AND deleted_at = 0",
                        project_id, 0, name, row_transformation, transformation, error);
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_NAME, "name", KIND_TEXT}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
    {FIELD_UPDATED_AT, "updated_at", KIND_INTEGER},
};
static const struct list_kind LIST = {"transformation", TRANSFORMATION_COLUMNS, TRANSFORMATION_DATA_OPENED,
                                      "deleted_at = 0", NULL, KNOWN(COLUMNS), true, row_transformation,
                                      sizeof(struct transformation)};
DEFINE_LIST(store_list_transformations, transformation, &LIST)

bool store_count_transformations(struct store_reader *reader, const struct store_list *list, int64_t *count,
                                 struct error *error)
{
    return list_count(reader, &LIST, list, count, error);
}

/* Rules are stored as compact JSON, so the member can be looked for as a text. */
bool store_read_connection_of_transformation(struct store_reader *reader, struct arena *arena, int64_t project_id,
                                             int64_t id, struct connection *connection, struct error *error)
{
    char public_id[ID_TEXT_SIZE], member[ID_TEXT_SIZE + 32];
    id_format(ID_TRANSFORMATION, id, public_id);
    snprintf(member, sizeof member, "\"transformation_id\":\"%s\"", public_id);
    return read_by_name(reader, arena,
                        "SELECT " CONNECTION_COLUMNS " FROM connection WHERE project_id = ?1 AND deleted_at = 0"
                        " AND instr(rules, ?2) > 0 LIMIT 1",
                        project_id, 0, text_of(member), row_connection, connection, error);
}
