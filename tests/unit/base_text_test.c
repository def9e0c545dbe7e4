/* Slices of bytes, and the memory they grow in. */
#include "case.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

static void integers(void **state)
{
    static const struct {
        bool good;
        int64_t value;
        struct text text;
    } rows[] = {
        {true, 0, TEXT("0")}, {true, 7, TEXT("007")}, {true, -1, TEXT("-1")}, {true, 0, TEXT("-0")},
        {true, INT64_MAX, TEXT("9223372036854775807")}, {true, INT64_MIN, TEXT("-9223372036854775808")},
        {false, 0, TEXT("9223372036854775808")}, {false, 0, TEXT("-9223372036854775809")},
        {false, 0, TEXT("99999999999999999999999")}, {false, 0, TEXT("")}, {false, 0, TEXT("-")}, {false, 0, TEXT("+1")},
        {false, 0, TEXT(" 1")}, {false, 0, TEXT("1 ")}, {false, 0, TEXT("1.0")}, {false, 0, TEXT("0x1")},
        {false, 0, TEXT("1e3")}, {false, 0, TEXT("--1")}, {false, 0, TEXT("1\0")}, {false, 0, {NULL, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 0;
        assert_int_equal(text_to_integer(rows[i].text, &value), rows[i].good);
        assert_int_equal(value, rows[i].value);
    }
}

static void parts(void **state)
{
    static const struct {
        struct text text;
        const char *joined; /* the parts, each in brackets */
    } rows[] = {
        {TEXT("a,b"), "[a][b]"}, {TEXT("a,"), "[a][]"}, {TEXT(","), "[][]"}, {TEXT(""), "[]"}, {{NULL, 0}, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text rest = rows[i].text, part;
        struct buffer joined = {0};
        while (text_split(&rest, ',', &part))
            buffer_printf(&joined, "[%.*s]", (int)part.size, part.data ? part.data : "");
        ASSERT_TEXT(buffer_text(&joined), rows[i].joined);
        buffer_free(&joined);
    }
}

static void comparing_and_finding(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT(""), TEXT_NONE));
    assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_true(text_equal_ignoring_case(TEXT("X-Key[\xC4"), TEXT("x-kEY[\xC4")));
    assert_false(text_equal_ignoring_case(TEXT("\xC4"), TEXT("\xE4")));
    assert_false(text_equal_ignoring_case(TEXT("["), TEXT("{")));
    assert_true(text_starts_with(TEXT("abc"), TEXT("")));
    assert_false(text_starts_with(TEXT("ab"), TEXT("abc")));
    assert_true(text_ends_with(TEXT("abc"), TEXT("bc")));
    assert_false(text_ends_with(TEXT("c"), TEXT("bc")));
    assert_int_equal(text_find(TEXT("hay needle"), TEXT("needle")), 4);
    assert_int_equal(text_find(TEXT("nee"), TEXT("needle")), -1);
    assert_int_equal(text_find(TEXT_NONE, TEXT("")), 0);
    assert_int_equal(text_find_byte(TEXT_NONE, 'x'), -1);
    assert_int_equal(text_find_byte(TEXT("a\0x"), 'x'), 2);
    ASSERT_TEXT(text_slice(TEXT("abc"), 1, 100), "bc");
    ASSERT_TEXT(text_slice(TEXT("abc"), 9, 1), "");
    ASSERT_TEXT(text_slice(TEXT("abc"), 1, SIZE_MAX), "bc");
    assert_null(text_slice(TEXT_NONE, 1, 1).data);
    ASSERT_TEXT(text_trim(TEXT(" \t\r\n a b \n")), "a b");
    ASSERT_TEXT(text_trim(TEXT(" \t ")), "");
}

static void secrets_are_compared_in_full(void **state)
{
    char one[64], other[64];
    (void)state;
    memset(one, 'x', sizeof one);
    for (size_t i = 0; i < sizeof one; i++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            memcpy(other, one, sizeof one);
            other[i] = (char)(other[i] ^ (int)bit);
            assert_false(text_equal_constant_time((struct text){one, 64}, (struct text){other, 64}));
        }
    }
    assert_true(text_equal_constant_time((struct text){one, 64}, (struct text){one, 64}));
    assert_false(text_equal_constant_time((struct text){one, 63}, (struct text){one, 64}));
    assert_true(text_equal_constant_time(TEXT_NONE, TEXT("")));
}

