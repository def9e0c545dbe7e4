/*
 * AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request").
 *
 * Verifiers differ in how they read a URL that is not in its strict form: a "+" in a query, a parameter without "=", a
 * byte that could have been encoded or not. So the URL is brought into the strict form before it is sent, in which all of
 * them find the same.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "deliver/auth.h"

enum { STAMP_SIZE = sizeof "20261124T102030Z", DAY_SIZE = 8 };

/* ---- the URL ---- */

struct url_parts {
    struct text origin, host; /* "https://host:port"; the Host header */
    struct text path, query;  /* as they stand, without "?" */
};

static struct text default_port_of(struct text origin)
{
    return text_starts_with(origin, TEXT("https:")) ? TEXT(":443") : TEXT(":80");
}

static struct url_parts split_url(struct text url)
{
    struct url_parts parts = {.path = TEXT(""), .query = TEXT("")};
    size_t authority = (size_t)text_find(url, TEXT("://")) + 3;
    size_t end = authority;
    while (end < url.size && strchr("/?", url.data[end]) == NULL)
        end++;
    parts.origin = text_slice(url, 0, end);
    parts.host = text_slice(url, authority, end - authority);
    for (ptrdiff_t at; (at = text_find_byte(parts.host, '@')) >= 0;)
        parts.host = text_slice(parts.host, (size_t)at + 1, parts.host.size);
    if (text_ends_with(parts.host, default_port_of(parts.origin)))
        parts.host.size -= default_port_of(parts.origin).size;
    parts.path = text_slice(url, end, url.size);
    ptrdiff_t mark = text_find_byte(parts.path, '?');
    if (mark >= 0) {
        parts.query = text_slice(parts.path, (size_t)mark + 1, parts.path.size);
        parts.path.size = (size_t)mark;
    }
    return parts;
}

static void encode_anew(struct buffer *out, struct text encoded, bool plus_is_space)
{
    struct buffer decoded = {0};
    percent_decode(&decoded, encoded, plus_is_space);
    percent_encode(out, buffer_text(&decoded));
    buffer_free(&decoded);
}

/* Each segment in strict form, "." and ".." applied (RFC 3986, 5.2.4). Starts with "/". */
static void write_path(struct arena *arena, struct buffer *out, struct text path)
{
    struct text *segments = ARENA_ARRAY(arena, struct text, path.size + 1), rest = path, segment;
    size_t count = 0;
    bool open = false; /* it ends with "/" */
    if (path.size > 0)
        rest = text_slice(path, 1, path.size);
    while (text_split(&rest, '/', &segment)) {
        struct buffer strict = {0};
        encode_anew(&strict, segment, false);
        segment = arena_copy_text(arena, buffer_text(&strict));
        buffer_free(&strict);
        bool up = text_equal(segment, TEXT(".."));
        open = up || text_equal(segment, TEXT("."));
        if (up && count > 0)
            count--;
        else if (!open)
            segments[count++] = segment;
    }
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(out, '/');
        buffer_append_text(out, segments[i]);
    }
    if (open || count == 0)
        buffer_append_byte(out, '/');
}

static void write_query(struct buffer *out, struct text query)
{
    struct text rest = query, part;
    char before = '?';
    while (query.size > 0 && text_split(&rest, '&', &part)) {
        if (part.size == 0)
            continue;
        ptrdiff_t equals = text_find_byte(part, '=');
        size_t name = equals >= 0 ? (size_t)equals : part.size;
        buffer_append_byte(out, before);
        encode_anew(out, text_slice(part, 0, name), true);
        buffer_append_byte(out, '=');
        if (equals >= 0)
            encode_anew(out, text_slice(part, name + 1, part.size), true);
        before = '&';
    }
}

