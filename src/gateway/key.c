#include "gateway/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/random.h"
#include "store/issue_trigger.h"

enum { KEY_DIGITS = 32, SECRET_DIGITS = 44 };

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
    char line[KEY_DIGITS + 2], fresh[sizeof config->data + 32];
    random_token(line, KEY_DIGITS);
    memcpy(config->api_key, line, KEY_DIGITS + 1);
    line[KEY_DIGITS] = '\n';
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set(error, ERROR_STORE_IO, "cannot make the key file %s: %s", path, strerror(errno));
    bool written = write(file, line, KEY_DIGITS + 1) == KEY_DIGITS + 1 && fsync(file) == 0 && rename(fresh, path) == 0;
    if (!written) {
        error_set(error, ERROR_STORE_IO, "cannot write the key file %s: %s", path, strerror(errno));
        unlink(fresh);
    }
    close(file);
    return written;
}

bool key_load(struct config *config, struct error *error)
{
    char path[sizeof config->data + 16];
    if (config->api_key[0] != '\0')
        return true;
    snprintf(path, sizeof path, "%s/api-key", config->data);
    if (access(path, F_OK) == 0)
        return read_key(path, config, error);
    return make_key(path, config, error);
}

struct registration {
    struct store_job job;
    struct text hash;
};

/* The first project, made when there is none. */
static bool first_project(struct store_transaction *transaction, int64_t *project_id, struct error *error)
{
    struct arena arena = {0};
    struct project *projects;
    size_t count;
    bool done = store_read_projects(store_transaction_reader(transaction), &arena, &projects, &count, error);
    if (done && count > 0) {
        *project_id = projects[0].id;
    } else if (done) {
        char secret[SECRET_DIGITS + 1];
        int64_t now = clock_now_ms();
        random_token(secret, SECRET_DIGITS);
        struct project project = {id_new(), TEXT("default"), text_of(secret), now, now};
        *project_id = project.id;
        done = store_insert_project(transaction, &project, error);
    }
    arena_free(&arena);
    return done;
}

static bool register_key(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct registration *registration = (struct registration *)job;
    int64_t project_id;
    struct error unknown = {0};
    if (!first_project(transaction, &project_id, error) ||
        !store_make_first_triggers(transaction, clock_now_ms(), error))
        return false;
    if (store_read_api_key(store_transaction_reader(transaction), registration->hash, &project_id, &unknown))
        return true;
    return store_insert_api_key(transaction, id_new(), project_id, registration->hash, clock_now_ms(), error);
}

bool key_register(struct store *store, const char *api_key, struct error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct buffer hash = {0};
    if (EVP_Digest(api_key, strlen(api_key), digest, &size, EVP_sha256(), NULL) != 1)
        return error_set(error, ERROR_INTERNAL, "libcrypto offers no SHA-256");
    hex_encode(&hash, (struct text){(const char *)digest, size});
    struct registration registration = {.job = {.run = register_key, .isolated = true}, .hash = buffer_text(&hash)};
    bool done = store_write(store, &registration.job, error);
    buffer_free(&hash);
    return done;
}
