#include "http/url.h"

#include <curl/curl.h>
#include <stdlib.h>

/* libcurl's own parser has the last word, since it is what will read the URL again. */
static bool is_taken(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0';
    curl_free(host);
    curl_url_cleanup(parts);
    return good;
}

bool http_url_is_valid(struct text url)
{
    size_t scheme = text_starts_with(url, TEXT("http://"))    ? 7
                    : text_starts_with(url, TEXT("https://")) ? 8
                                                              : 0;
    if (scheme == 0 || url.size == scheme || strchr("/:?#@", url.data[scheme]) != NULL)
        return false;
    for (size_t i = 0; i < url.size; i++) {
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7F)
            return false;
    }
    char *copy = strndup(url.data, url.size);
    bool good = copy != NULL && is_taken(copy);
    free(copy);
    return good;
}

bool http_url_has_user(struct text url)
{
    ptrdiff_t slashes = text_find(url, TEXT("//"));
    for (size_t i = slashes < 0 ? url.size : (size_t)slashes + 2; i < url.size && strchr("/?#", url.data[i]) == NULL; i++) {
        if (url.data[i] == '@')
            return true;
    }
    return false;
}
