/* The egress policy: addresses and what they are, lists, its decisions; and what a redirect changes. */
#include "case.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "http/client_settings.h"
#include "http/egress.h"
#include "http/redirect.h"
#include "http/target.h"

static struct address an_address(const char *text)
{
    struct address address;
    if (!address_parse(text_of(text), &address))
        fail_msg("%s is no address", text);
    return address;
}

static void addresses_are_read_in_one_form_only(void **state)
{
    (void)state;
    static const char *const good[] = {"1.2.3.4", "::", "::1", "fd00::1", "::ffff:1.2.3.4"};
    static const char *const bad[] = {"",       "1.2.3",    "1.2.3.4.5",  "01.2.3.4", "0x1.2.3.4", "1.2.3.256", "1.2.3.4 ", " ::1",
                                      "fe80::1%eth0", "[::1]", "1.2.3.4/8", "::1::",    ":::",       "12345::",   "a"};
    struct address address;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(address_parse(text_of(good[i]), &address));
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (address_parse(text_of(bad[i]), &address))
            fail_msg("\"%s\" was read", bad[i]);
    }
    assert_false(address_parse((struct text){"1.2.3.4\0", 8}, &address));
    struct address mapped = an_address("::ffff:1.2.3.4"), plain = an_address("1.2.3.4");
    assert_memory_equal(&mapped, &plain, sizeof plain);
    char text[ADDRESS_TEXT];
    address_write_text(&mapped, text);
    assert_string_equal(text, "1.2.3.4");
}

static void networks_hold_what_begins_like_them(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool held;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},   {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3", "10.1.2.3", true},           {"10.1.2.3", "10.1.2.2", false},
        {"172.16.0.0/12", "172.31.0.1", true},    {"172.16.0.0/12", "172.32.0.1", false},
        {"0.0.0.0/0", "8.8.8.8", true},           {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "8.8.8.8", true},                {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"fd00::/8", "fdff::1", true},            {"fd00::/8", "fc00::1", false},
        {"2001:db8::/127", "2001:db8::1", true},  {"2001:db8::/127", "2001:db8::2", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},  {"192.168.1.128/25", "192.168.1.127", false},
    };
    static const char *const bad[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "/8", "10/8",
                                      "fd00::/129", "fd00::1/64", "10.0.0.0/a", "::ffff:10.0.0.0/8", "1.2.3.4/31"};
    struct network network;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address = an_address(rows[i].address);
        if (!network_read(text_of(rows[i].network), &network))
            fail_msg("%s is no network", rows[i].network);
        check_integer(rows[i].network, rows[i].address, network_holds(&network, &address), rows[i].held);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (i + 1 < COUNT(bad) && network_read(text_of(bad[i]), &network))
            fail_msg("%s was read", bad[i]);
    }
    assert_false(network_read(TEXT("1.2.3.5/31"), &network));
}

static void every_address_has_its_reach(void **state)
{
    (void)state;
    static const struct {
        enum address_reach reach;
        const char *addresses[40];
    } rows[] = {
        {REACH_PUBLIC,
         {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255",
          "169.255.0.0", "223.255.255.255", "192.0.1.0", "2606:4700::1111", "2002:808:808::1", "64:ff9b::8.8.8.8",
          "::ffff:0:8.8.8.8", "::ffff:8.8.8.8", "2a00:1450::5efe:808:808", "168.63.129.15"}},
        {REACH_PRIVATE,
         {"127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
          "100.127.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "::1", "fc00::1", "fdff::1",
          "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::",
          "64:ff9b::127.0.0.1", "64:ff9b::192.168.0.1", "::ffff:0:127.0.0.1", "2001:0:808:808::f5ff:fffe",
          "2001:0:a00:1::f7f7:f7f7", "2a00:1450::5efe:a00:1", "2a00:1450::200:5efe:a00:1", "64:ff9b:1:808:8:800::"}},
        {REACH_FORBIDDEN,
         {"0.0.0.0", "0.1.2.3", "169.254.0.1", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16",
          "192.0.0.192", "192.0.0.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
          "fe80::1", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "fd00:a9fe:a9fe::1",
          "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::127.0.0.1", "::169.254.169.254", "2002:a9fe:a9fe::1",
          "64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::",
          "::ffff:0:169.254.169.254", "2001:0:808:808::5601:5601", "2001:0:a9fe:a9fe::", "2a00:1450::5efe:a9fe:a9fe",
          "100::1", "2001:10::1", "5f00::1", "4000::1", "2002:e000:1::"}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t k = 0; k < COUNT(rows[i].addresses) && rows[i].addresses[k] != NULL; k++) {
            const char *what;
            struct address address = an_address(rows[i].addresses[k]);
            check_integer(rows[i].addresses[k], "its reach", address_reach(&address, &what), rows[i].reach);
            assert_int_equal(what == NULL, rows[i].reach == REACH_PUBLIC);
        }
    }
}

