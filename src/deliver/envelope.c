#include "deliver/envelope.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/encoding.h"
#include "base/id.h"

enum { ADDED_MOST = 20, SHA256_SIZE = 32 };

/* Of one connection only, or made anew for each by the HTTP client. */
static const struct text dropped[] = {
    {"connection", 10}, {"keep-alive", 10}, {"te", 2}, {"trailer", 7}, {"transfer-encoding", 17},
    {"upgrade", 7}, {"host", 4}, {"content-length", 14}, {"expect", 6}, {"accept-encoding", 15},
};

const char *envelope_sign(struct arena *arena, struct text secret, struct text body)
{
    unsigned char digest[SHA256_SIZE];
    unsigned size = sizeof digest;
    unsigned char *encoded = arena_allocate(arena, 4 * (SHA256_SIZE + 2) / 3 + 1);
    if (HMAC(EVP_sha256(), secret.size > 0 ? secret.data : "", (int)secret.size,
             (const unsigned char *)(body.size > 0 ? body.data : ""), body.size, digest, &size) == NULL)
        return NULL;
    EVP_EncodeBlock(encoded, digest, (int)size);
    return (const char *)encoded;
}

/* ---- URL ---- */

static struct text in_arena(struct arena *arena, struct buffer *buffer)
{
    struct text copy = arena_copy_text(arena, buffer_text(buffer));
    buffer_free(buffer);
    return copy;
}

static const char *make_url(struct arena *arena, const struct envelope_input *input)
{
    const struct destination_settings *settings = input->settings;
    const struct request *request = input->request;
    struct text base = input->type == DESTINATION_MOCK_API ? TEXT("mock://fairlead") : settings->url;
    struct text path = settings->path_forwarding_disabled ? TEXT("") : request->path;
    struct text query = request->query;
    ptrdiff_t fragment = text_find_byte(base, '#');
    if (fragment >= 0)
        base = text_slice(base, 0, (size_t)fragment);
    ptrdiff_t mark = text_find_byte(base, '?');
    if (mark >= 0) {
        query = text_slice(base, (size_t)mark + 1, base.size);
        base = text_slice(base, 0, (size_t)mark);
    }
    if (path.size > 0 && base.size > 0 && base.data[base.size - 1] == '/')
        base.size--;
    struct text key = {"", 0};
    if (settings->auth == DESTINATION_AUTH_API_KEY && settings->key_in_query) {
        struct buffer pair = {0};
        percent_encode(&pair, settings->key);
        buffer_append_byte(&pair, '=');
        percent_encode(&pair, settings->secret);
        key = in_arena(arena, &pair);
    }
    return arena_printf(arena, "%.*s%.*s%s%.*s%s%.*s", TEXT_ARGS(base), TEXT_ARGS(path),
                        query.size > 0 || key.size > 0 ? "?" : "", TEXT_ARGS(query),
                        query.size > 0 && key.size > 0 ? "&" : "", TEXT_ARGS(key));
}

/* ---- headers ---- */

struct additions {
    struct arena *arena;
    struct http_header items[ADDED_MOST];
    size_t count;
};

