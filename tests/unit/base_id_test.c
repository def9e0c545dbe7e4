/* Keys and their public form. */
#include "case.h"

#include "base/clock.h"
#include "base/id.h"

enum { KEYS = 50000 };

static void keys_grow_and_tell_their_moment(void **state)
{
    (void)state;
    int64_t before = clock_now_ms(), last = 0;
    for (int i = 0; i < KEYS; i++) {
        int64_t key = id_new();
        assert_true(key > last);
        last = key;
    }
    int64_t made = id_moment_ms(last);
    assert_true(made >= before);
    assert_true(id_at_moment(made) <= last);
    assert_true(id_at_moment(made + 1) > last);
    assert_int_equal(id_moment_ms(id_at_moment(made)), made);
    id_raise_above(last + (1LL << 40));
    assert_true(id_new() > last + (1LL << 40));
}

static void nodes_never_collide(void **state)
{
    (void)state;
    id_set_node(1);
    int64_t one = id_new();
    id_set_node(255);
    int64_t other = id_new();
    id_set_node(0);
    assert_int_not_equal(one >> 14 & 255, other >> 14 & 255);
    assert_true(id_new() != other);
}

static void the_public_form_turns_back_and_sorts(void **state)
{
    static const int64_t keys[] = {1, 61, 62, 3843, 3844, 1LL << 22, 1LL << 41, (1LL << 62) + 12345, INT64_MAX};
    char before[ID_TEXT_SIZE] = "", text[ID_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (int kind = ID_PROJECT; kind <= ID_API_KEY; kind++) {
            int64_t key;
            id_format((enum id_kind)kind, keys[i], text);
            assert_true(id_parse((enum id_kind)kind, text_of(text), &key));
            assert_int_equal(key, keys[i]);
            assert_false(id_parse((enum id_kind)((kind + 1) % (ID_API_KEY + 1)), text_of(text), &key));
        }
        id_format(ID_EVENT, keys[i], text);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
    }
}

static void what_is_no_id_is_refused(void **state)
{
    static const struct {
        bool good;
        struct text text;
    } rows[] = {
        {true, TEXT("web_00000000001")},
        {true, TEXT("conn_00000000001")},
        {true, TEXT("web_AzL8n0Y58m7")},  /* the largest key */
        {false, TEXT("web_AzL8n0Y58m8")}, /* one more */
        {false, TEXT("web_zzzzzzzzzzz")},
        {false, TEXT("web_0000000001")},
        {false, TEXT("web_000000000001")},
        {false, TEXT("web-00000000001")},
        {false, TEXT("web_0000000000-")},
        {false, TEXT("web_ 0000000001")},
        {false, TEXT("web_0000000000\0")},
        {false, TEXT("WEB_00000000001")},
        {false, TEXT("src_00000000001")},
        {false, TEXT("00000000001")},
        {false, TEXT("web_")},
        {false, TEXT("web")},
        {false, TEXT("")},
        {false, {NULL, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t key = -7;
        if (id_parse(ID_CONNECTION, rows[i].text, &key) != rows[i].good)
            fail_msg("%.*s", TEXT_ARGS(rows[i].text));
        assert_true(rows[i].good ? key > 0 : key == -7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_grow_and_tell_their_moment), cmocka_unit_test(nodes_never_collide),
        cmocka_unit_test(the_public_form_turns_back_and_sorts), cmocka_unit_test(what_is_no_id_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