static void urls_are_read_as_the_client_does(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        uint16_t port;
        bool secure, literal;
        const char *path;
    } rows[] = {
        {"http://example.com", "example.com", 80, false, false, "/"},
        {"HTTPS://EXAMPLE.com.:8443/a/../b?x#y", "example.com", 8443, true, false, "/b"},
        {"http://2130706433/", "127.0.0.1", 80, false, true, "/"},
        {"http://0x7f000001/", "127.0.0.1", 80, false, true, "/"},
        {"http://017700000001/", "127.0.0.1", 80, false, true, "/"},
        {"http://127.1/", "127.0.0.1", 80, false, true, "/"},
        {"http://0x7f.1./", "0x7f.1", 80, false, true, "/"},
        {"http://0251.0376.0251.0376/", "169.254.169.254", 80, false, true, "/"},
        {"http://%31%32%37.0.0.1/", "127.0.0.1", 80, false, true, "/"},
        {"http://[::FFFF:7f00:1]:81/", "::ffff:7f00:1", 81, false, true, "/"},
        {"http://[fe80::1%25eth0]/", "fe80::1", 80, false, true, "/"},
        {"http://good.example@169.254.169.254/x", "169.254.169.254", 80, false, true, "/x"},
        {"http://good.example:80@evil.example:90/", "evil.example", 90, false, false, "/"},
        {"http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, false, false, "/"},
    };
    static const char *const bad[] = {"", "x", "ftp://example.com/", "file:///etc/passwd", "http://", "http://a b/",
                                      "http://example.com:99999/", "gopher://127.0.0.1:70/", "http://[::1/", "http://./",
                                      "http://b\303\274cher.example/", "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/"};
    struct target target;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!target_read(rows[i].url, &target))
            fail_msg("%s was not read", rows[i].url);
        check_text(rows[i].url, text_of(target.host), rows[i].host);
        check_text(rows[i].url, text_of(target.path), rows[i].path);
        check_integer(rows[i].url, "port", target.port, rows[i].port);
        check_integer(rows[i].url, "secure", target.secure, rows[i].secure);
        check_integer(rows[i].url, "literal", target.is_literal, rows[i].literal);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (target_read(bad[i], &target))
            fail_msg("%s was read", bad[i]);
    }
}

static void set(struct egress *egress, const char *setting, const char *value)
{
    struct error error = {0};
    if (!egress_set(egress, text_of(setting), text_of(value), &error))
        fail_msg("%s = %s: %s", setting, value, error.message);
}

static void settings_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *value, *reason;
    } rows[] = {
        {"egress_private", "no", "egress_private is \"no\", but must be allow or refuse"},
        {"egress_own_api", "", "must be refuse or allow"},
        {"redirect_hosts", "none", "must be any or same"},
        {"egress_deny", "10.0.0.1/8", "egress_deny holds \"10.0.0.1/8\", which is no network"},
        {"egress_deny", "10.0.0.0/8, 1.2.3", "holds \"1.2.3\""},
        {"egress_allow", "*", "holds \"*\""},
        {"egress_allow", "a.*.example", "holds"},
        {"egress_allow", "*.*.example", "holds"},
        {"egress_allow", "http://example.com", "holds"},
        {"egress_allow", "example.com:80", "holds"},
        {"egress_allow", "a..example", "holds"},
        {"egress_allow", "example.com.", "holds"},
        {"egress_allow", "b\xc3\xbc""cher.example", "holds"},
        {"egress_allow", "fe80::1%eth0", "holds"},
        {"egress_allow", "0x7f.1", "holds"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct egress egress = {0};
        struct error error = {0};
        assert_false(egress_set(&egress, text_of(rows[i].setting), text_of(rows[i].value), &error));
        if (strstr(error.message, rows[i].reason) == NULL)
            fail_msg("%s = %s: %s", rows[i].setting, rows[i].value, error.message);
        egress_free(&egress);
    }
    struct egress egress = {0};
    struct error error = {0};
    assert_false(egress_set(&egress, TEXT("egress"), TEXT("x"), &error));
    assert_int_equal(error.code, ERROR_NONE);
    set(&egress, "egress_deny", " 10.0.0.0/8 ,, Hooks.Example , *.internal,::1 ");
    assert_int_equal(egress.deny.count, 4);
    assert_int_equal(egress.deny.names, 2);
    set(&egress, "egress_deny", "");
    assert_int_equal(egress.deny.count, 0);
    egress_free(&egress);
}