/* A control character in a name or a key would end the header and begin another. */
static struct text without_controls(struct arena *arena, struct text value)
{
    bool clean = true;
    for (size_t i = 0; i < value.size; i++)
        clean &= ((unsigned char)value.data[i] >= 0x20 && value.data[i] != 0x7f) || value.data[i] == '\t';
    if (clean)
        return value.data != NULL ? value : TEXT("");
    char *copy = arena_allocate(arena, value.size);
    for (size_t i = 0; i < value.size; i++)
        copy[i] = (unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f ? '?' : value.data[i];
    return (struct text){copy, value.size};
}

static void add(struct additions *additions, struct text name, struct text value)
{
    additions->items[additions->count++] = (struct http_header){name, without_controls(additions->arena, value)};
}

static struct text id_text(struct arena *arena, enum id_kind kind, int64_t id)
{
    char text[ID_TEXT_SIZE];
    id_format(kind, id, text);
    return arena_copy_text(arena, text_of(text));
}

static bool add_auth(struct additions *additions, const struct envelope_input *input)
{
    const struct destination_settings *settings = input->settings;
    struct arena *arena = additions->arena;
    struct buffer pair = {0}, encoded = {0};
    const char *signature;
    switch (settings->auth) {
    case DESTINATION_AUTH_SIGNATURE:
        signature = envelope_sign(arena, input->signing_secret, input->request->body);
        add(additions, TEXT("X-Hookdeck-Signature"), text_of(signature));
        return signature != NULL;
    case DESTINATION_AUTH_CUSTOM_SIGNATURE:
        signature = envelope_sign(arena, settings->secret, input->request->body);
        add(additions, without_controls(arena, settings->key), text_of(signature));
        return signature != NULL;
    case DESTINATION_AUTH_BASIC:
        buffer_printf(&pair, "%.*s:%.*s", TEXT_ARGS(settings->username), TEXT_ARGS(settings->password));
        buffer_append_string(&encoded, "Basic ");
        base64_encode(&encoded, buffer_text(&pair));
        buffer_free(&pair);
        add(additions, TEXT("Authorization"), in_arena(arena, &encoded));
        return true;
    case DESTINATION_AUTH_API_KEY:
        if (!settings->key_in_query)
            add(additions, without_controls(arena, settings->key), settings->secret);
        return true;
    case DESTINATION_AUTH_BEARER:
        add(additions, TEXT("Authorization"),
            text_of(arena_printf(arena, "Bearer %.*s", TEXT_ARGS(settings->secret))));
        return true;
    }
    return false;
}

static bool add_own(struct additions *additions, const struct envelope_input *input)
{
    struct arena *arena = additions->arena;
    struct text event_id = id_text(arena, ID_EVENT, input->event->id);
    add(additions, TEXT("Accept"), TEXT("application/json, text/plain, */*"));
    add(additions, TEXT("Idempotency-Key"), event_id);
    add(additions, TEXT("X-Hookdeck-EventID"), event_id);
    add(additions, TEXT("X-Hookdeck-RequestID"), id_text(arena, ID_REQUEST, input->event->request_id));
    add(additions, TEXT("X-Hookdeck-Verified"), input->request->verified ? TEXT("true") : TEXT("false"));
    add(additions, TEXT("X-Hookdeck-Event-URL"),
        text_of(arena_printf(arena, "%s/events/%.*s", input->public_url, TEXT_ARGS(event_id))));
    add(additions, TEXT("X-Hookdeck-Source-Name"), input->source_name);
    add(additions, TEXT("X-Hookdeck-Connection-Name"), input->connection_name);
    add(additions, TEXT("X-Hookdeck-Destination-Name"), input->destination_name);
    add(additions, TEXT("X-Hookdeck-Attempt-Count"),
        text_of(arena_printf(arena, "%" PRId64, input->attempt_number)));
    add(additions, TEXT("X-Hookdeck-Attempt-Trigger"), text_of(attempt_trigger_name(input->trigger)));
    if (input->will_retry_after_ms >= 0)
        add(additions, TEXT("X-Hookdeck-Will-Retry-After"),
            text_of(arena_printf(arena, "%" PRId64, (input->will_retry_after_ms + 999) / 1000)));
    return add_auth(additions, input);
}

static bool is_forwarded(struct text name, const struct additions *additions)
{
    if (name.size >= 6 && text_equal_ignoring_case(text_slice(name, 0, 6), TEXT("proxy-")))
        return false;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (text_equal_ignoring_case(name, dropped[i]))
            return false;
    }
    for (size_t i = 0; i < additions->count; i++) {
        if (text_equal_ignoring_case(name, additions->items[i].name))
            return false;
    }
    return true;
}

enum attempt_error envelope_make(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = input->settings;
    struct additions additions = {.arena = arena};
    if (input->type == DESTINATION_CLI)
        return ATTEMPT_ERROR_CLI_UNAVAILABLE;
    if (input->type == DESTINATION_HTTP && settings->url.size == 0)
        return ATTEMPT_ERROR_MISSING_URL;
    if (!add_own(&additions, input))
        return ATTEMPT_ERROR_INTERNAL_ERROR;
    struct http_headers sent = http_headers_read(arena, input->request->headers), all = {0};
    all.items = ARENA_ARRAY(arena, struct http_header, sent.count + additions.count);
    for (size_t i = 0; i < sent.count; i++) {
        if (is_forwarded(sent.items[i].name, &additions))
            all.items[all.count++] = sent.items[i];
    }
    memcpy(all.items + all.count, additions.items, additions.count * sizeof additions.items[0]);
    all.count += additions.count;
    envelope->headers = all;
    envelope->added = additions.count;
    envelope->url = make_url(arena, input);
    envelope->method = arena_copy_string(arena, settings->method.size > 0 ? settings->method : input->request->method);
    return ATTEMPT_ERROR_NONE;
}
