#include "store/sqlite/sealing.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "model/settings.h"

/* ---- the functions of SQL ---- */

struct place {
    char text[128];
};

/* Of ('table' or 'table.column', id); `member` may be "". */
static struct text write_place(struct place *place, sqlite3_value **values, const char *member)
{
    const char *where = (const char *)sqlite3_value_text(values[1]);
    snprintf(place->text, sizeof place->text, "%s%s:%" PRId64, where != NULL ? where : "", member,
             (int64_t)sqlite3_value_int64(values[2]));
    return text_of(place->text);
}

static struct text value_text(sqlite3_value *value)
{
    const void *data = sqlite3_value_blob(value);
    return (struct text){data != NULL ? data : "", (size_t)sqlite3_value_bytes(value)};
}

static void give(sqlite3_context *context, struct text text)
{
    sqlite3_result_text64(context, text.data != NULL ? text.data : "", text.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static bool open_text(struct seal_ring *ring, struct text sealed, struct text place, struct buffer *plain)
{
    struct error error = {0};
    if (seal_open(ring, sealed, place, plain, &error))
        return true;
    log_error("the secret %.*s of the store cannot be read: %s", TEXT_ARGS(place), error.message);
    return false;
}

static void sql_seal(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct place place;
    struct buffer sealed = {0};
    struct text plain = value_text(values[0]);
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || seal_is_sealed(plain))
        sqlite3_result_value(context, values[0]);
    else if (seal_close(sqlite3_user_data(context), plain, write_place(&place, values, ""), &sealed))
        give(context, buffer_text(&sealed));
    else
        sqlite3_result_error(context, "a secret cannot be sealed", -1);
    buffer_free(&sealed);
}

static void sql_unseal(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct place place;
    struct buffer plain = {0};
    struct text sealed = value_text(values[0]);
    if (sqlite3_value_type(values[0]) != SQLITE_NULL && seal_is_sealed(sealed) &&
        open_text(sqlite3_user_data(context), sealed, write_place(&place, values, ""), &plain))
        give(context, buffer_text(&plain));
    else
        sqlite3_result_value(context, values[0]);
    buffer_free(&plain);
}

typedef bool (*member_change)(struct seal_ring *ring, json_t *config, const char *name, struct text place);

static bool seal_member(struct seal_ring *ring, json_t *config, const char *name, struct text place)
{
    json_t *member = json_member(config, name);
    struct buffer plain = {0}, sealed = {0};
    bool empty = member == NULL || json_is_null(member) || (json_is_object(member) && json_object_size(member) == 0);
    bool done = empty || seal_is_sealed(json_member_text(config, name)) ||
                (json_write(&plain, member) && seal_close(ring, buffer_text(&plain), place, &sealed) &&
                 json_object_set_new(config, name, json_text(buffer_text(&sealed))) == 0);
    buffer_free(&plain);
    buffer_free(&sealed);
    return done;
}

/* What does not open stays as it is. */
static bool unseal_member(struct seal_ring *ring, json_t *config, const char *name, struct text place)
{
    struct text sealed = json_member_text(config, name);
    struct buffer plain = {0};
    if (seal_is_sealed(sealed) && open_text(ring, sealed, place, &plain)) {
        json_t *member = json_parse(buffer_text(&plain), NULL);
        if (member != NULL)
            json_object_set_new(config, name, member);
    }
    buffer_free(&plain);
    return true;
}

/* What is no object has no members: settings.h refuses it. */
static void change_members(sqlite3_context *context, sqlite3_value **values, member_change change)
{
    struct buffer out = {0};
    struct place place;
    char name[32];
    json_t *config = json_parse(value_text(values[0]), NULL);
    bool done = true, is_object = json_is_object(config);
    for (size_t i = 0; is_object && done && SECRET_MEMBERS[i] != NULL; i++) {
        snprintf(name, sizeof name, ".config.%s", SECRET_MEMBERS[i]);
        done = change(sqlite3_user_data(context), config, SECRET_MEMBERS[i], write_place(&place, values, name));
    }
    if (!is_object)
        sqlite3_result_value(context, values[0]);
    else if (done && json_write(&out, config))
        give(context, buffer_text(&out));
    else
        sqlite3_result_error(context, "a config cannot be sealed", -1);
    json_decref(config);
    buffer_free(&out);
}

static void sql_seal_config(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL || value_text(values[0]).size == 0)
        sqlite3_result_value(context, values[0]);
    else
        change_members(context, values, seal_member);
}