/* The policy that a row begins with, "NAME VALUE" each. */
#define MOST_SETTINGS 4
static const struct decision {
    const char *settings[MOST_SETTINGS][2];
    const char *url, *address; /* address NULL: before anything is looked up */
    const char *reason;        /* NULL: allowed */
} DECISIONS[] = {
    {{{0}}, "http://hooks.example/", "127.0.0.1", NULL},
    {{{0}}, "http://hooks.example/", "8.8.8.8", NULL},
    {{{0}}, "http://hooks.example/", NULL, NULL},
    {{{0}}, "http://hooks.example/", "169.254.169.254", "hooks.example (169.254.169.254) is not called: it is a cloud metadata address"},
    {{{0}}, "http://169.254.169.254/", NULL, "169.254.169.254 is not called: it is a cloud metadata address, which is always refused"},
    {{{0}}, "http://[::ffff:a9fe:a9fe]/", NULL, "169.254.169.254 is not called"},
    {{{0}}, "http://0/", NULL, "0.0.0.0 is not called: it is the unspecified address"},
    {{{0}}, "nonsense://x", NULL, "no URL"},
    {{{"egress_private", "refuse"}}, "http://hooks.example/", "127.0.0.1", "a loopback address, which egress_private refuses"},
    {{{"egress_private", "refuse"}}, "http://hooks.example/", "::ffff:10.0.0.1", "(10.0.0.1) is not called: it is a private address"},
    {{{"egress_private", "refuse"}}, "http://hooks.example/", "64:ff9b::10.0.0.1", "a private address"},
    {{{"egress_private", "refuse"}}, "http://hooks.example/", "8.8.8.8", NULL},
    {{{"egress_private", "refuse"}}, "http://127.1/", NULL, "127.0.0.1 is not called"},
    {{{"egress_private", "refuse"}, {"egress_allow", "10.1.0.0/16"}}, "http://hooks.example/", "10.1.2.3", NULL},
    {{{"egress_private", "refuse"}, {"egress_allow", "10.1.0.0/16"}}, "http://hooks.example/", "10.2.2.3", "egress_private"},
    {{{"egress_private", "refuse"}, {"egress_allow", "10.1.0.0/16"}}, "http://hooks.example/", "64:ff9b::10.1.2.3", NULL},
    {{{"egress_private", "refuse"}, {"egress_allow", "10.1.0.0/16"}}, "http://hooks.example/", "64:ff9b::10.2.2.3", "private"},
    {{{"egress_private", "refuse"}, {"egress_allow", "hooks.example"}}, "http://HOOKS.example./", "10.2.2.3", NULL},
    {{{"egress_private", "refuse"}, {"egress_allow", "hooks.example"}}, "http://x.hooks.example/", "10.2.2.3", "private"},
    {{{"egress_private", "refuse"}, {"egress_allow", "*.example"}}, "http://x.hooks.example/", "10.2.2.3", NULL},
    {{{"egress_private", "refuse"}, {"egress_allow", "*.hooks.example"}}, "http://hooks.example/", "10.2.2.3", "private"},
    {{{"egress_private", "refuse"}, {"egress_allow", "*.hooks.example"}}, "http://xhooks.example/", "10.2.2.3", "private"},
    {{{"egress_allow", "hooks.example,169.254.0.0/16"}}, "http://hooks.example/", "169.254.169.254", "always refused"},
    {{{"egress_public", "refuse"}}, "http://hooks.example/", "8.8.8.8", "egress_public refuses it"},
    {{{"egress_public", "refuse"}}, "http://hooks.example/", "10.0.0.1", NULL},
    {{{"egress_public", "refuse"}, {"egress_allow", "hooks.example"}}, "http://hooks.example/", "8.8.8.8", NULL},
    {{{"egress_deny", "8.8.8.0/24"}}, "http://hooks.example/", "8.8.8.8", "egress_deny holds 8.8.8.0/24"},
    {{{"egress_deny", "8.8.8.0/24"}}, "http://hooks.example/", "2002:808:808::1", "egress_deny holds 8.8.8.0/24"},
    {{{"egress_deny", "hooks.example"}}, "http://Hooks.Example.../", NULL, "egress_deny holds hooks.example"},
    {{{"egress_deny", "*.example"}}, "http://a.b.example/", NULL, "egress_deny holds *.example"},
    {{{"egress_deny", "*.example"}}, "http://a.b.example/", "8.8.8.8", "egress_deny holds *.example"},
    {{{"egress_deny", "xn--bcher-kva.example"}}, "http://b\xc3\xbc""cher.example/", NULL, "no URL"},
    {{{"egress_deny", "10.1.2.3"}, {"egress_allow", "10.0.0.0/8, hooks.example"}}, "http://hooks.example/", "10.1.2.3", "egress_deny"},
    /* the gateway itself, which listens on 127.0.0.1:8420 and is https://gate.example/hooks to others */
    {{{0}}, "http://127.0.0.1:8420/metrics", NULL, "it is this gateway"},
    {{{0}}, "http://127.0.0.1:8420/2025-07-01/sources", NULL, "it is this gateway"},
    {{{0}}, "http://127.0.0.1:8420/e/../metrics", NULL, "it is this gateway"},
    {{{0}}, "http://127.0.0.1:8420//e/x", NULL, "it is this gateway"},
    {{{0}}, "http://127.0.0.1:8420/e", NULL, "it is this gateway"},
    {{{0}}, "http://127.0.0.1:8420/e/token", NULL, NULL},
    {{{0}}, "http://127.0.0.1:8420/v1/publish/source", NULL, NULL},
    {{{0}}, "http://127.0.0.1:8421/metrics", NULL, NULL},
    {{{0}}, "http://127.0.0.2:8420/metrics", NULL, NULL},
    {{{0}}, "http://hooks.example:8420/metrics", "127.0.0.1", "it is this gateway"},
    {{{0}}, "http://hooks.example:8420/metrics", "::ffff:127.0.0.1", "it is this gateway"},
    {{{0}}, "http://hooks.example:8420/e/token", "127.0.0.1", NULL},
    {{{0}}, "https://gate.example/hooks/metrics", NULL, "it is this gateway"},
    {{{0}}, "https://gate.example/hooks", "8.8.8.8", "it is this gateway"},
    {{{0}}, "http://gate.example/hooks/metrics", NULL, "it is this gateway"},
    {{{0}}, "https://gate.example:8443/hooks/metrics", NULL, NULL},
    {{{0}}, "https://gate.example/hooks/e/token", "8.8.8.8", NULL},
    {{{0}}, "https://gate.example/other", "8.8.8.8", NULL},
    {{{0}}, "https://gate.example/hooksother", "8.8.8.8", NULL},
    {{{"egress_own_api", "allow"}}, "http://127.0.0.1:8420/metrics", NULL, NULL},
    {{{"egress_own_api", "allow"}, {"egress_private", "refuse"}}, "http://127.0.0.1:8420/metrics", NULL, "a loopback"},
    {{{"egress_private", "refuse"}}, "http://127.0.0.1:8420/e/token", NULL, "a loopback"},
};

