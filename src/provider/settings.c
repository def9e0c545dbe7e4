/* Where providers are called, and whose certificates are trusted there. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "provider/engine.h"

enum { AUTHORITIES_BYTES_MOST = 4 * 1024 * 1024, HOST_MOST = 253 };

/* "HOST=ADDRESS:PORT" */
static bool read_row(struct text text, struct text *host, struct text *address)
{
    ptrdiff_t equals = text_find_byte(text, '='), colon = -1;
    int64_t port;
    if (equals < 1 || equals > HOST_MOST)
        return false;
    *host = text_slice(text, 0, (size_t)equals);
    *address = text_slice(text, (size_t)equals + 1, text.size);
    for (size_t i = 0; i < address->size; i++) {
        colon = address->data[i] == ':' ? (ptrdiff_t)i : colon;
        if (strchr("=;/@ \t", address->data[i]) != NULL)
            return false;
    }
    return colon > 0 && text_to_integer(text_slice(*address, (size_t)colon + 1, address->size), &port) && port > 0 &&
           port <= 65535;
}

bool provider_connect_is_valid(struct text connect)
{
    struct text part, host, address;
    while (text_split(&connect, ',', &part)) {
        if (text_trim(part).size > 0 && !read_row(text_trim(part), &host, &address))
            return false;
    }
    return true;
}

static void read_connections(struct provider *provider, struct text connect)
{
    struct text rest = connect, part, host, address;
    size_t most = 1;
    while (text_split(&rest, ',', &part))
        most++;
    provider->connections = ARENA_ARRAY(&provider->arena, struct connection_row, most);
    while (text_split(&connect, ',', &part)) {
        if (!read_row(text_trim(part), &host, &address))
            continue;
        bool any = text_equal(host, TEXT("*"));
        provider->connections[provider->connection_count++] = (struct connection_row){
            host, arena_printf(&provider->arena, "%.*s:443:%.*s", any ? 0 : (int)host.size, host.data,
                               TEXT_ARGS(address))};
    }
}

static bool add_authorities(X509_STORE *store, struct text pem)
{
    BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.size);
    X509 *certificate;
    int count = 0;
    while (memory != NULL && (certificate = PEM_read_bio_X509(memory, NULL, NULL, "")) != NULL) {
        count += X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(memory);
    ERR_clear_error();
    return count > 0;
}

static bool read_authorities(struct provider *provider, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? memory_allocate(AUTHORITIES_BYTES_MOST) : NULL;
    size_t size = file != NULL ? fread(bytes, 1, AUTHORITIES_BYTES_MOST, file) : 0;
    bool whole = file != NULL && size < AUTHORITIES_BYTES_MOST && !ferror(file);
    if (file != NULL)
        fclose(file);
    if (whole)
        provider->authorities = arena_copy_text(&provider->arena, (struct text){bytes, size});
    free(bytes);
    return (whole && size > 0 && add_authorities(provider->trusted, provider->authorities)) ||
           error_set(error, ERROR_INVALID, "provider_ca: %s holds no certificates, or cannot be read", path);
}

bool settings_read(struct provider *provider, const struct provider_settings *settings, struct error *error)
{
    read_connections(provider, text_of(settings->connect));
    provider->trusted = X509_STORE_new();
    if (provider->trusted == NULL)
        return error_set(error, ERROR_INTERNAL, "no memory for trusted certificates");
    if (settings->authorities[0] != '\0')
        return read_authorities(provider, settings->authorities, error);
    X509_STORE_set_default_paths(provider->trusted); /* without them nothing is trusted, which is said then */
    ERR_clear_error();
    return true;
}
