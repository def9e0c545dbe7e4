#include "deliver/envelope.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/id.h"
#include "deliver/auth.h"

enum { OWN_HEADERS = 16, MOST_ADDED = OWN_HEADERS + AUTH_HEADERS };

/* ---- URL ---- */

/* The destination's URL without fragment and query. *query: its query, TEXT_NONE when it has no "?". */
static struct text base_url(const struct destination_settings *settings, struct text *query)
{
    struct text url = settings->url;
    ptrdiff_t fragment = text_find_byte(url, '#');
    if (fragment >= 0)
        url = text_slice(url, 0, (size_t)fragment);
    ptrdiff_t mark = text_find_byte(url, '?');
    *query = mark < 0 ? TEXT_NONE : text_slice(url, (size_t)mark + 1, url.size);
    return mark < 0 ? url : text_slice(url, 0, (size_t)mark);
}

static const char *url_with_key(struct arena *arena, const struct envelope *envelope, struct text key, struct text secret)
{
    struct buffer out = {0};
    buffer_append_string(&out, envelope->url);
    buffer_append_byte(&out, envelope->query.size == 0 ? '?' : '&');
    percent_encode(&out, key);
    buffer_append_byte(&out, '=');
    percent_encode(&out, secret);
    const char *url = arena_copy_string(arena, buffer_text(&out));
    buffer_free(&out);
    return url;
}

static void write_url(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = &input->destination->settings;
    struct text own_query, base = base_url(settings, &own_query);
    struct buffer out = {0};
    envelope->path = settings->path_forwarding_disabled ? TEXT("") : input->request->path;
    envelope->query = own_query.data != NULL ? own_query : input->request->query;
    if (base.size == 0 && input->destination->record.type == DESTINATION_MOCK_API)
        base = TEXT("mock://fairlead");
    if (envelope->path.size > 0 && text_ends_with(base, TEXT("/")))
        base.size--;
    buffer_append_text(&out, base);
    buffer_append_text(&out, envelope->path);
    if (envelope->query.size > 0) {
        buffer_append_byte(&out, '?');
        buffer_append_text(&out, envelope->query);
    }
    bool strict = settings->auth == DESTINATION_AUTH_AWS && base.size > 0;
    envelope->url = strict ? auth_aws_url(arena, buffer_text(&out)) : arena_copy_string(arena, buffer_text(&out));
    buffer_free(&out);
    envelope->shown_url = envelope->url;
    if (settings->auth == DESTINATION_AUTH_API_KEY && settings->key_in_query) {
        envelope->shown_url = url_with_key(arena, envelope, settings->key, AUTH_HIDDEN);
        envelope->url = url_with_key(arena, envelope, settings->key, settings->secret);
    }
}

/* ---- headers ---- */

static bool is_dropped(struct text name)
{
    static const struct text dropped[] = {
        {"te", 2}, {"host", 4}, {"accept", 6}, {"expect", 6}, {"trailer", 7}, {"upgrade", 7}, {"connection", 10},
        {"keep-alive", 10}, {"content-length", 14}, {"idempotency-key", 15}, {"accept-encoding", 15},
        {"proxy-connection", 16}, {"transfer-encoding", 17}, {"proxy-authenticate", 18},
        {"proxy-authorization", 19}};
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (text_equal(name, dropped[i]))
            return true;
    }
    return text_starts_with(name, TEXT("x-hookdeck-"));
}

static void add(struct http_headers *headers, const char *name, struct text value)
{
    headers->items[headers->count++] = (struct http_header){text_of(name), value};
}

static struct text public_id(struct arena *arena, enum id_kind kind, int64_t id)
{
    char text[ID_TEXT_SIZE];
    id_format(kind, id, text);
    return arena_copy_text(arena, text_of(text));
}

static struct text or_empty(struct text text)
{
    return text.data ? text : TEXT("");
}

static void add_own(struct arena *arena, const struct envelope_input *input, struct text original_ip,
                    struct envelope *envelope)
{
    struct http_headers *headers = &envelope->headers;
    struct text event_id = public_id(arena, ID_EVENT, input->event->id);
    add(headers, "accept", TEXT("application/json, text/plain, */*"));
    add(headers, "idempotency-key", event_id);
    envelope->auth_from = headers->count;
    auth_add(arena, input, envelope);
    envelope->auth_to = headers->count;
    add(headers, "x-hookdeck-eventid", event_id);
    add(headers, "x-hookdeck-requestid", public_id(arena, ID_REQUEST, input->request->id));
    add(headers, "x-hookdeck-original-ip", or_empty(original_ip));
    add(headers, "x-hookdeck-verified", input->request->verified ? TEXT("true") : TEXT("false"));
    add(headers, "x-hookdeck-event-url",
        text_of(arena_printf(arena, "%s/events/%.*s", input->public_url, TEXT_ARGS(event_id))));
    add(headers, "x-hookdeck-source-name", input->source ? input->source->record.name : TEXT(""));
    add(headers, "x-hookdeck-connection-name", or_empty(input->connection->record.name));
    add(headers, "x-hookdeck-destination-name", input->destination->record.name);
    add(headers, "x-hookdeck-attempt-count", text_of(arena_printf(arena, "%" PRId64, input->attempt_number)));
    add(headers, "x-hookdeck-attempt-trigger", text_of(attempt_trigger_name(input->trigger)));
    if (input->retry_after_s >= 0)
        add(headers, "x-hookdeck-will-retry-after", text_of(arena_printf(arena, "%" PRId64, input->retry_after_s)));
}

static bool is_sendable(const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct text value = headers->items[i].value;
        for (size_t k = 0; k < value.size; k++) {
            if (value.data[k] == '\r' || value.data[k] == '\n' || value.data[k] == '\0')
                return false;
        }
    }
    return true;
}

enum attempt_error envelope_write(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination *record = &input->destination->record;
    const struct destination_settings *settings = &input->destination->settings;
    struct http_headers stored = http_headers_read(arena, input->request->headers);
    struct text original_ip = http_headers_get(&stored, TEXT("x-hookdeck-original-ip"));
    struct http_headers headers = {ARENA_ARRAY(arena, struct http_header, stored.count + MOST_ADDED), 0};
    for (size_t i = 0; i < stored.count; i++) {
        if (!is_dropped(stored.items[i].name) && !auth_replaces(settings, stored.items[i].name))
            headers.items[headers.count++] = stored.items[i];
    }
    envelope->added_from = headers.count;
    envelope->headers = headers;
    envelope->method = arena_copy_string(arena, settings->method.data ? settings->method : input->request->method);
    write_url(arena, input, envelope);
    add_own(arena, input, original_ip, envelope);
    if (record->type == DESTINATION_HTTP && settings->url.size == 0)
        return ATTEMPT_ERROR_MISSING_URL;
    return is_sendable(&envelope->headers) ? ATTEMPT_ERROR_NONE : ATTEMPT_ERROR_INVALID_CHARACTER;
}