static void make_policy(struct egress *egress, const char *const settings[MOST_SETTINGS][2], const char *listen)
{
    struct address address = an_address(listen);
    struct sockaddr_in6 socket = {.sin6_family = AF_INET6, .sin6_port = htons(8420)};
    memcpy(&socket.sin6_addr, &address, sizeof address);
    *egress = (struct egress){0};
    for (size_t i = 0; settings != NULL && i < MOST_SETTINGS && settings[i][0] != NULL; i++)
        set(egress, settings[i][0], settings[i][1]);
    egress_add_listener(egress, (const struct sockaddr *)&socket);
    egress_add_public_url(egress, "https://Gate.example/hooks/");
}

static bool decide(const struct egress *egress, const char *url, const char *address, char *reason)
{
    if (address == NULL)
        return egress_name_is_allowed(egress, url, reason);
    struct address bytes = an_address(address);
    struct sockaddr_in6 socket = {.sin6_family = AF_INET6};
    memcpy(&socket.sin6_addr, &bytes, sizeof bytes);
    return egress_connect_is_allowed(egress, url, (const struct sockaddr *)&socket, reason);
}

static void the_policy_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(DECISIONS); i++) {
        const struct decision *row = &DECISIONS[i];
        struct egress egress;
        char reason[EGRESS_REASON] = "";
        make_policy(&egress, row->settings, "127.0.0.1");
        bool allowed = decide(&egress, row->url, row->address, reason);
        if (allowed != (row->reason == NULL) || (!allowed && strstr(reason, row->reason) == NULL))
            fail_msg("row %zu: %s %s: %s", i, row->url, row->address ? row->address : "", allowed ? "allowed" : reason);
        egress_free(&egress);
    }
    assert_true(decide(NULL, "http://169.254.169.254/", "169.254.169.254", NULL));
}

