#include "store/issue_trigger.h"

#include "base/id.h"
#include "store/list.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writer.h"

static void row_trigger(struct arena *arena, sqlite3_stmt *s, void *out)
{
    *(struct issue_trigger *)out = (struct issue_trigger){
        .id = sqlite3_column_int64(s, 0), .project_id = sqlite3_column_int64(s, 1),
        .type = (enum issue_type)sqlite3_column_int64(s, 2), .disabled_at = sqlite3_column_int64(s, 3),
        .deleted_at = sqlite3_column_int64(s, 4), .created_at = sqlite3_column_int64(s, 5),
        .updated_at = sqlite3_column_int64(s, 6), .name = column_text(arena, s, 7), .configs = column_text(arena, s, 8),
        .channels = column_text(arena, s, 9)};
}

/* ---- written ---- */

static bool run_plain(struct store_transaction *transaction, const char *sql, struct error *error)
{
    sqlite3_stmt *s = database_statement(transaction->database, sql, error);
    return s != NULL && database_run(transaction->database, s, error);
}

bool store_put_issue_trigger(struct store_transaction *transaction, const struct issue_trigger *trigger,
                             struct error *error)
{
    if (!run_plain(transaction, "UPDATE meta SET value = value + 1 WHERE name = 'change'", error))
        return false;
    sqlite3_stmt *s = database_statement(
        transaction->database,
        "INSERT INTO issue_trigger(" ISSUE_TRIGGER_COLUMNS ", change) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT value FROM meta WHERE name = 'change')) ON CONFLICT(id) DO UPDATE SET type = excluded.type,"
        " disabled_at = excluded.disabled_at, deleted_at = excluded.deleted_at, updated_at = excluded.updated_at,"
        " name = excluded.name, configs = excluded.configs, channels = excluded.channels, change = excluded.change",
        error);
    if (s == NULL)
        return false;
    BIND(s, trigger->id, trigger->project_id, (int64_t)trigger->type, trigger->disabled_at, trigger->deleted_at,
         trigger->created_at, trigger->updated_at);
    bind_text(s, 8, trigger->name);
    bind_text(s, 9, trigger->configs);
    bind_text(s, 10, trigger->channels);
    return database_run(transaction->database, s, error);
}

struct text issue_trigger_default_configs(enum issue_type type)
{
    switch (type) {
    case ISSUE_DELIVERY: return TEXT("{\"strategy\":\"final_attempt\",\"connections\":\"*\"}");
    case ISSUE_TRANSFORMATION: return TEXT("{\"log_level\":\"error\",\"transformations\":\"*\"}");
    case ISSUE_BACKPRESSURE: return TEXT("{\"delay\":300000,\"destinations\":\"*\"}");
    case ISSUE_REQUEST: return TEXT("{\"rejection_causes\":\"*\",\"sources\":\"*\"}");
    }
    return TEXT("{}");
}

static bool make_triggers_of(struct store_transaction *transaction, int64_t project_id, int64_t now, struct error *error)
{
    for (enum issue_type type = ISSUE_DELIVERY; type <= ISSUE_REQUEST; type++) {
        struct issue_trigger trigger = {
            .id = id_new(), .project_id = project_id, .type = type, .configs = issue_trigger_default_configs(type),
            .channels = TEXT("{\"email\":{}}"), .created_at = now, .updated_at = now};
        if (!store_put_issue_trigger(transaction, &trigger, error))
            return false;
    }
    return true;
}

bool store_make_first_triggers(struct store_transaction *transaction, int64_t now, struct error *error)
{
    struct arena arena = {0};
    void *ids;
    size_t count;
    bool done = read_all(transaction->database, &arena, "SELECT id FROM project WHERE triggers_made = 0", NULL,
                         row_integer, sizeof(int64_t), &ids, &count, error);
    for (size_t i = 0; done && i < count; i++)
        done = make_triggers_of(transaction, ((const int64_t *)ids)[i], now, error);
    arena_free(&arena);
    return done && (count == 0 ||
                    run_plain(transaction, "UPDATE project SET triggers_made = 1 WHERE triggers_made = 0", error));
}

/* ---- read ---- */

bool store_read_issue_trigger(struct store_reader *reader, struct arena *arena, int64_t project_id, int64_t id,
                              struct issue_trigger *trigger, struct error *error)
{
    return read_by_id(reader, arena, BY_ID(ISSUE_TRIGGER_COLUMNS, "issue_trigger"), project_id, id, row_trigger, trigger,
                      error);
}

bool store_read_issue_trigger_by_name(struct store_reader *reader, struct arena *arena, int64_t project_id,
                                      struct text name, struct issue_trigger *trigger, struct error *error)
{
    return read_by_name(reader, arena,
                        "SELECT " ISSUE_TRIGGER_COLUMNS " FROM issue_trigger WHERE project_id = ?1 AND name = ?2"
                        " AND deleted_at = 0",
                        project_id, 0, name, row_trigger, trigger, error);
}

bool store_read_active_triggers(struct store_reader *reader, struct arena *arena, struct issue_trigger **triggers,
                                size_t *count, struct error *error)
{
    void *items;
    bool done = read_all(reader, arena,
                         "SELECT " ISSUE_TRIGGER_COLUMNS " FROM issue_trigger WHERE deleted_at = 0 AND disabled_at = 0"
                         " ORDER BY project_id, id",
                         NULL, row_trigger, sizeof(struct issue_trigger), &items, count, error);
    *triggers = items;
    return done;
}

static const struct column COLUMNS[] = {
    {FIELD_ID, "id", KIND_INTEGER}, {FIELD_NAME, "name", KIND_TEXT}, {FIELD_TYPE, "type", KIND_INTEGER},
    {FIELD_DISABLED_AT, "disabled_at", KIND_INTEGER}, {FIELD_CREATED_AT, "created_at", KIND_KEY_MOMENT},
};
static const struct list_kind LIST = {"issue_trigger", ISSUE_TRIGGER_COLUMNS, "", "deleted_at = 0", NULL, KNOWN(COLUMNS),
                                      true, row_trigger, sizeof(struct issue_trigger)};
DEFINE_LIST(store_list_issue_triggers, issue_trigger, &LIST)
