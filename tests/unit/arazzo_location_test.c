/* Where references inside of documents lead. */
#include "case.h"

#include "arazzo/location.h"

static const struct {
    const char *base, *reference, *resolved;
} CASES[] = {
    {NULL, "a.yml", "a.yml"},
    {"doc.yml", "a.yml", "a.yml"},
    {"dir/doc.yml", "a.yml", "dir/a.yml"},
    {"dir/doc.yml", "./b/a.yml", "dir/./b/a.yml"},
    {"/x/doc.yml", "../a.yml", "/x/../a.yml"},
    {"dir/doc.yml", "/etc/a.yml", "/etc/a.yml"},
    {"dir/doc.yml", "file:///etc/a.yml", "/etc/a.yml"},
    {"dir/doc.yml", "https://h/a.yml", "https://h/a.yml"},
    {"http://h:1/x/doc.yml", "a.yml", "http://h:1/x/a.yml"},
    {"http://h:1/x/doc.yml", "./a.yml", "http://h:1/x/a.yml"},
    {"http://h:1/x/y/doc.yml", "../a.yml", "http://h:1/x/a.yml"},
    {"http://h:1/x/doc.yml", "../../../a.yml", "http://h:1/a.yml"},
    {"http://h:1/x/doc.yml?v=1/2", "a.yml?w=3", "http://h:1/x/a.yml?w=3"},
    {"http://h:1/x/doc.yml", "/a.yml", "http://h:1/a.yml"},
    {"http://h:1", "a.yml", "http://h:1/a.yml"},
    {"http://h:1/", "a/../b.yml", "http://h:1/b.yml"},
};

static void references_lead_there(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        assert_string_equal(location_resolve(&arena, CASES[i].base, CASES[i].reference), CASES[i].resolved);
    arena_free(&arena);
}

static void origins_are_cut(void **state)
{
    (void)state;
    assert_true(text_equal(location_origin(TEXT("http://h:1/a/b")), TEXT("http://h:1")));
    assert_true(text_equal(location_origin(TEXT("https://h")), TEXT("https://h")));
    assert_true(location_is_address("https://h") && !location_is_address("httpx") && !location_is_address("file:///a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(references_lead_there), cmocka_unit_test(origins_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