static void one_that_listens_everywhere_is_found_at_every_address(void **state)
{
    (void)state;
    static const char *const listens[] = {"0.0.0.0", "::"};
    static const struct {
        const char *url;
        bool allowed;
    } rows[] = {
        {"http://127.0.0.1:8420/metrics", false}, {"http://127.8.9.1:8420/metrics", false},
        {"http://[::ffff:7f00:1]:8420/", false},  {"http://127.0.0.1:8420/e/token", true},
        {"http://192.0.2.77:8420/metrics", true}, {"http://127.0.0.1:8421/metrics", true},
    };
    for (size_t i = 0; i < COUNT(listens); i++) {
        struct egress egress;
        char reason[EGRESS_REASON];
        make_policy(&egress, NULL, listens[i]);
        for (size_t k = 0; k < COUNT(rows); k++)
            check_integer(rows[k].url, listens[i], egress_name_is_allowed(&egress, rows[k].url, reason), rows[k].allowed);
        egress_free(&egress);
    }
}

static void a_kept_connection_carries_no_call_of_the_api(void **state)
{
    (void)state;
    static const struct {
        const char *url, *address;
        uint16_t port;
        bool allowed;
    } rows[] = {
        {"http://hooks.example:8420/e/token", "127.0.0.1", 8420, true},
        {"http://hooks.example:8420/metrics", "127.0.0.1", 8420, false},
        {"http://hooks.example:8420/metrics", "::ffff:127.0.0.1", 8420, false},
        {"http://hooks.example:8420/metrics", "127.0.0.3", 8420, true},
        {"http://hooks.example:8420/metrics", "fe80::1%lo", 8420, true},
        {"http://hooks.example:8421/metrics", "127.0.0.1", 8421, true},
        {"https://gate.example/hooks/metrics", "10.0.0.1", 443, false},
        {"http://gate.example/hooks/metrics", "10.0.0.1", 80, false},
        {"https://gate.example/hooks/e/token", "10.0.0.1", 443, true},
        {"https://hooks.example/metrics", "10.0.0.1", 443, true},
    };
    struct egress egress;
    char reason[EGRESS_REASON];
    make_policy(&egress, NULL, "127.0.0.1");
    for (size_t i = 0; i < COUNT(rows); i++)
        check_integer(rows[i].url, rows[i].address,
                      egress_request_is_allowed(&egress, rows[i].url, rows[i].address, rows[i].port, reason), rows[i].allowed);
    egress_free(&egress);
}

static void redirects_leave_the_origin(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool leaves;
        const char *refused[3]; /* by {}, by redirect_hosts same, by redirect_downgrade allow */
    } rows[] = {
        {"http://a.example/x", "http://a.example/y", false, {0}},
        {"http://a.example/", "http://A.example.:80/", false, {0}},
        {"http://a.example/", "https://a.example/", false, {0}},
        {"http://a.example:80/", "https://a.example:8443/", true, {0}},
        {"http://a.example/", "http://a.example:81/", true, {0}},
        {"http://a.example/", "http://b.example/", true, {NULL, "another host", NULL}},
        {"http://a.example/", "http://a.example.b.example/", true, {NULL, "another host", NULL}},
        {"https://a.example/", "http://a.example/", true, {"leaves https", "leaves https", NULL}},
        {"https://a.example/", "http://b.example/", true, {"leaves https", "another host", NULL}},
    };
    struct egress policies[3] = {{0}, {.other_hosts_refused = true}, {.downgrade_allowed = true}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target from, to;
        assert_true(target_read(rows[i].from, &from) && target_read(rows[i].to, &to));
        check_integer(rows[i].from, rows[i].to, redirect_leaves_origin(&from, &to), rows[i].leaves);
        for (size_t k = 0; k < COUNT(policies); k++) {
            char reason[EGRESS_REASON] = "";
            const char *refused = rows[i].refused[k];
            bool allowed = redirect_is_allowed(&policies[k], &from, &to, reason);
            if (allowed != (refused == NULL) || (refused != NULL && strstr(reason, refused) == NULL))
                fail_msg("%s to %s by policy %zu: %s", rows[i].from, rows[i].to, k, allowed ? "allowed" : reason);
        }
        assert_true(redirect_is_allowed(NULL, &from, &to, NULL));
    }
}

