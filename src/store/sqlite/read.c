/* The reading half of store.h for single records and for the start. */
#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"

bool read_one(struct store_reader *reader, struct arena *arena, sqlite3_stmt *statement, row_reader read,
              void *out, struct error *error)
{
    int row = statement ? database_step(reader, statement, error) : -1;
    if (row == 1) {
        read(arena, statement, out);
        sqlite3_reset(statement);
        return true;
    }
    return row == 0 ? error_set(error, ERROR_NOT_FOUND, "there is no such record") : false;
}

bool read_by_id(struct store_reader *reader, struct arena *arena, const char *sql, int64_t project_id, int64_t id,
                row_reader read, void *out, struct error *error)
{
    sqlite3_stmt *statement = database_statement(reader, sql, error);
    if (statement != NULL)
        bind_integers(statement, 1, (int64_t[]){id, project_id}, 2);
    return read_one(reader, arena, statement, read, out, error);
}

bool store_read_source(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                       struct source *source, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(SOURCE_OPENED, "source"), project_id, id, row_source, source, error);
}

bool store_read_destination(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                            struct destination *destination, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(DESTINATION_OPENED, "destination"), project_id, id, row_destination,
                      destination, error);
}

bool store_read_connection(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                           struct connection *connection, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(CONNECTION_COLUMNS, "connection"), project_id, id, row_connection,
                      connection, error);
}

bool store_read_request(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                        bool with_data, struct request *request, struct error *error)
{
    return read_by_id(reader, arena,
                      with_data ? BY_ID(REQUEST_COLUMNS REQUEST_DATA_COLUMNS, "request")
                                : BY_ID(REQUEST_COLUMNS, "request"),
                      project_id, id, row_request, request, error);
}

static void row_detail(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct text *)out = column_text(arena, s, 0);
}

bool store_read_rejection_detail(struct store_reader *reader, struct arena *arena, int64_t request_id,
                                 struct text *detail, struct error *error)
{
    sqlite3_stmt *statement =
        database_statement(reader, "SELECT detail FROM rejection_detail WHERE request_id = ?", error);
    if (statement != NULL)
        bind_integers(statement, 1, (int64_t[]){request_id}, 1);
    return read_one(reader, arena, statement, row_detail, detail, error);
}

bool store_read_event(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                      struct event *event, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(EVENT_COLUMNS, "event"), project_id, id, row_event, event, error);
}

bool store_read_attempt(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                        struct attempt *attempt, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(ATTEMPT_COLUMNS, "attempt"), project_id, id, row_attempt, attempt, error);
}

bool read_by_name(struct store_reader *reader, struct arena *arena, const char *sql, int64_t scope, int64_t source_id,
                  struct text name, row_reader read, void *out, struct error *error)
{
    sqlite3_stmt *statement = database_statement(reader, sql, error);
    if (statement != NULL) {
        sqlite3_bind_int64(statement, 1, scope);
        bind_text(statement, 2, name);
        if (sqlite3_bind_parameter_count(statement) > 2)
            sqlite3_bind_int64(statement, 3, source_id);
    }
    return read_one(reader, arena, statement, read, out, error);
}

bool store_read_source_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id, struct text name,
                               struct source *source, struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " SOURCE_OPENED " FROM source WHERE project_id = ?1 AND name = ?2 AND deleted_at = 0",
                        project_id, 0, name, row_source, source, error);
}

bool store_read_destination_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id,
                                    struct text name, struct destination *destination, struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " DESTINATION_OPENED " FROM destination WHERE project_id = ?1 AND name = ?2"
                        " AND deleted_at = 0",
                        project_id, 0, name, row_destination, destination, error);
}

bool store_read_connection_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id,
                                   int64_t source_id, struct text name, struct connection *connection,
                                   struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " CONNECTION_COLUMNS " FROM connection WHERE project_id = ?1 AND name = ?2"
                        " AND (?3 = 0 OR source_id = ?3) AND deleted_at = 0 ORDER BY id LIMIT 1",
                        project_id, source_id, name, row_connection, connection, error);
}

