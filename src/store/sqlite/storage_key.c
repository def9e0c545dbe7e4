#include "store/storage_key.h"

#include <openssl/crypto.h>
#include <stdio.h>

#include "base/log.h"
#include "store/sqlite/sealing.h"
#include "store/sqlite/writer.h"

/* Sealed anew: what opens is opened first, what does not stays. */
#define AGAIN(column, table, id) column " = seal(unseal(" column ", '" table "." column "', " id "), '" table "." column "', " id ")"
#define CONFIG_AGAIN(table) "config = seal_config(unseal_config(config, '" table "', id), '" table "', id)"
#define SLICE(table, id) "SELECT " id " FROM " table " WHERE " id " > ?1 ORDER BY " id " LIMIT 100"
#define ROWS(table, id, changes)                                                                         \
    {"SELECT max(key), count(*) FROM (SELECT " id " AS key FROM (" SLICE(table, id) "))",                \
     "UPDATE " table " SET " changes " WHERE " id " IN (" SLICE(table, id) ")"}

/* The columns of schema_seal.c. */
static const struct {
    const char *last, *update;
} TABLES[] = {
    ROWS("project", "id",
         AGAIN("signing_secret", "project", "id") ", " AGAIN("previous_secret", "project", "id")),
    ROWS("source", "id", CONFIG_AGAIN("source")),
    ROWS("destination", "id", CONFIG_AGAIN("destination")),
    ROWS("transformation", "id", AGAIN("env", "transformation", "id")),
    ROWS("integration", "id", AGAIN("configs", "integration", "id")),
    ROWS("refresh_token", "destination_id",
         AGAIN("given", "refresh_token", "destination_id") ", " AGAIN("current", "refresh_token", "destination_id")),
};

/* ---- the jobs ---- */

struct slice {
    struct store_job job;
    size_t table;
    int64_t position, count;
};

static bool seal_slice(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct slice *slice = (struct slice *)job;
    struct store_reader *database = transaction->database;
    sqlite3_stmt *last = database_statement(database, TABLES[slice->table].last, error);
    int64_t from = slice->position;
    if (last == NULL)
        return false;
    BIND(last, from);
    if (database_step(database, last, error) != 1)
        return false;
    slice->position = sqlite3_column_int64(last, 0);
    slice->count = sqlite3_column_int64(last, 1);
    sqlite3_reset(last);
    sqlite3_stmt *update = database_statement(database, TABLES[slice->table].update, error);
    if (slice->count == 0 || update == NULL)
        return update != NULL;
    BIND(update, from);
    return database_run(database, update, error);
}

static bool note_key(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    (void)job;
    return sealing_note_key(transaction->database, error);
}

/* Nothing is sealed with the other keys any more. */
static bool forget_keys(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    (void)job;
    struct seal_key key = seal_ring_current(&transaction->store->seal_ring);
    sqlite3_stmt *s = database_statement(transaction->database, "DELETE FROM storage_key WHERE id <> ?", error);
    if (s != NULL)
        bind_text(s, 1, text_of(key.id));
    return s != NULL && database_run(transaction->database, s, error);
}

static bool write_job(struct store *store, bool (*run)(struct store_transaction *, struct store_job *, struct error *),
                      struct error *error)
{
    struct store_job job = {.run = run, .isolated = true};
    return store_write(store, &job, error);
}

/* ---- a rotation ---- */

/*
 * The file has the new key before anything is sealed with it, and loses the old one when nothing is sealed with that
 * any more. Two keys in the file are a rotation that did not come to its end: it goes on with the key it had made.
 */
static bool add_key(struct store *store, const char *path, struct storage_rotation *rotation, struct error *error)
{
    struct seal_ring known;
    struct seal_key keys[2] = {0};
    seal_ring_init(&known);
    bool done = seal_file_read(path, &known, error);
    rotation->was_finished = known.count > 1;
    if (done && known.count == 1) {
        keys[0] = known.keys[0];
        seal_key_make(&keys[1]);
        done = seal_file_write(path, keys, 2, error);
        if (done)
            seal_ring_add(&store->seal_ring, &keys[1]);
    }
    OPENSSL_cleanse(keys, sizeof keys);
    seal_ring_free(&known);
    return done;
}

static bool seal_all(struct store *store, struct storage_rotation *rotation, struct error *error)
{
    struct slice slice = {.job = {.run = seal_slice, .isolated = true}};
    for (slice.table = 0; slice.table < sizeof TABLES / sizeof TABLES[0]; slice.table++) {
        slice.position = 0;
        do {
            if (!store_write(store, &slice.job, error))
                return false;
            rotation->sealed += slice.count;
        } while (slice.count > 0);
    }
    return true;
}

static bool rotate(struct store *store, struct storage_rotation *rotation, struct error *error)
{
    char path[KEY_PATH_SIZE];
    snprintf(path, sizeof path, "%s/storage-key", store->directory);
    if (!add_key(store, path, rotation, error))
        return false;
    struct seal_key key = seal_ring_current(&store->seal_ring);
    snprintf(rotation->key, sizeof rotation->key, "%s", key.id);
    bool done = write_job(store, note_key, error) && seal_all(store, rotation, error) &&
                write_job(store, forget_keys, error) && seal_file_write(path, &key, 1, error);
    OPENSSL_cleanse(&key, sizeof key);
    if (done)
        log_info("the secrets of the store are sealed with the key %s", rotation->key);
    return done;
}

bool store_rotate_key(struct store *store, struct storage_rotation *rotation, struct error *error)
{
    *rotation = (struct storage_rotation){0};
    if (atomic_exchange(&store->rotating, true))
        return error_set(error, ERROR_CONFLICT, "the storage key is being rotated already");
    bool done = rotate(store, rotation, error);
    atomic_store(&store->rotating, false);
    return done;
}
