#include "verify/origin.h"

#include <string.h>

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool stands_for(bool wide, char c)
{
    return is_plain(c) || (wide && c != '\0' && strchr("./~%=&:+", c) != NULL);
}

/* Patterns have two stars at most, and texts an end: so this is bounded. */
static bool fits(struct text pattern, struct text text)
{
    while (pattern.size > 0 && pattern.data[0] != '*') {
        if (text.size == 0 || text.data[0] != pattern.data[0])
            return false;
        pattern = text_slice(pattern, 1, pattern.size);
        text = text_slice(text, 1, text.size);
    }
    if (pattern.size == 0)
        return text.size == 0;
    bool wide = pattern.size > 1 && pattern.data[1] == '*';
    struct text behind = text_slice(pattern, wide ? 2 : 1, pattern.size);
    for (size_t i = 0; i < text.size && stands_for(wide, text.data[i]); i++) {
        if (fits(behind, text_slice(text, i + 1, text.size)))
            return true;
    }
    return false;
}

static bool is_host(struct text host)
{
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    return host.size > 0 && text_find(host, TEXT("..")) < 0;
}

/* Parts that a client would leave out, so that it called another path than the one that was looked at. */
static bool has_odd_parts(struct text path)
{
    return text_find(path, TEXT("//")) >= 0 || text_find(path, TEXT("..")) >= 0 || text_find(path, TEXT("/./")) >= 0 ||
           text_ends_with(path, TEXT("/."));
}

/* "host" and "/path" of "host/path". */
static bool split(struct text text, struct text *host, struct text *path)
{
    ptrdiff_t slash = text_find_byte(text, '/');
    *host = text_slice(text, 0, slash < 0 ? 0 : (size_t)slash);
    *path = text_slice(text, slash < 0 ? 0 : (size_t)slash, text.size);
    return slash > 0;
}

bool origin_takes(const char *const *locations, struct text url)
{
    struct text scheme = TEXT("https://"), host, path, wanted_host, wanted_path;
    if (url.size > ORIGIN_URL_BYTES_MOST || !text_starts_with(url, scheme) ||
        !split(text_slice(url, scheme.size, url.size), &host, &path) || !is_host(host) ||
        has_odd_parts(path))
        return false;
    for (size_t i = 0; locations[i] != NULL; i++) {
        if (split(text_of(locations[i]), &wanted_host, &wanted_path) && fits(wanted_host, host) &&
            fits(wanted_path, path))
            return true;
    }
    return false;
}

bool origin_has_name(const char *const *names, struct text name)
{
    for (size_t i = 0; is_host(name) && names[i] != NULL; i++) {
        if (fits(text_of(names[i]), name))
            return true;
    }
    return false;
}
