/* The file that holds the keys of seal.h. */
#include "base/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/log.h"

static const char REMARK[] =
    "# The key of the secrets in the store beside this file. Whoever has both reads them; without this file they are lost.\n";
enum { FILE_MOST = 4096, PATH_SIZE = 1200 };

/* ---- read ---- */

static bool take_line(struct seal_ring *ring, struct text line)
{
    struct seal_key key = {0};
    struct buffer bytes = {0};
    struct text rest = line, id = {0};
    bool good = text_split(&rest, ' ', &id) && id.size == SEAL_ID_DIGITS && hex_decode(&bytes, text_trim(rest)) &&
                bytes.size == SEAL_KEY_BYTES && ring->count < SEAL_KEYS_MOST;
    if (good) {
        memcpy(key.id, id.data, id.size);
        memcpy(key.bytes, bytes.data, SEAL_KEY_BYTES);
        seal_ring_add(ring, &key);
    }
    OPENSSL_cleanse(&key, sizeof key);
    buffer_free(&bytes);
    return good;
}

static bool take_lines(const char *path, struct text content, struct seal_ring *ring, struct error *error)
{
    struct text line;
    for (int number = 1; text_split(&content, '\n', &line); number++) {
        line = text_trim(line);
        if (line.size > 0 && line.data[0] != '#' && !take_line(ring, line))
            return error_set(error, ERROR_REFUSED, "line %d of the key file %s is no key: restore the file from a backup",
                             number, path);
    }
    return ring->count > 0 ||
           error_set(error, ERROR_REFUSED, "the key file %s holds no key: restore it from a backup", path);
}

bool seal_file_read(const char *path, struct seal_ring *ring, struct error *error)
{
    char content[FILE_MOST];
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_REFUSED, "cannot open the key file %s: %s", path,
                         strerror(errno));
    if (fstat(file, &status) == 0 && (status.st_mode & 077) != 0)
        log_warn("others than the owner may read the key file %s: chmod 600 it", path);
    ssize_t size = read(file, content, sizeof content);
    bool good = size >= 0 ? take_lines(path, (struct text){content, (size_t)size}, ring, error)
                          : error_set(error, ERROR_REFUSED, "cannot read the key file %s: %s", path, strerror(errno));
    OPENSSL_cleanse(content, sizeof content);
    close(file);
    return good;
}

/* ---- written ---- */

static void sync_directory(const char *path)
{
    char directory[PATH_SIZE];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        return;
    *slash = '\0';
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0)
        log_warn("cannot sync the directory %s: %s", directory, strerror(errno));
    if (file >= 0)
        close(file);
}

static bool write_content(int file, struct text content)
{
    return write(file, content.data, content.size) == (ssize_t)content.size && fsync(file) == 0;
}

bool seal_file_write(const char *path, const struct seal_key *keys, size_t count, struct error *error)
{
    char fresh[PATH_SIZE];
    struct buffer content = {0};
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(fresh); /* what a kill left behind */
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set(error, ERROR_STORE_IO, "cannot make the key file %s: %s", fresh, strerror(errno));
    buffer_reserve(&content, FILE_MOST); /* so that no copy of a key stays where it grew from */
    buffer_append_string(&content, REMARK);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&content, "%s ", keys[i].id);
        hex_encode(&content, (struct text){(const char *)keys[i].bytes, SEAL_KEY_BYTES});
        buffer_append_byte(&content, '\n');
    }
    bool written = write_content(file, buffer_text(&content)) && rename(fresh, path) == 0;
    if (!written) {
        error_set(error, ERROR_STORE_IO, "cannot write the key file %s: %s", path, strerror(errno));
        unlink(fresh);
    }
    close(file);
    OPENSSL_cleanse(content.data, content.size);
    buffer_free(&content);
    if (written)
        sync_directory(path);
    return written;
}
