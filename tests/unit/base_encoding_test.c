/* Bytes as text and back: RFC 4648's vectors, and what is not well formed. */
#include "case.h"

#include "base/encoding.h"

static void the_standard_s_vectors(void **state)
{
    static const struct {
        const char *bytes, *base64, *base64url, *hex;
    } rows[] = {
        {"", "", "", ""},
        {"f", "Zg==", "Zg", "66"},
        {"fo", "Zm8=", "Zm8", "666f"},
        {"foo", "Zm9v", "Zm9v", "666f6f"},
        {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
        {"\xFB\xFF\xBF", "+/+/", "-_-_", "fbffbf"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer base64 = {0}, url = {0}, hex = {0}, back = {0};
        base64_encode(&base64, text_of(rows[i].bytes));
        base64url_encode(&url, text_of(rows[i].bytes));
        hex_encode(&hex, text_of(rows[i].bytes));
        ASSERT_TEXT(buffer_text(&base64), rows[i].base64);
        ASSERT_TEXT(buffer_text(&url), rows[i].base64url);
        ASSERT_TEXT(buffer_text(&hex), rows[i].hex);
        assert_true(base64_decode(&back, buffer_text(&base64)));
        ASSERT_TEXT(buffer_text(&back), rows[i].bytes);
        buffer_clear(&back);
        assert_true(base64_decode(&back, buffer_text(&url)));
        ASSERT_TEXT(buffer_text(&back), rows[i].bytes);
        buffer_clear(&back);
        assert_true(hex_decode(&back, buffer_text(&hex)));
        ASSERT_TEXT(buffer_text(&back), rows[i].bytes);
        buffer_free(&base64);
        buffer_free(&url);
        buffer_free(&hex);
        buffer_free(&back);
    }
}

static void every_byte_comes_back(void **state)
{
    char bytes[256];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct text text = {bytes, size};
        struct buffer coded = {0}, back = {0};
        base64_encode(&coded, text);
        assert_true(base64_decode(&back, buffer_text(&coded)));
        assert_true(text_equal(buffer_text(&back), text));
        buffer_clear(&coded);
        buffer_clear(&back);
        percent_encode(&coded, text);
        percent_decode(&back, buffer_text(&coded), false);
        assert_true(text_equal(buffer_text(&back), text));
        buffer_free(&coded);
        buffer_free(&back);
    }
}

static void what_is_not_well_formed(void **state)
{
    static const struct {
        bool base64, hex;
        struct text text;
    } rows[] = {
        {true, true, TEXT("abcd")},       {true, true, TEXT("ABcd09")},    {true, false, TEXT("+/-_")},
        {false, false, TEXT("a")},        {true, false, TEXT("abc")},      {false, false, TEXT("abcde")},
        {false, false, TEXT("=")},        {false, false, TEXT("==")},      {false, false, TEXT("a===")},
        {false, false, TEXT("ab=c")},     {false, false, TEXT("ab c")},    {false, false, TEXT("abc\n")},
        {false, false, TEXT("ab\0d")},    {false, false, TEXT("ab!d")},    {false, false, TEXT("\xC3\xA4" "ab")},
        {true, false, TEXT("0x")},        {false, false, TEXT("a=")},      {true, false, TEXT("zz==")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out = {0};
        bool base64 = base64_decode(&out, rows[i].text), hex = hex_decode(&out, rows[i].text);
        if (base64 != rows[i].base64 || hex != rows[i].hex)
            fail_msg("%.*s: %d %d", TEXT_ARGS(rows[i].text), base64, hex);
        buffer_free(&out);
    }
}

static void percent_signs(void **state)
{
    static const struct {
        struct text coded;
        const char *plain, *form;
    } rows[] = {
        {TEXT("a%20b"), "a b", "a b"}, {TEXT("a+b"), "a+b", "a b"},   {TEXT("%2B"), "+", "+"},
        {TEXT("%c3%A4"), "\xC3\xA4", "\xC3\xA4"}, {TEXT("%"), "%", "%"}, {TEXT("%4"), "%4", "%4"},
        {TEXT("%zz"), "%zz", "%zz"},   {TEXT("%%41"), "%A", "%A"},     {TEXT("%2541"), "%41", "%41"},
        {TEXT("x%4"), "x%4", "x%4"},   {TEXT(""), "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer plain = {0}, form = {0};
        percent_decode(&plain, rows[i].coded, false);
        percent_decode(&form, rows[i].coded, true);
        ASSERT_TEXT(buffer_text(&plain), rows[i].plain);
        ASSERT_TEXT(buffer_text(&form), rows[i].form);
        buffer_free(&plain);
        buffer_free(&form);
    }
    struct buffer out = {0};
    percent_encode(&out, TEXT("az AZ09-._~/?%\xC3\n"));
    ASSERT_TEXT(buffer_text(&out), "az%20AZ09-._~%2F%3F%25%C3%0A");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standard_s_vectors), cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(what_is_not_well_formed), cmocka_unit_test(percent_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