void row_integer(struct arena *arena, sqlite3_stmt *statement, void *out)
{
    (void)arena;
    *(int64_t *)out = sqlite3_column_int64(statement, 0);
}

bool read_all(struct store_reader *reader, struct arena *arena, const char *sql, const int64_t *since, row_reader read,
              size_t size, void **out, size_t *count, struct error *error)
{
    int row;
    size_t room = 0;
    char *items = NULL;
    *count = 0;
    sqlite3_stmt *statement = database_statement(reader, sql, error);
    if (statement == NULL)
        return false;
    if (since != NULL)
        sqlite3_bind_int64(statement, 1, *since);
    while ((row = database_step(reader, statement, error)) == 1) {
        if (*count == room) {
            room = room ? room * 2 : 16;
            char *larger = arena_allocate(arena, room * size);
            if (*count > 0)
                memcpy(larger, items, *count * size);
            items = larger;
        }
        read(arena, statement, items + (*count)++ * size);
    }
    *out = items;
    return row == 0;
}

bool store_read_unsettled(struct store_reader *reader, struct arena *arena, struct connection **connections,
                          size_t *count, struct error *error)
{
    void *items;
    /* One seek into event_hold for each connection. */
    if (!read_all(reader, arena,
                  "SELECT " CONNECTION_COLUMNS " FROM connection WHERE paused_at = 0 AND EXISTS (SELECT 1 FROM event"
                  " INDEXED BY event_hold WHERE event.connection_id = connection.id AND event.status = 3)",
                  NULL, row_connection, sizeof(struct connection), &items, count, error))
        return false;
    *connections = items;
    return true;
}

#define CHANGED(columns, table) "SELECT " columns " FROM " table " WHERE change > ? ORDER BY change"

/* Domains are few: when one came or went, all are read. */
static bool read_domains(struct store_reader *reader, struct arena *arena, int64_t since, struct store_changes *changes,
                         struct error *error)
{
    int64_t last = 0;
    void *domains = NULL;
    sqlite3_stmt *s =
        database_statement(reader, "SELECT coalesce((SELECT value FROM meta WHERE name = 'domains'), 0)", error);
    if (!read_one(reader, arena, s, row_integer, &last, error))
        return false;
    changes->domains_changed = last > since || since == 0;
    changes->domain_count = 0;
    if (changes->domains_changed &&
        !read_all(reader, arena, "SELECT " DOMAIN_COLUMNS " FROM custom_domain", NULL, row_domain, sizeof(struct domain),
                  &domains, &changes->domain_count, error))
        return false;
    changes->domains = domains;
    return true;
}

bool store_read_changes(struct store_reader *reader, struct arena *arena, int64_t since, struct store_changes *changes,
                        struct error *error)
{
    void *projects, *sources, *destinations, *connections;
    if (!store_reader_begin(reader, error))
        return false;
    sqlite3_stmt *last = database_statement(reader, "SELECT value FROM meta WHERE name = 'change'", error);
    bool done =
        read_one(reader, arena, last, row_integer, &changes->last, error) &&
        read_all(reader, arena, CHANGED(PROJECT_OPENED, "project"), &since, row_project, sizeof(struct project),
                 &projects, &changes->project_count, error) &&
        read_all(reader, arena, CHANGED(SOURCE_OPENED, "source"), &since, row_source, sizeof(struct source), &sources,
                 &changes->source_count, error) &&
        read_all(reader, arena, CHANGED(DESTINATION_OPENED, "destination"), &since, row_destination,
                 sizeof(struct destination), &destinations, &changes->destination_count, error) &&
        read_all(reader, arena, CHANGED(CONNECTION_COLUMNS, "connection"), &since, row_connection,
                 sizeof(struct connection), &connections, &changes->connection_count, error) &&
        read_domains(reader, arena, since, changes, error);
    store_reader_end(reader);
    if (done) {
        changes->projects = projects;
        changes->sources = sources;
        changes->destinations = destinations;
        changes->connections = connections;
    }
    return done;
}
