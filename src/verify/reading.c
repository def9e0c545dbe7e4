#include "verify/reading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "verify/hasher.h"

static const struct {
    const char *prefix;
    enum place_kind kind;
    bool is_whole; /* nothing follows */
} PLACE_ROWS[] = {
    {"h:", PLACE_HEADER, false}, {"q:", PLACE_QUERY, false}, {"f:", PLACE_FORM, false}, {"j:", PLACE_JSON, false},
    {"raw:", PLACE_RAW_JSON, false}, {"php:", PLACE_PHP_JSON, false}, {"sig.", PLACE_PART, false},
    {"cfg.", PLACE_CONFIG, false}, {"body", PLACE_BODY, true}, {"method", PLACE_METHOD, true}, {"url", PLACE_URL, true},
    {"path_query", PLACE_PATH_QUERY, true}, {"endpoint", PLACE_ENDPOINT, true}, {"secret", PLACE_SECRET, true},
    {"form", PLACE_FORM_SORTED, true}, {"now", PLACE_NOW, true}, {"now_text", PLACE_NOW_TEXT, true},
    {"reply", PLACE_REPLY, true}, {"signed", PLACE_SIGNED, true},
};

bool place_read(struct text text, struct place *place)
{
    for (size_t i = 0; i < sizeof PLACE_ROWS / sizeof PLACE_ROWS[0]; i++) {
        struct text prefix = text_of(PLACE_ROWS[i].prefix);
        if (PLACE_ROWS[i].is_whole ? text_equal(text, prefix) : text_starts_with(text, prefix)) {
            *place = (struct place){PLACE_ROWS[i].kind, text_slice(text, prefix.size, text.size)};
            return PLACE_ROWS[i].is_whole || place->name.size > 0;
        }
    }
    return false;
}

/* ---- the head ---- */

static bool header_value(const struct reading *reading, struct text name, struct text *value)
{
    const struct http_headers *headers = reading->input->headers;
    for (size_t i = 0; i < headers->count; i++) {
        if (!text_equal_ignoring_case(headers->items[i].name, name))
            continue;
        if (value->data != NULL)
            return false;
        *value = headers->items[i].value.data != NULL ? headers->items[i].value : TEXT("");
    }
    return true;
}

static bool part_value(const struct reading *reading, struct text name, struct text *value)
{
    for (size_t i = 0; i < reading->part_count; i++) {
        if (text_equal(reading->parts[i].name, name)) {
            *value = reading->parts[i].value;
            return true;
        }
    }
    return true;
}

/* Names of parameters are compared as query parameters of senders are: without regard to case. */
static bool query_value(struct reading *reading, struct text name, struct text *value)
{
    struct text rest = reading->input->query, part, raw = TEXT_NONE;
    while (text_split(&rest, '&', &part)) {
        ptrdiff_t equals = text_find_byte(part, '=');
        struct text key = equals < 0 ? part : text_slice(part, 0, (size_t)equals);
        if (!text_equal_ignoring_case(key, name))
            continue;
        if (raw.data != NULL)
            return false;
        raw = equals < 0 ? TEXT("") : text_slice(part, (size_t)equals + 1, part.size);
    }
    if (raw.data == NULL)
        return true;
    struct buffer decoded = {0};
    percent_decode(&decoded, raw, true);
    *value = arena_copy_text(&reading->arena, buffer_text(&decoded));
    buffer_free(&decoded);
    return true;
}

static struct text joined(struct reading *reading, bool with_origin, bool with_query)
{
    const struct verify_input *input = reading->input;
    bool query = with_query && input->query.data != NULL;
    return text_of(arena_printf(&reading->arena, "%.*s%.*s%s%.*s", with_origin ? (int)input->origin.size : 0,
                                with_origin ? input->origin.data : "", TEXT_ARGS(input->path), query ? "?" : "",
                                query ? (int)input->query.size : 0, query ? input->query.data : ""));
}

/* ---- JSON ---- */

struct json_view reading_json(struct reading *reading)
{
    struct json_reader *reader;
    const char *reason;
    if (!reading->is_json_read && (reader = thread_json_reader()) != NULL &&
        !json_reader_parse(reader, reading->input->body.data, reading->input->body.size, (size_t)limits.json_depth,
                           &reading->json, &reason))
        reading->json = (struct json_view){0};
    reading->is_json_read = true;
    return reading->json;
}

