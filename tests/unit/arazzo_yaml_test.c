/* YAML as JSON: types of plain values, what is refused, lines. */
#include "case.h"

#include "arazzo/yaml_tree.h"
#include "base/buffer.h"

static const struct {
    const char *yaml, *json; /* NULL: refused */
} ROWS[] = {
    {"a: 1", "{\"a\":1}"}, {"[1, -2, +3, 0o17, 0x1F]", "[1,-2,3,15,31]"}, {"[1.5, .5, 1e3]", "[1.5,0.5,1000.0]"},
    {"[true, True, FALSE]", "[true,true,false]"}, {"[null, ~, Null]", "[null,null,null]"}, {"a:", "{\"a\":null}"},
    {"[yes, no, on, off]", "[\"yes\",\"no\",\"on\",\"off\"]"}, {"['1', \"true\"]", "[\"1\",\"true\"]"},
    {"[012, 1_000, 1.2.3, 0b1]", "[12,\"1_000\",\"1.2.3\",\"0b1\"]"}, {"[2024-01-01]", "[\"2024-01-01\"]"},
    {"a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}"}, {"a: >-\n  x\n  y\n", "{\"a\":\"x y\"}"}, {"200: x", "{\"200\":\"x\"}"},
    {"a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"}, {"{\"a\": [1, \"b\"]}", "{\"a\":[1,\"b\"]}"}, {"text", "\"text\""},
    {"a: $inputs.x", "{\"a\":\"$inputs.x\"}"}, {"a: !!str 1", "{\"a\":\"1\"}"}, {"# only\n---\n1\n", "1"},
    {"", NULL}, {"a: 1\na: 2", NULL}, {"[1", NULL}, {"a: b: c", NULL}, {"*x", NULL}, {"[.inf]", NULL}, {"[.nan]", NULL},
    {"a: !mine 1", NULL}, {"? [1]\n: 2", NULL}, {"--- 1\n--- 2", NULL}, {"\ta: 1", NULL}, {"a: \"\\xZZ\"", NULL},
    {"a: &a [*a]", NULL}, {"\xff\xfe\x00", NULL}, {"a: !!int x", NULL},
};

static void documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct yaml_tree tree;
        struct error error = {0};
        struct buffer text = {0};
        bool good = yaml_tree_read(&tree, text_of(ROWS[i].yaml), &error);
        if (good != (ROWS[i].json != NULL))
            fail_msg("\"%s\" should be %s: %s", ROWS[i].yaml, ROWS[i].json ? "read" : "refused", error.message);
        if (good) {
            json_write(&text, tree.root);
            ASSERT_TEXT(buffer_text(&text), ROWS[i].json);
        }
        buffer_free(&text);
        yaml_tree_free(&tree);
    }
}

static void lines_are_known(void **state)
{
    (void)state;
    struct yaml_tree tree;
    assert_true(yaml_tree_read(&tree, TEXT("a: 1\nb:\n  - x\n  - c: 2\n"), NULL));
    const json_t *list = json_object_get(tree.root, "b");
    assert_int_equal(yaml_tree_line_of_member(&tree, tree.root, "a"), 1);
    assert_int_equal(yaml_tree_line_of_member(&tree, tree.root, "b"), 2);
    assert_int_equal(yaml_tree_line(&tree, json_array_get(list, 1)), 4);
    assert_int_equal(yaml_tree_line_of_member(&tree, tree.root, "none"), 0);
    yaml_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(documents), cmocka_unit_test(lines_are_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