static void redirects_change_little(void **state)
{
    (void)state;
    static const char *const secret[] = {"authorization", "Proxy-Authorization", "cookie", "Cookie2", "x-api-key", "X-Gitlab-Token",
                                         "stripe-signature", "x-hub-signature-256", "x-hookdeck-signature", "x-shopify-hmac-sha256",
                                         "x-amz-security-token", "api-key", "x-sign"};
    static const char *const open[] = {"content-type", "accept", "user-agent", "idempotency-key", "x-github-event",
                                       "x-hookdeck-eventid", "x-shopify-topic", "traceparent"};
    static const int redirects[] = {301, 302, 303, 307, 308}, others[] = {200, 300, 304, 305, 306, 309, 400};
    for (size_t i = 0; i < COUNT(secret); i++)
        check_integer(secret[i], "credential", redirect_is_credential(text_of(secret[i])), true);
    for (size_t i = 0; i < COUNT(open); i++)
        check_integer(open[i], "credential", redirect_is_credential(text_of(open[i])), false);
    for (size_t i = 0; i < COUNT(redirects); i++) {
        assert_true(redirect_is_one(redirects[i]));
        assert_int_equal(redirect_becomes_get(redirects[i], "POST"), redirects[i] == 303);
        assert_false(redirect_becomes_get(redirects[i], "HEAD"));
    }
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(redirect_is_one(others[i]));
    assert_true(redirect_describes_body(TEXT("Content-Type")));
    assert_false(redirect_describes_body(TEXT("content")));
}

static void the_proxy_is_left_out_for_some(void **state)
{
    (void)state;
    static const struct {
        const char *no_proxy, *url;
        bool direct;
    } rows[] = {
        {"", "http://a.example/", false},
        {"*", "http://a.example/", true},
        {"a.example", "http://A.example.:81/", true},
        {"A.Example", "http://b.a.example/", true},
        {".a.example", "http://a.example/", true},
        {"a.example.", "http://b.a.example/", true},
        {"a.example", "http://ba.example/", false},
        {"x, 10.0.0.0/8 ,y", "http://10.1.2.3/", true},
        {"10.0.0.0/8", "http://012.1/", true},
        {"10.0.0.0/8", "http://11.0.0.1/", false},
        {"10.0.0.0/8", "http://ten.example/", false},
        {"[::1],::2", "http://[::1]:80/", true},
        {"127.0.0.1", "http://[::ffff:127.0.0.1]/", true},
        {",, .,", "http://a.example/", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_client_settings settings = {0};
        snprintf(settings.no_proxy, sizeof settings.no_proxy, "%s", rows[i].no_proxy);
        check_integer(rows[i].url, rows[i].no_proxy, http_client_settings_direct(&settings, rows[i].url), rows[i].direct);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_in_one_form_only),
        cmocka_unit_test(networks_hold_what_begins_like_them),
        cmocka_unit_test(every_address_has_its_reach),
        cmocka_unit_test(urls_are_read_as_the_client_does),
        cmocka_unit_test(settings_are_refused_with_a_reason),
        cmocka_unit_test(the_policy_decides),
        cmocka_unit_test(one_that_listens_everywhere_is_found_at_every_address),
        cmocka_unit_test(a_kept_connection_carries_no_call_of_the_api),
        cmocka_unit_test(redirects_leave_the_origin),
        cmocka_unit_test(redirects_change_little),
        cmocka_unit_test(the_proxy_is_left_out_for_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
