/* JSON: what is taken from the API and from senders, and what is refused. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/json_grammar.h"
#include "base/json_scan.h"

enum { DEPTH = 8 };

static const struct row {
    bool scanned, parsed; /* as a webhook's body, as the API's */
    struct text text;
} ROWS[] = {
    {true, true, TEXT("{}")},
    {true, true, TEXT(" \t\r\n[1, -0, 2.5e-3 ,\"x\"]\n")},
    {true, true, TEXT("{\"a\":{\"b\":[true,false,null]}}")},
    {true, true, TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"")},
    {true, true, TEXT("9223372036854775807")},
    {true, true, TEXT("-9223372036854775808")},
    {true, true, TEXT("\"\xC3\xA4\xF0\x9F\x98\x80\"")},
    {true, true, TEXT("[[[[[[[[1]]]]]]]]")},
    {true, true, TEXT("0")},
    {true, true, TEXT("{\"\":1}")},
    /* fine for a sender, not for the API */
    {true, false, TEXT("9223372036854775808")},
    {true, false, TEXT("{\"amount\":123456789012345678901234567890,\"b\":[1,{\"c\":\"d\"}]}")},
    {true, false, TEXT("[-99999999999999999999]")},
    {true, false, TEXT("1e999")},
    {true, false, TEXT("{\"a\":1,\"a\":2}")},
    {true, false, TEXT("\"\\u0000\"")},
    {true, false, TEXT("{\"a\\u0000b\":1}")},
    {false, true, TEXT("[[[[[[[[[1]]]]]]]]]")},
    /* no JSON */
    {false, false, TEXT("")},
    {false, false, TEXT(" ")},
    {false, false, TEXT("{")},
    {false, false, TEXT("]")},
    {false, false, TEXT("[1,]")},
    {false, false, TEXT("[,1]")},
    {false, false, TEXT("[1 2]")},
    {false, false, TEXT("{\"a\"}")},
    {false, false, TEXT("{\"a\":}")},
    {false, false, TEXT("{\"a\":1,}")},
    {false, false, TEXT("{a:1}")},
    {false, false, TEXT("{1:1}")},
    {false, false, TEXT("[1}")},
    {false, false, TEXT("{} {}")},
    {false, false, TEXT("{}\0")},
    {false, false, TEXT("true\0")},
    {false, false, TEXT("[1,\0 2]")},
    {false, false, TEXT("\xEF\xBB\xBF{}")},
    {false, false, TEXT("01")},
    {false, false, TEXT("+1")},
    {false, false, TEXT("1.")},
    {false, false, TEXT(".5")},
    {false, false, TEXT("-")},
    {false, false, TEXT("1e")},
    {false, false, TEXT("1e+")},
    {false, false, TEXT("0x10")},
    {false, false, TEXT("NaN")},
    {false, false, TEXT("Infinity")},
    {false, false, TEXT("True")},
    {false, false, TEXT("nul")},
    {false, false, TEXT("'x'")},
    {false, false, TEXT("\"x")},
    {false, false, TEXT("\"\\x\"")},
    {false, false, TEXT("\"\\")},
    {false, false, TEXT("\"\\u12\"")},
    {false, false, TEXT("\"\\ud800\"")},
    {false, false, TEXT("\"\\ud800\\u0041\"")},
    {false, false, TEXT("\"\\udc00\"")},
    {false, false, TEXT("\"a\nb\"")},
    {false, false, TEXT("\"a\0b\"")},
    {false, false, TEXT("\"\xFF\"")},
    {false, false, TEXT("\"\xC0\xAF\"")},
    {false, false, TEXT("\"\xED\xA0\x80\"")},
    {false, false, TEXT("\"\xC3\"")},
    /* the same behind a number that sends them to the slower check */
    {false, false, TEXT("[99999999999999999999,]")},
    {false, false, TEXT("[99999999999999999999")},
    {false, false, TEXT("[99999999999999999999,\"\\ud800\"]")},
    {false, false, TEXT("[99999999999999999999,01]")},
    {false, false, TEXT("[99999999999999999999,\"\xFF\"]")},
    {false, false, TEXT("{\"a\":99999999999999999999,\"b\"}")},
    {false, false, TEXT("[99999999999999999999,[[[[[[[[1]]]]]]]]]")},
    {false, false, TEXT("99999999999999999999 1")},
};

