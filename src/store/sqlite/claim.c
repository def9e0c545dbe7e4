/* What is due: taken lane by lane. */
#include "base/limits.h"
#include "store/sqlite/read.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"

static const char BY_DUE[] = "SELECT id, due_at FROM event INDEXED BY event_due WHERE destination_id = ?1 AND lane = ?2"
                             " AND due_at > 0 ORDER BY due_at, id";
static const char IN_ORDER[] = "SELECT id, due_at FROM event INDEXED BY event_order WHERE destination_id = ?1"
                               " AND lane = ?2 AND " EVENT_IN_ORDER " ORDER BY id";

/* Takes one event if it may be taken; then, or when the next one is to be looked at, *go_on stays true. */
static bool take(struct store_transaction *transaction, const struct store_lane *lane, int64_t id, int64_t due_at,
                 int64_t now, size_t limit, struct arena *arena, struct store_claimed *claimed, bool *go_on,
                 struct error *error)
{
    if (leases_has(&transaction->store->leases, id)) {
        *go_on = !lane->ordered;
        return true;
    }
    if (due_at == 0 || due_at > now || claimed->count == limit) {
        claimed->held = due_at == 0;
        claimed->next_due_at = due_at;
        *go_on = false;
        return true;
    }
    if (!store_read_event(transaction->database, arena, 0, id, &claimed->events[claimed->count], error))
        return false;
    leases_take(&transaction->store->leases, id);
    claimed->count++;
    return true;
}

bool store_claim(struct store_transaction *transaction, const struct store_lane *lane, int64_t now, size_t limit,
                 struct arena *arena, struct store_claimed *claimed, struct error *error)
{
    int row;
    bool done = true, go_on = true;
    sqlite3_stmt *due = database_statement(transaction->database, lane->ordered ? IN_ORDER : BY_DUE, error);
    *claimed = (struct store_claimed){.events = ARENA_ARRAY(arena, struct event, limit + 1)};
    if (due == NULL)
        return false;
    BIND(due, lane->destination_id, lane->key);
    while (done && go_on && (row = database_step(transaction->database, due, error)) != 0) {
        int64_t id = sqlite3_column_int64(due, 0), due_at = sqlite3_column_int64(due, 1);
        done = row == 1 && take(transaction, lane, id, due_at, now, limit, arena, claimed, &go_on, error);
    }
    sqlite3_reset(due);
    return done;
}

/* ---- which lanes have something due ---- */

static void row_lane(struct arena *arena, sqlite3_stmt *statement, void *out)
{
    (void)arena;
    *(struct due_lane *)out = (struct due_lane){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
}

/* One seek for each. */
static bool next_lane(struct store_reader *reader, int64_t destination_id, int64_t after, struct due_lane *lane,
                      struct error *error)
{
    sqlite3_stmt *s = database_statement(
        reader, "SELECT lane, due_at FROM event INDEXED BY event_due WHERE destination_id = ?1 AND lane > ?2 AND due_at > 0"
                " ORDER BY lane, due_at LIMIT 1", error);
    if (s != NULL)
        BIND(s, destination_id, after);
    return read_one(reader, NULL, s, row_lane, lane, error);
}

bool store_read_due_lanes(struct store_reader *reader, struct arena *arena, int64_t destination_id, int64_t after,
                          size_t limit, struct due_lane **lanes, size_t *count, struct error *error)
{
    struct error missing = {0};
    *lanes = ARENA_ARRAY(arena, struct due_lane, limit);
    *count = 0;
    while (*count < limit && next_lane(reader, destination_id, after, &(*lanes)[*count], &missing))
        after = (*lanes)[(*count)++].key;
    return missing.code == ERROR_NONE || missing.code == ERROR_NOT_FOUND ||
           error_set(error, missing.code, "%s", missing.message);
}

static void row_destination_due(struct arena *arena, sqlite3_stmt *statement, void *out)
{
    (void)arena;
    *(struct due_destination *)out = (struct due_destination){
        sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 2)};
}

/* The earliest of all lanes; of so many as there can be in memory when there are more. */
static bool read_first_of_lanes(struct store_reader *reader, struct due_destination *due, struct error *error)
{
    struct due_lane lane = {0};
    struct error missing = {0};
    due->lane_due_at = INT64_MAX;
    for (int64_t i = 0; i < limits.delivery_lanes; i++) {
        if (!next_lane(reader, due->destination_id, lane.key, &lane, &missing))
            break;
        if (lane.due_at < due->lane_due_at)
            due->lane_due_at = lane.due_at;
    }
    if (due->lane_due_at == INT64_MAX)
        due->lane_due_at = 0; /* what was there is delivered */
    return missing.code == ERROR_NONE || missing.code == ERROR_NOT_FOUND ||
           error_set(error, missing.code, "%s", missing.message);
}

bool store_read_due_destinations(struct store_reader *reader, struct arena *arena, struct due_destination **due,
                                 size_t *count, struct error *error)
{
    void *items;
    /* Two seeks into event_due for each destination. */
    bool done = read_all(
        reader, arena,
        "SELECT id, coalesce(plain, 0), lane FROM (SELECT destination.id, (SELECT due_at FROM event INDEXED BY event_due"
        " WHERE event.destination_id = destination.id AND lane = 0 AND due_at > 0 ORDER BY due_at LIMIT 1) AS plain,"
        " EXISTS (SELECT 1 FROM event INDEXED BY event_due WHERE event.destination_id = destination.id AND lane > 0"
        " AND due_at > 0) AS lane FROM destination) WHERE plain IS NOT NULL OR lane",
        NULL, row_destination_due, sizeof(struct due_destination), &items, count, error);
    *due = items;
    for (size_t i = 0; done && i < *count; i++) {
        if ((*due)[i].lane_due_at != 0)
            done = read_first_of_lanes(reader, &(*due)[i], error);
    }
    return done;
}