/* Most configs have no secret: they are not parsed. */
static void sql_unseal_config(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (text_find(value_text(values[0]), TEXT("\"sealed1:")) < 0)
        sqlite3_result_value(context, values[0]);
    else
        change_members(context, values, unseal_member);
}

bool sealing_register(struct seal_ring *ring, struct store_reader *database, struct error *error)
{
    static const struct {
        const char *name;
        void (*run)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"seal", sql_seal}, {"unseal", sql_unseal}, {"seal_config", sql_seal_config},
        {"unseal_config", sql_unseal_config},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (sqlite3_create_function(database->db, functions[i].name, 3, SQLITE_UTF8 | SQLITE_DIRECTONLY, ring,
                                    functions[i].run, NULL, NULL) != SQLITE_OK)
            return database_fail(database, error);
    }
    return true;
}

/* ---- the keys of a store ---- */

static bool has_key_table(struct store_reader *writer, bool *has, struct error *error)
{
    sqlite3_stmt *s =
        database_statement(writer, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'storage_key'", error);
    int row = s != NULL ? database_step(writer, s, error) : -1;
    *has = row == 1;
    if (row == 1)
        sqlite3_reset(s);
    return row >= 0;
}

/* Counts the keys that the store names, and refuses the first that does not open its text. */
static bool check_keys(struct seal_ring *ring, const char *path, struct store_reader *writer, size_t *count,
                       struct error *error)
{
    int row;
    sqlite3_stmt *s = database_statement(writer, "SELECT id, known FROM storage_key", error);
    *count = 0;
    if (s == NULL)
        return false;
    while ((row = database_step(writer, s, error)) == 1) {
        const char *id = (const char *)sqlite3_column_text(s, 0);
        const char *known = (const char *)sqlite3_column_text(s, 1);
        struct buffer plain = {0};
        bool opens = ring->count == 0 || seal_open(ring, text_of(known), TEXT("storage_key:0"), &plain, NULL);
        (*count)++;
        if (!opens)
            error_set(error, ERROR_REFUSED,
                      "the key file %s is not that of this store: the secrets in %s are sealed with the key %s. Restore "
                      "the file that belongs to it from the backup; nothing was changed", path, writer->path, id);
        buffer_free(&plain);
        if (!opens) {
            sqlite3_reset(s);
            return false;
        }
    }
    return row == 0;
}

static bool make_first(struct seal_ring *ring, const char *path, struct error *error)
{
    struct seal_key key;
    seal_key_make(&key);
    bool done = seal_file_write(path, &key, 1, error);
    if (done)
        seal_ring_add(ring, &key);
    OPENSSL_cleanse(&key, sizeof key);
    return done;
}

bool sealing_open(struct seal_ring *ring, const char *directory, struct store_reader *writer, struct error *error)
{
    char path[KEY_PATH_SIZE];
    bool has_table = false;
    size_t named = 0;
    struct error missing = {0};
    snprintf(path, sizeof path, "%s/storage-key", directory);
    if (!seal_file_read(path, ring, &missing) && missing.code != ERROR_NOT_FOUND)
        return error_set(error, missing.code, "%s", missing.message);
    if (!has_key_table(writer, &has_table, error) ||
        (has_table && !check_keys(ring, path, writer, &named, error)))
        return false;
    if (ring->count == 0 && named > 0)
        return error_set(error, ERROR_REFUSED,
                         "the key file %s is missing, and the secrets in %s cannot be read without it. Restore it from the "
                         "backup; nothing was changed", path, writer->path);
    return (ring->count > 0 || make_first(ring, path, error)) && sealing_register(ring, writer, error);
}

bool sealing_note_key(struct store_reader *writer, struct error *error)
{
    return database_execute(writer, NOTE_STORAGE_KEY, error);
}
