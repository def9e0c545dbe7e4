#include "http/target.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>

/* False when there is no such part, or no room for it. */
static bool copy_part(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t room)
{
    char *value = NULL;
    bool there = curl_url_get(url, part, &value, flags) == CURLUE_OK && value[0] != '\0' && strlen(value) < room;
    memcpy(out, there ? value : "", there ? strlen(value) + 1 : 1);
    curl_free(value);
    return there;
}

/* What is left are the spellings that the resolver takes for an address. */
static bool is_number(const char *host, struct address *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    return inet_aton(host, &in.sin_addr) != 0 && address_of_socket((const struct sockaddr *)&in, address, NULL);
}

static void tidy_host(struct target *target)
{
    char *host = target->host;
    size_t size = strlen(host);
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        size -= 2;
        memmove(host, host + 1, size);
        host[size] = '\0';
    }
    while (size > 0 && host[size - 1] == '.')
        host[--size] = '\0';
    for (size_t i = 0; i < size; i++)
        host[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] + ('a' - 'A') : host[i]);
    target->is_literal = address_parse(text_of(host), &target->address) || is_number(host, &target->address);
}

static void read_path(CURLU *url, struct target *target)
{
    char *path = NULL;
    curl_url_get(url, CURLUPART_PATH, &path, 0);
    struct text beginning = text_slice(text_of(path), 0, TARGET_PATH - 1);
    if (beginning.size > 0)
        memcpy(target->path, beginning.data, beginning.size);
    target->path[beginning.size] = '\0';
    curl_free(path);
}

bool target_read(const char *url, struct target *target)
{
    char scheme[8], port[8];
    int64_t number = 0;
    CURLU *parts = curl_url();
    bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                copy_part(parts, CURLUPART_SCHEME, 0, scheme, sizeof scheme) &&
                copy_part(parts, CURLUPART_HOST, CURLU_PUNYCODE, target->host, sizeof target->host) &&
                copy_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port) &&
                text_to_integer(text_of(port), &number);
    if (good) {
        target->secure = strcmp(scheme, "https") == 0;
        target->port = (uint16_t)number;
        tidy_host(target);
        read_path(parts, target);
        good = target->host[0] != '\0' && (target->secure || strcmp(scheme, "http") == 0);
    }
    curl_url_cleanup(parts);
    return good;
}

bool target_same_origin(const struct target *a, const struct target *b)
{
    return a->secure == b->secure && a->port == b->port && strcmp(a->host, b->host) == 0;
}
