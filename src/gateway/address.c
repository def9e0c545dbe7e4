#include "gateway/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 + 16 };

static void write_path(const char *data, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/address", data);
}

/* What listens on all addresses is reached by the loopback one. */
void address_format(const struct config *config, char url[ADDRESS_SIZE])
{
    const char *host = config->listen_host;
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    snprintf(url, ADDRESS_SIZE, strchr(host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
             config->listen_port);
}

bool address_write(const struct config *config, struct error *error)
{
    char path[PATH_SIZE], url[ADDRESS_SIZE + 1];
    write_path(config->data, path);
    address_format(config, url);
    size_t size = strlen(url);
    url[size++] = '\n';
    unlink(path); /* one that a kill left behind, whatever its mode */
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set(error, ERROR_STORE_IO, "cannot write %s: %s", path, strerror(errno));
    bool written = write(file, url, size) == (ssize_t)size;
    close(file);
    return written || error_set(error, ERROR_STORE_IO, "cannot write %s: %s", path, strerror(errno));
}

void address_remove(const struct config *config)
{
    char path[PATH_SIZE];
    write_path(config->data, path);
    unlink(path);
}

bool address_read(const char *data, char url[ADDRESS_SIZE], struct error *error)
{
    char path[PATH_SIZE];
    write_path(data, path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, url, ADDRESS_SIZE - 1);
    if (file >= 0)
        close(file);
    if (size <= 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "a process holds %s, but there is no address of a gateway: is it starting?", data);
    size_t kept = text_trim((struct text){url, (size_t)size}).size;
    url[kept] = 0;
    return true;
}
