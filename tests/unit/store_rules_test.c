/* What rules leave in the store: duplicates and passages. */
#include "store_fixture.h"

#include "store/duplicate.h"
#include "store/passage.h"
#include "store/sqlite/database.h"

/* ---- duplicates ---- */

struct memory {
    int64_t connection_id, now, window_ms;
    const char *key; /* 4 bytes */
    bool known;
};

static bool remember(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct memory *memory = argument;
    return store_remember(transaction, memory->connection_id, memory->key, 4, memory->now, memory->window_ms,
                          &memory->known, error);
}

static void keys_are_known_for_their_window(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct memory memory; /* with the answer in `known` */
    } steps[] = {
        {{1, 1000, 500, "aaaa", false}}, {{1, 1001, 500, "aaaa", true}},  {{1, 1499, 500, "aaaa", true}},
        {{1, 1001, 500, "bbbb", false}}, {{2, 1001, 500, "aaaa", false}}, /* of another connection */
        {{1, 1500, 500, "aaaa", false}}, /* the window is over: it counted from the first */
        {{1, 1999, 500, "aaaa", true}},  {{1, 2000, 9000, "aaaa", false}}, {{1, 10999, 1, "aaaa", true}},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct memory memory = steps[i].memory;
        MUST_WRITE(f, remember, &memory);
        if (memory.known != steps[i].memory.known)
            fail_msg("step %zu", i);
    }
}

static void keys_survive_a_restart(void **state)
{
    struct fixture *f = *state;
    struct memory memory = {1, 1000, 500, "aaaa", true};
    MUST_WRITE(f, remember, &memory);
    assert_false(memory.known);
    store_reader_close(f->reader);
    store_close(f->store);
    f->store = store_open(f->directory, &f->error);
    assert_non_null(f->store);
    f->reader = store_reader_open(f->store, &f->error);
    memory.now = 1499;
    MUST_WRITE(f, remember, &memory);
    assert_true(memory.known);
}

enum { KEYS = 100, WINDOW = 10 };

/* One a millisecond, each known for the next WINDOW of them. */
static bool remember_many(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct memory *memory = argument;
    for (int i = 0; i < KEYS; i++) {
        char key[5];
        snprintf(key, sizeof key, "k%03d", i);
        if (!store_remember(transaction, 1, key, 4, memory->now + i, WINDOW, &memory->known, error) || memory->known)
            return false;
    }
    return true;
}

static void expired_keys_are_forgotten_on_the_way(void **state)
{
    struct fixture *f = *state;
    struct memory memory = {.now = 1000};
    MUST_WRITE(f, remember_many, &memory);
    sqlite3_stmt *statement = database_statement(f->reader, "SELECT count(*) FROM duplicate", &f->error);
    assert_int_equal(database_step(f->reader, statement, &f->error), 1);
    assert_int_equal(sqlite3_column_int64(statement, 0), WINDOW);
    sqlite3_reset(statement);
}

/* ---- passages ---- */

static bool insert_passage(struct store_transaction *transaction, void *argument, struct error *error)
{
    return store_insert_passage(transaction, argument, error);
}

struct ending {
    int64_t id;
    bool found;
};

static bool delete_passage(struct store_transaction *transaction, void *argument, struct error *error)
{
    struct ending *ending = argument;
    return store_delete_passage(transaction, ending->id, &ending->found, error);
}

static struct passage a_passage(int64_t connection_id)
{
    return (struct passage){.id = id_new(), .project_id = PROJECT, .request_id = 3, .connection_id = connection_id,
                            .position = 2, .bulk_id = 5, .remade = true};
}

static void passages_are_read_by_connection_oldest_first(void **state)
{
    struct fixture *f = *state;
    struct passage rows[] = {a_passage(9), a_passage(8), a_passage(9), a_passage(9)}, *found;
    size_t count;
    int64_t *connections;
    assert_true(store_read_passage_connections(f->reader, &f->arena, &connections, &count, &f->error));
    assert_int_equal(count, 0);
    for (size_t i = 0; i < 4; i++)
        MUST_WRITE(f, insert_passage, &rows[i]);
    assert_true(store_read_passages(f->reader, &f->arena, 9, 2, &found, &count, &f->error));
    assert_int_equal(count, 2);
    assert_int_equal(found[0].id, rows[0].id);
    assert_int_equal(found[1].id, rows[2].id);
    assert_int_equal(found[0].project_id, PROJECT);
    assert_int_equal(found[0].request_id, 3);
    assert_int_equal(found[0].position, 2);
    assert_int_equal(found[0].bulk_id, 5);
    assert_true(found[0].remade);
    assert_true(store_read_passage_connections(f->reader, &f->arena, &connections, &count, &f->error));
    assert_int_equal(count, 2);
    assert_int_equal(connections[0], 8);
    assert_int_equal(connections[1], 9);
}

static void a_passage_ends_once(void **state)
{
    struct fixture *f = *state;
    struct passage passage = a_passage(9), *found;
    struct ending ending = {passage.id, false};
    size_t count;
    MUST_WRITE(f, insert_passage, &passage);
    MUST_WRITE(f, delete_passage, &ending);
    assert_true(ending.found);
    MUST_WRITE(f, delete_passage, &ending);
    assert_false(ending.found);
    assert_true(store_read_passages(f->reader, &f->arena, 9, 2, &found, &count, &f->error));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(keys_are_known_for_their_window),
        WITH_STORE(keys_survive_a_restart),
        WITH_STORE(expired_keys_are_forgotten_on_the_way),
        WITH_STORE(passages_are_read_by_connection_oldest_first),
        WITH_STORE(a_passage_ends_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