/* As few digits as read the same number again: what JavaScript and PHP write. */
static bool fraction_text(struct reading *reading, double number, struct text *value)
{
    enum { DIGITS_MOST = 17 };
    char digits[32];
    for (int count = 1; count <= DIGITS_MOST; count++) {
        snprintf(digits, sizeof digits, "%.*g", count, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    *value = arena_copy_text(&reading->arena, text_of(digits));
    return strchr(digits, 'e') == NULL;
}

static bool number_text(struct reading *reading, double number, struct text *value)
{
    static const double most = 9007199254740992.0; /* 2^53: beyond it digits would be made up */
    if (!(fabs(number) < most))
        return false;
    if (number != floor(number))
        return fraction_text(reading, number, value);
    *value = text_of(arena_printf(&reading->arena, "%.0f", number));
    return true;
}

static bool json_value(struct reading *reading, struct text path, struct text *value)
{
    struct json_view view = reading_json(reading);
    struct text key;
    while (text_split(&path, '.', &key))
        view = json_view_find(view, key);
    switch (view.type) {
    case JSON_VIEW_TEXT: *value = view.text.data != NULL ? view.text : TEXT(""); return true;
    case JSON_VIEW_NUMBER: return number_text(reading, view.number, value);
    case JSON_VIEW_BOOLEAN: *value = view.number != 0 ? TEXT("true") : TEXT("false"); return true;
    case JSON_VIEW_ARRAY: *value = json_view_size(view) == 0 ? TEXT("[]") : TEXT("[...]"); return true;
    case JSON_VIEW_OBJECT: *value = TEXT("{...}"); return true;
    case JSON_VIEW_NULL:
    case JSON_VIEW_ABSENT: break;
    }
    return true;
}

/* ---- the time of an answer ---- */

static struct text now_in_seconds(struct reading *reading)
{
    return text_of(arena_printf(&reading->arena, "%lld", (long long)(reading->input->now_ms / 1000)));
}

/* ISO 8601, to the second. */
static struct text now_as_text(struct reading *reading)
{
    enum { SECONDS_END = 19 };
    char moment[CLOCK_TEXT_SIZE];
    clock_format(reading->input->now_ms, moment);
    return text_of(arena_printf(&reading->arena, "%.*s+00:00", (int)SECONDS_END, moment));
}

/* ---- all of it ---- */

bool reading_value(struct reading *reading, struct place place, struct text *value)
{
    const struct verify_input *input = reading->input;
    *value = TEXT_NONE;
    switch (place.kind) {
    case PLACE_NONE: return true;
    case PLACE_HEADER: return header_value(reading, place.name, value);
    case PLACE_QUERY: return query_value(reading, place.name, value);
    case PLACE_FORM: return reading_form_field(reading, place.name, value);
    case PLACE_JSON: return json_value(reading, place.name, value);
    case PLACE_BODY: *value = input->body.data != NULL ? input->body : TEXT(""); return true;
    case PLACE_METHOD: *value = input->method; return true;
    case PLACE_URL: *value = joined(reading, true, true); return true;
    case PLACE_PATH_QUERY: *value = joined(reading, false, true); return true;
    case PLACE_ENDPOINT: *value = joined(reading, true, false); return true;
    case PLACE_RAW_JSON: *value = reading_raw_member(reading, place.name); return true;
    case PLACE_PHP_JSON:
        *value = reading_php_json(reading, reading_raw_member(reading, place.name));
        return true;
    case PLACE_PART: return part_value(reading, place.name, value);
    case PLACE_SECRET: *value = reading->secret; return true;
    case PLACE_CONFIG: *value = place.name; return true;
    case PLACE_FORM_SORTED: return reading_form_sorted(reading, value);
    case PLACE_NOW: *value = now_in_seconds(reading); return true;
    case PLACE_NOW_TEXT: *value = now_as_text(reading); return true;
    case PLACE_REPLY: *value = reading->reply; return true;
    case PLACE_SIGNED: *value = reading->signed_text; return true;
    }
    return false;
}

void reading_end(struct reading *reading)
{
    buffer_free(&reading->decoded);
    buffer_free(&reading->built);
    arena_free(&reading->arena);
}