const char *auth_aws_url(struct arena *arena, struct text url)
{
    struct url_parts parts = split_url(url);
    struct buffer out = {0};
    buffer_append_text(&out, parts.origin);
    write_path(arena, &out, parts.path);
    write_query(&out, parts.query);
    const char *copy = arena_copy_string(arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

/* ---- the canonical request ---- */

/* S3 takes the path as it stands; the others leave out empty segments and encode what is encoded once more. */
static void canonical_path(struct buffer *out, struct text path, struct text service)
{
    struct text rest = path, segment;
    if (text_equal(service, TEXT("s3"))) {
        buffer_append_text(out, path);
        return;
    }
    while (text_split(&rest, '/', &segment)) {
        if (segment.size == 0)
            continue;
        buffer_append_byte(out, '/');
        percent_encode(out, segment);
    }
    if (text_ends_with(path, TEXT("/")))
        buffer_append_byte(out, '/');
}

static int compare_texts(struct text a, struct text b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_pairs(const void *left, const void *right)
{
    const struct http_header *a = left, *b = right;
    int order = compare_texts(a->name, b->name);
    return order != 0 ? order : compare_texts(a->value, b->value);
}

static void canonical_query(struct arena *arena, struct buffer *out, struct text query)
{
    struct http_header *pairs = ARENA_ARRAY(arena, struct http_header, query.size + 1);
    struct text rest = query, part;
    size_t count = 0;
    while (query.size > 0 && text_split(&rest, '&', &part)) {
        size_t name = (size_t)text_find_byte(part, '=');
        pairs[count++] = (struct http_header){text_slice(part, 0, name), text_slice(part, name + 1, part.size)};
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%.*s=%.*s", i > 0 ? "&" : "", TEXT_ARGS(pairs[i].name), TEXT_ARGS(pairs[i].value));
}

static bool is_signed(struct text name)
{
    return text_equal(name, TEXT("host")) || text_equal(name, TEXT("content-type")) ||
           text_starts_with(name, TEXT("x-amz-"));
}

/* Without spaces at the ends, runs of them as one. */
static void append_folded(struct buffer *out, struct text value)
{
    value = text_trim(value);
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] != ' ' || value.data[i - 1] != ' ')
            buffer_append_byte(out, value.data[i]);
    }
}

/* By name; those of one name in the order in which they are sent. */
static int compare_headers(const void *left, const void *right)
{
    const struct http_header *a = *(const struct http_header *const *)left, *b = *(const struct http_header *const *)right;
    int order = compare_texts(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

/* The headers' lines, then their names in *names: "host;x-amz-date". */
static void canonical_headers(struct arena *arena, struct buffer *out, const struct http_headers *headers,
                              struct buffer *names)
{
    const struct http_header **chosen = ARENA_ARRAY(arena, const struct http_header *, headers->count);
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (is_signed(headers->items[i].name))
            chosen[count++] = &headers->items[i];
    }
    qsort(chosen, count, sizeof *chosen, compare_headers);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && text_equal(chosen[i]->name, chosen[i - 1]->name);
        if (again) {
            buffer_append_byte(out, ',');
        } else {
            buffer_printf(out, "%s%.*s:", i > 0 ? "\n" : "", TEXT_ARGS(chosen[i]->name));
            buffer_printf(names, "%s%.*s", i > 0 ? ";" : "", TEXT_ARGS(chosen[i]->name));
        }
        append_folded(out, chosen[i]->value);
    }
    buffer_append_byte(out, '\n');
}

static struct text hash_hex(struct arena *arena, struct text bytes)
{
    unsigned char digest[DIGEST_BYTES_MOST];
    struct buffer out = {0};
    struct hasher hasher = hasher_of_digest(DIGEST_SHA256);
    hasher_add(&hasher, bytes);
    size_t size = hasher_end(&hasher, digest);
    hex_encode(&out, (struct text){(const char *)digest, size});
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

/* ---- the signature ---- */

/* The key of a day, a region and a service, and with it the signature. */
static struct text sign(struct arena *arena, const struct destination_settings *settings, struct text day, struct text what)
{
    unsigned char mac[DIGEST_BYTES_MOST];
    size_t size = 0;
    struct buffer out = {0};
    const struct text steps[] = {day, settings->region, settings->service, TEXT("aws4_request"), what};
    struct text key = text_of(arena_printf(arena, "AWS4%.*s", TEXT_ARGS(settings->secret)));
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        unsigned char next[DIGEST_BYTES_MOST];
        if (!auth_hmac(key, &steps[i], 1, next, &size))
            return TEXT("");
        memcpy(mac, next, size);
        key = (struct text){(const char *)mac, size};
    }
    hex_encode(&out, key);
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

static void write_stamp(int64_t now, char stamp[STAMP_SIZE])
{
    char text[CLOCK_TEXT_SIZE];
    size_t used = 0;
    clock_format(now, text);
    for (const char *c = text; *c != '.'; c++) {
        if (*c != '-' && *c != ':')
            stamp[used++] = *c;
    }
    stamp[used++] = 'Z';
    stamp[used] = '\0';
}

static void add(struct envelope *envelope, const char *name, struct text value)
{
    envelope->headers.items[envelope->headers.count++] = (struct http_header){text_of(name), value};
}

void auth_aws_sign(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = &input->destination->settings;
    struct url_parts parts = split_url(text_of(envelope->url));
    struct buffer request = {0}, names = {0};
    char *stamp = arena_allocate(arena, STAMP_SIZE);
    write_stamp(input->now, stamp);
    struct text day = text_slice(text_of(stamp), 0, DAY_SIZE), body_hash = hash_hex(arena, input->request->body);
    add(envelope, "host", parts.host);
    add(envelope, "x-amz-content-sha256", body_hash);
    add(envelope, "x-amz-date", text_of(stamp));

    buffer_printf(&request, "%s\n", envelope->method);
    canonical_path(&request, parts.path, settings->service);
    buffer_append_byte(&request, '\n');
    canonical_query(arena, &request, parts.query);
    buffer_append_byte(&request, '\n');
    canonical_headers(arena, &request, &envelope->headers, &names);
    buffer_printf(&request, "\n%s\n%.*s", buffer_string(&names), TEXT_ARGS(body_hash));

    const char *scope = arena_printf(arena, "%.*s/%.*s/%.*s/aws4_request", TEXT_ARGS(day), TEXT_ARGS(settings->region),
                                     TEXT_ARGS(settings->service));
    struct text request_hash = hash_hex(arena, buffer_text(&request));
    const char *what = arena_printf(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%.*s", stamp, scope, TEXT_ARGS(request_hash));
    struct text signature = sign(arena, settings, day, text_of(what));
    add(envelope, "authorization",
        text_of(arena_printf(arena, "AWS4-HMAC-SHA256 Credential=%.*s/%s, SignedHeaders=%s, Signature=%.*s",
                             TEXT_ARGS(settings->key), scope, buffer_string(&names), TEXT_ARGS(signature))));
    buffer_free(&request);
    buffer_free(&names);
}
