/* Ids, moments, numbers and the encodings of bytes. */
#include "fuzz.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "base/id.h"

static void check_ids(struct text text)
{
    for (int kind = ID_PROJECT; kind <= ID_API_KEY; kind++) {
        char again[ID_TEXT_SIZE];
        int64_t key;
        if (!id_parse((enum id_kind)kind, text, &key))
            continue;
        id_format((enum id_kind)kind, key, again);
        MUST(key >= 0);
        MUST(text_equal(text_of(again), text) || text_starts_with(text, TEXT("conn_")));
    }
}

static void check_moments(struct text text)
{
    char written[CLOCK_TEXT_SIZE];
    int64_t moment, again;
    if (clock_parse(text, &moment)) {
        clock_format(moment, written);
        MUST(clock_parse(text_of(written), &again));
    }
    if (clock_parse_http_date(text, &moment))
        clock_format(moment, written);
    text_to_integer(text, &moment);
}

static void check_encodings(struct text text)
{
    struct buffer coded = {0}, back = {0};
    base64_encode(&coded, text);
    MUST(base64_decode(&back, buffer_text(&coded)) && text_equal(buffer_text(&back), text));
    buffer_clear(&coded);
    buffer_clear(&back);
    percent_encode(&coded, text);
    percent_decode(&back, buffer_text(&coded), true);
    MUST(text_equal(buffer_text(&back), text));
    buffer_clear(&back);
    percent_decode(&back, text, false);
    MUST(back.size <= text.size);
    buffer_clear(&back);
    if (hex_decode(&back, text))
        MUST(back.size * 2 == text.size);
    buffer_clear(&back);
    base64_decode(&back, text);
    buffer_free(&coded);
    buffer_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text text = {(const char *)bytes, size};
    check_ids(text);
    check_moments(text);
    check_encodings(text);
    return 0;
}
