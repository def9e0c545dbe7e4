/* The readers of JSON agree with each other, and what was read can be written and read again. */
#include "fuzz.h"

#include "base/json.h"
#include "base/json_grammar.h"
#include "base/json_scan.h"
#include "base/json_view.h"

enum { DEPTH = 64 };

static void check_round_trip(const json_t *value)
{
    struct buffer out = {0};
    MUST(json_write(&out, value));
    json_t *again = json_parse(buffer_text(&out), NULL);
    MUST(again != NULL && json_equal(value, again));
    json_decref(again);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text text = {(const char *)bytes, size};
    const char *scan = json_scan_check(text.data, text.size, DEPTH);
    MUST((scan == NULL) == (json_grammar_check(text, DEPTH) == NULL));
    struct json_view view;
    const char *reason;
    struct json_reader *reader = json_reader_new();
    MUST(json_reader_parse(reader, text.data, text.size, DEPTH, &view, &reason) == (scan == NULL));
    json_reader_free(reader);
    json_t *value = json_parse(text, NULL);
    MUST(value == NULL || json_grammar_check(text, JSON_GRAMMAR_DEPTH) == NULL);
    if (value != NULL)
        check_round_trip(value);
    json_decref(value);
    json_t *shown = json_text(text);
    MUST(json_is_string(shown) || json_is_null(shown));
    json_decref(shown);
    return 0;
}