static void utf8(void **state)
{
    static const struct {
        bool good;
        struct text text;
    } rows[] = {
        {true, TEXT("")}, {true, TEXT("a\0b")}, {true, TEXT("\x7F")}, {true, TEXT("\xC2\x80")}, {true, TEXT("\xDF\xBF")},
        {true, TEXT("\xE0\xA0\x80")}, {true, TEXT("\xED\x9F\xBF")}, {true, TEXT("\xEE\x80\x80")}, {true, TEXT("\xEF\xBF\xBF")},
        {true, TEXT("\xF0\x90\x80\x80")}, {true, TEXT("\xF4\x8F\xBF\xBF")}, {true, {NULL, 0}},
        {false, TEXT("\x80")}, {false, TEXT("\xBF")}, {false, TEXT("\xC0\x80")}, {false, TEXT("\xC1\xBF")},
        {false, TEXT("\xC2")}, {false, TEXT("\xC2\x41")}, {false, TEXT("\xE0\x9F\xBF")}, {false, TEXT("\xED\xA0\x80")},
        {false, TEXT("\xED\xBF\xBF")}, {false, TEXT("\xE1\x80")}, {false, TEXT("\xF0\x8F\xBF\xBF")},
        {false, TEXT("\xF4\x90\x80\x80")}, {false, TEXT("\xF5\x80\x80\x80")}, {false, TEXT("\xF1\x80\x80")},
        {false, TEXT("\xFE")}, {false, TEXT("\xFF")}, {false, TEXT("ok\xC3")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(text_is_utf8(rows[i].text), rows[i].good);
}

static void a_buffer_without_memory_keeps_what_it_has(void **state)
{
    struct buffer buffer = {0};
    (void)state;
    assert_string_equal(buffer_string(&buffer), "");
    assert_true(buffer_append_string(&buffer, "kept"));
    assert_true(buffer_append(&buffer, NULL, 0));
    memory_fail_after(1);
    for (int i = 0; i < 100 && !buffer.failed; i++)
        buffer_append_string(&buffer, "more");
    memory_fail_after(0);
    assert_true(buffer.failed);
    size_t size = buffer.size;
    assert_false(buffer_append_byte(&buffer, 'x'));
    assert_false(buffer_printf(&buffer, "%d", 1));
    assert_false(buffer_reserve(&buffer, 1));
    assert_int_equal(buffer.size, size);
    assert_true(text_starts_with(buffer_text(&buffer), TEXT("keptmore")));
    buffer_clear(&buffer);
    assert_true(buffer_printf(&buffer, "%s-%d", "again", 2));
    assert_string_equal(buffer_string(&buffer), "again-2");
    assert_false(buffer_reserve(&buffer, SIZE_MAX));
    buffer_free(&buffer);
}

static void an_arena_gives_zeroed_pieces_of_any_size(void **state)
{
    struct arena arena = {0};
    (void)state;
    assert_non_null(arena_allocate(&arena, 0));
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        char *piece = arena_allocate(&arena, size);
        assert_int_equal((uintptr_t)piece % sizeof(void *), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 'x', size);
    }
    ASSERT_TEXT(arena_copy_text(&arena, TEXT_NONE), "");
    assert_string_equal(arena_copy_string(&arena, TEXT("copy")), "copy");
    assert_string_equal(arena_printf(&arena, "%05d", 42), "00042");
    arena_free(&arena);
    assert_null(arena.blocks);
}

static void an_error_is_cut_not_overrun(void **state)
{
    struct error error = {0};
    char *longer = calloc(1, 2000);
    (void)state;
    memset(longer, 'x', 1999);
    assert_false(error_set(&error, ERROR_BUSY, "%s", longer));
    assert_int_equal(error.code, ERROR_BUSY);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_false(error_prefix(&error, "where"));
    assert_true(strncmp(error.message, "where: xxx", 10) == 0);
    assert_false(error_prefix(&error, "%s", longer));
    assert_true(strlen(error.message) < sizeof error.message);
    assert_false(error_set(NULL, ERROR_BUSY, "nobody listens"));
    assert_string_equal(error_code_name(ERROR_STORE_FULL), "store_full");
    assert_string_equal(error_code_name((enum error_code)99), "unknown");
    free(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers), cmocka_unit_test(parts), cmocka_unit_test(comparing_and_finding),
        cmocka_unit_test(secrets_are_compared_in_full), cmocka_unit_test(utf8),
        cmocka_unit_test(a_buffer_without_memory_keeps_what_it_has),
        cmocka_unit_test(an_arena_gives_zeroed_pieces_of_any_size), cmocka_unit_test(an_error_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