static void every_form_is_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct row *row = &ROWS[i];
        struct error error = {0};
        const char *scan = json_scan_check(row->text.data, row->text.size, DEPTH);
        const char *grammar = json_grammar_check(row->text, DEPTH);
        json_t *value = json_parse(row->text, &error);
        if ((scan == NULL) != row->scanned)
            fail_msg("scan of %.*s: %s", TEXT_ARGS(row->text), scan ? scan : "taken");
        if ((grammar == NULL) != row->scanned)
            fail_msg("grammar of %.*s: %s", TEXT_ARGS(row->text), grammar ? grammar : "taken");
        if ((value != NULL) != row->parsed)
            fail_msg("parse of %.*s: %s", TEXT_ARGS(row->text), value ? "taken" : error.message);
        if (value == NULL)
            assert_int_equal(error.code, ERROR_INVALID);
        json_decref(value);
    }
}

static char *nested(size_t levels, const char *open, const char *close)
{
    char *text = calloc(1, levels * (strlen(open) + strlen(close)) + 2);
    for (size_t i = 0; i < levels; i++)
        strcat(text + i * strlen(open), open);
    strcat(text, "1");
    for (size_t i = 0, at = strlen(text); i < levels; i++, at += strlen(close))
        strcat(text + at, close);
    return text;
}

static void nesting_is_bounded(void **state)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"[", "]"}, {"{\"a\":", "}"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *good = nested(2047, kinds[i].open, kinds[i].close), *bad = nested(100000, kinds[i].open, kinds[i].close);
        json_t *value = json_parse(text_of(good), NULL);
        assert_non_null(value);
        json_decref(value);
        assert_null(json_parse(text_of(bad), NULL));
        assert_null(json_scan_check(good, strlen(good), 2047));
        assert_non_null(json_scan_check(good, strlen(good), 2046));
        assert_null(json_grammar_check(text_of(good), 2047));
        assert_non_null(json_grammar_check(text_of(good), 2046));
        assert_non_null(json_scan_check(bad, strlen(bad), 10000));
        assert_non_null(json_grammar_check(text_of(bad), 1000000));
        free(good);
        free(bad);
    }
}

static void an_error_says_where(void **state)
{
    struct error error = {0};
    (void)state;
    assert_null(json_parse(TEXT("{\n \"a\": 1,\n \"a\": 2}"), &error));
    assert_non_null(strstr(error.message, "line 3"));
    assert_non_null(strstr(error.message, "duplicate"));
}

static void members_are_read_by_their_type(void **state)
{
    (void)state;
    json_t *object = json_parse(TEXT("{\"s\":\"x\",\"i\":-3,\"b\":true,\"n\":null,\"r\":1.5}"), NULL);
    ASSERT_TEXT(json_member_text(object, "s"), "x");
    assert_null(json_member_text(object, "i").data);
    assert_null(json_member_text(object, "none").data);
    assert_int_equal(json_member_integer(object, "i", 9), -3);
    assert_int_equal(json_member_integer(object, "r", 9), 9);
    assert_true(json_member_true(object, "b"));
    assert_false(json_member_true(object, "s"));
    assert_true(json_is_null(json_member(object, "n")));
    assert_null(json_member(object, "none"));
    assert_null(json_member(NULL, "s"));
    assert_string_equal(json_type_name(json_member(object, "i")), "an integer");
    json_decref(object);
}

static void what_is_written_is_utf8(void **state)
{
    static const struct {
        struct text bytes;
        const char *json;
    } rows[] = {
        {{NULL, 0}, "null"},
        {TEXT(""), "\"\""},
        {TEXT("a/b"), "\"a/b\""},
        {TEXT("\xC3\xA4\"\\\n"), "\"\xC3\xA4\\\"\\\\\\n\""},
        {TEXT("a\0b"), "\"a\\u0000b\""},
        {TEXT("\xFF"), "\"\xEF\xBF\xBD\""},
        {TEXT("x\xC3"), "\"x\xEF\xBF\xBD\""},
        {TEXT("\xF0\x9F\x98\x80\xF0\x9F"), "\"\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {TEXT("\xED\xA0\x80z"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *value = json_text(rows[i].bytes);
        struct buffer out = {0};
        assert_true(json_write(&out, value));
        ASSERT_TEXT(buffer_text(&out), rows[i].json);
        buffer_free(&out);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_taken_or_refused), cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(an_error_says_where), cmocka_unit_test(members_are_read_by_their_type),
        cmocka_unit_test(what_is_written_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
