#include "gateway/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/random.h"
#include "store/issue_trigger.h"
#include "store/project.h"

enum { PATH_SIZE = sizeof ((struct config *)0)->data + 16 };

static bool read_key(const char *path, struct config *config, struct error *error)
{
    char content[sizeof config->api_key] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set(error, ERROR_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    ssize_t size = read(file, content, sizeof content - 1);
    close(file);
    struct text key = text_trim((struct text){content, size > 0 ? (size_t)size : 0});
    return config_set(config, TEXT("api_key"), key, error) || error_prefix(error, "%s", path);
}

/* Whole or not at all: a full disk or a kill between leaves no half key behind for the next start. */
static bool make_key(const char *path, struct config *config, struct error *error)
{
    char line[API_KEY_DIGITS + 2], fresh[sizeof config->data + 32];
    random_token(line, API_KEY_DIGITS);
    memcpy(config->api_key, line, API_KEY_DIGITS + 1);
    line[API_KEY_DIGITS] = '\n';
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set(error, ERROR_STORE_IO, "cannot make the key file %s: %s", path, strerror(errno));
    bool written = write(file, line, API_KEY_DIGITS + 1) == API_KEY_DIGITS + 1 && fsync(file) == 0 &&
                   rename(fresh, path) == 0;
    if (!written) {
        error_set(error, ERROR_STORE_IO, "cannot write the key file %s: %s", path, strerror(errno));
        unlink(fresh);
    }
    close(file);
    return written;
}

static void write_path(const struct config *config, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/api-key", config->data);
}

bool key_read(struct config *config, struct error *error)
{
    char path[PATH_SIZE];
    write_path(config, path);
    return config->api_key[0] != '\0' || read_key(path, config, error);
}

bool key_load(struct config *config, struct error *error)
{
    char path[PATH_SIZE];
    write_path(config, path);
    if (config->api_key[0] != '\0' || access(path, F_OK) == 0)
        return key_read(config, error);
    return make_key(path, config, error);
}

struct registration {
    struct store_job job;
    struct text key;
    char hash[API_KEY_HASH_SIZE];
};

/* The oldest project, made when there is none. */
static bool first_project(struct store_transaction *transaction, struct arena *arena, int64_t *project_id,
                          struct error *error)
{
    struct project *projects;
    size_t count;
    if (!store_read_projects(store_transaction_reader(transaction), arena, &projects, &count, error))
        return false;
    if (count > 0) {
        *project_id = projects[0].id;
        return true;
    }
    char secret[PROJECT_SECRET_DIGITS + 1];
    int64_t now = clock_now_ms();
    random_token(secret, PROJECT_SECRET_DIGITS);
    struct project project = {.id = id_new(), .name = TEXT("default"), .signing_secret = text_of(secret),
                              .created_at = now, .updated_at = now};
    *project_id = project.id;
    return store_put_project(transaction, &project, error);
}

static bool add_key(struct store_transaction *transaction, const struct registration *registration, struct arena *arena,
                    struct api_key *key, struct error *error)
{
    *key = (struct api_key){.id = id_new(), .name = TEXT("operator"), .is_operator = true,
                            .last_digits = api_key_last_digits(registration->key), .created_at = clock_now_ms()};
    return first_project(transaction, arena, &key->project_id, error) &&
           store_insert_api_key(transaction, key, text_of(registration->hash), error);
}

static bool register_in(struct store_transaction *transaction, const struct registration *registration,
                        struct arena *arena, struct error *error)
{
    struct api_key key;
    struct error unknown = {0};
    if (!store_read_api_key_by_hash(store_transaction_reader(transaction), arena, text_of(registration->hash), &key,
                                    &unknown)) {
        if (unknown.code != ERROR_NOT_FOUND)
            return error_set(error, unknown.code, "%s", unknown.message);
        if (!add_key(transaction, registration, arena, &key, error))
            return false;
    }
    return store_set_operator(transaction, key.id, error) &&
           store_make_first_triggers(transaction, clock_now_ms(), error);
}

static bool register_key(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct arena arena = {0};
    bool done = register_in(transaction, (struct registration *)job, &arena, error);
    arena_free(&arena);
    return done;
}

bool key_register(struct store *store, const char *api_key, struct error *error)
{
    struct registration registration = {.job = {.run = register_key, .isolated = true}, .key = text_of(api_key)};
    if (!api_key_hash(registration.key, registration.hash))
        return error_set(error, ERROR_INTERNAL, "libcrypto offers no SHA-256");
    return store_write(store, &registration.job, error);
}
