/* How long a provider's document may be kept, and where providers are called instead. */
#include "case.h"

#include "provider/engine.h"

static void a_reply_says_how_long_it_is_good(void **state)
{
    (void)state;
    static const struct {
        const char *control, *age;
        int64_t ms;
    } cases[] = {
        {NULL, NULL, -1}, {"", NULL, -1}, {"public", NULL, -1}, {"public, max-age=19000", NULL, 19000000},
        {"Max-Age=60", NULL, 60000}, {"max-age=60", "20", 40000}, {"max-age=60", "90", 0}, {"max-age=60", "-5", 60000},
        {"max-age=60", "x", 60000}, {"max-age=0", NULL, 0}, {"max-age=-1", NULL, 0}, {"max-age=x", NULL, 0},
        {"max-age=", NULL, -1}, {"no-store", NULL, 0}, {"max-age=60, no-cache", NULL, 0}, {"s-maxage=60", NULL, -1},
        {"max-age=99999999999", NULL, (int64_t)INT32_MAX * 1000}, {"max-age=99999999999999999999", NULL, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct http_header items[] = {{TEXT("cache-control"), text_of(cases[i].control)},
                                      {TEXT("age"), text_of(cases[i].age)}};
        struct http_call call = {.response_headers = {items, cases[i].control == NULL ? 0 : cases[i].age == NULL ? 1 : 2}};
        check_integer(cases[i].control != NULL ? cases[i].control : "nothing", "ms", fetch_lifetime_ms(&call), cases[i].ms);
    }
}

static void hosts_are_called_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *connect;
        bool valid;
    } cases[] = {
        {"", true}, {"*=127.0.0.1:8443", true}, {"a.example=127.0.0.1:1, b.example=[::1]:65535", true}, {"a=gate.example:443,", true},
        {"a", false}, {"=127.0.0.1:1", false}, {"a=127.0.0.1", false}, {"a=:1", false}, {"a=b:0", false}, {"a=b:65536", false},
        {"a=b:x", false}, {"a=b:1;c=d:2", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (provider_connect_is_valid(text_of(cases[i].connect)) != cases[i].valid)
            fail_msg("%s: is valid or not?", cases[i].connect);
    }
}

static void hosts_are_told_from_urls(void **state)
{
    (void)state;
    assert_true(text_equal(fetch_host(TEXT("https://a.example/b/c?d=https://e/")), TEXT("a.example")));
    assert_true(text_equal(fetch_host(TEXT("https://a.example")), TEXT("a.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_says_how_long_it_is_good),
        cmocka_unit_test(hosts_are_called_elsewhere),
        cmocka_unit_test(hosts_are_told_from_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
