/* What is sent for an event: URL, method and headers. */
#include "case.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "deliver/envelope.h"

enum { EVENT = 1234567, REQUEST = 7654321 };

/* One delivery with plain values, which each case changes where it differs. */
struct delivery {
    struct arena arena;
    struct event event;
    struct request request;
    struct catalog_connection connection;
    struct catalog_destination destination;
    struct catalog_source source;
    struct catalog_project project;
    struct envelope_input input;
    struct envelope envelope;
};

static void begin(struct delivery *d)
{
    *d = (struct delivery){
        .event = {.id = EVENT, .request_id = REQUEST},
        .request = {.id = REQUEST, .method = TEXT("POST"), .path = TEXT("/a"), .query = TEXT("q=1"),
                    .headers = TEXT("content-type: application/json\nx-custom: one\nx-hookdeck-original-ip: 10.0.0.9\n"),
                    .body = TEXT("{}")},
        .connection.record.name = TEXT("orders-to-shop"),
        .destination = {.record = {.type = DESTINATION_HTTP, .name = TEXT("shop")},
                        .settings.url = TEXT("http://shop.test/hook")},
        .source.record.name = TEXT("orders"),
        .project.record.signing_secret = TEXT("secret"),
    };
    d->input = (struct envelope_input){.event = &d->event, .request = &d->request, .connection = &d->connection,
                                       .destination = &d->destination, .source = &d->source, .project = &d->project,
                                       .public_url = "http://gate.test", .attempt_number = 3,
                                       .trigger = TRIGGER_AUTOMATIC, .retry_after_s = 60};
}

static enum attempt_error write_envelope(struct delivery *d)
{
    return envelope_write(&d->arena, &d->input, &d->envelope);
}

static int times_sent(const struct delivery *d, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < d->envelope.headers.count; i++)
        count += text_equal_ignoring_case(d->envelope.headers.items[i].name, text_of(name));
    return count;
}

static void check_header(const struct delivery *d, const char *what, const char *name, const char *expected)
{
    check_integer(what, name, times_sent(d, name), expected != NULL);
    check_text(what, http_headers_get(&d->envelope.headers, text_of(name)), expected);
}

/* ---- URL ---- */

static void path_and_query_follow_the_destinations_url(void **state)
{
    (void)state;
    static const struct {
        const char *what, *url, *path, *query;
        bool path_is_kept_back;
        const char *expected, *expected_path, *expected_query;
    } cases[] = {
        {"plain", "http://a/h", "/p", "x=1", false, "http://a/h/p?x=1", "/p", "x=1"},
        {"no path, no query", "http://a/h", "", "", false, "http://a/h", "", ""},
        {"slash meets slash", "http://a/", "/p", "", false, "http://a/p", "/p", ""},
        {"slash stays without a path", "http://a/h/", "", "", false, "http://a/h/", "", ""},
        {"its own query wins", "http://a/h?own=1", "/p", "x=1", false, "http://a/h/p?own=1", "/p", "own=1"},
        {"its own empty query wins", "http://a/h?", "/p", "x=1", false, "http://a/h/p", "/p", ""},
        {"fragment goes", "http://a/h#f", "/p", "", false, "http://a/h/p", "/p", ""},
        {"fragment behind a query", "http://a/h?own=1#f", "", "", false, "http://a/h?own=1", "", "own=1"},
        {"forwarding disabled", "http://a/h", "/p", "x=1", true, "http://a/h?x=1", "", "x=1"},
        {"encoding is left alone", "http://a/h", "/%2e%2E/b", "a=%20&b", false, "http://a/h/%2e%2E/b?a=%20&b",
         "/%2e%2E/b", "a=%20&b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.destination.settings.url = text_of(cases[i].url);
        d.destination.settings.path_forwarding_disabled = cases[i].path_is_kept_back;
        d.request.path = text_of(cases[i].path);
        d.request.query = text_of(cases[i].query);
        check_integer(cases[i].what, "the problem", write_envelope(&d), ATTEMPT_ERROR_NONE);
        check_text(cases[i].what, text_of(d.envelope.url), cases[i].expected);
        check_text(cases[i].what, d.envelope.path, cases[i].expected_path);
        check_text(cases[i].what, d.envelope.query, cases[i].expected_query);
        arena_free(&d.arena);
    }
}

static void a_key_may_go_into_the_query(void **state)
{
    (void)state;
    static const struct {
        const char *what, *query, *expected, *shown;
    } cases[] = {
        {"alone", "", "http://shop.test/hook/a?k%20y=s%26t", "http://shop.test/hook/a?k%20y=hidden"},
        {"behind others", "x=1", "http://shop.test/hook/a?x=1&k%20y=s%26t", "http://shop.test/hook/a?x=1&k%20y=hidden"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.request.query = text_of(cases[i].query);
        d.destination.settings.auth = DESTINATION_AUTH_API_KEY;
        d.destination.settings.key_in_query = true;
        d.destination.settings.key = TEXT("k y");
        d.destination.settings.secret = TEXT("s&t");
        write_envelope(&d);
        check_text(cases[i].what, text_of(d.envelope.url), cases[i].expected);
        check_text(cases[i].what, text_of(d.envelope.shown_url), cases[i].shown);
        check_header(&d, cases[i].what, "k y", NULL);
        arena_free(&d.arena);
    }
}

static void what_cannot_be_sent_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *what, *url, *headers;
        enum destination_type type;
        enum attempt_error expected;
        const char *expected_url;
    } cases[] = {
        {"no URL", "", "a: b\n", DESTINATION_HTTP, ATTEMPT_ERROR_MISSING_URL, "/a?q=1"},
        {"a mock needs none", "", "a: b\n", DESTINATION_MOCK_API, ATTEMPT_ERROR_NONE, "mock://fairlead/a?q=1"},
        {"CR in a value", "http://a", "a: b\rc\n", DESTINATION_HTTP, ATTEMPT_ERROR_INVALID_CHARACTER, "http://a/a?q=1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.destination.settings.url = text_of(cases[i].url);
        d.destination.record.type = cases[i].type;
        d.request.headers = text_of(cases[i].headers);
        check_integer(cases[i].what, "the problem", write_envelope(&d), cases[i].expected);
        check_text(cases[i].what, text_of(d.envelope.url), cases[i].expected_url);
        arena_free(&d.arena);
    }
}

static void the_destinations_method_wins(void **state)
{
    (void)state;
    struct delivery d;
    begin(&d);
    write_envelope(&d);
    check_text("its own", text_of(d.envelope.method), "POST");
    d.destination.settings.method = TEXT("PUT");
    write_envelope(&d);
    check_text("set", text_of(d.envelope.method), "PUT");
    arena_free(&d.arena);
}

/* ---- headers ---- */

static void the_senders_headers_are_kept_but_for_those_of_the_connection(void **state)
{
    (void)state;
    static const char *const dropped[] = {"host", "content-length", "connection", "keep-alive", "te", "trailer",
                                          "transfer-encoding", "upgrade", "expect", "accept-encoding",
                                          "proxy-authorization"};
    static const char *const kept[] = {"content-type", "user-agent", "authorization", "cookie", "stripe-signature"};
    char stored[1024] = "";
    struct delivery d;
    begin(&d);
    for (size_t i = 0; i < COUNT(dropped); i++)
        strcat(strcat(stored, dropped[i]), ": sent\n");
    for (size_t i = 0; i < COUNT(kept); i++)
        strcat(strcat(stored, kept[i]), ": sent\n");
    d.request.headers = text_of(stored);
    write_envelope(&d);
    for (size_t i = 0; i < COUNT(dropped); i++)
        check_header(&d, "dropped", dropped[i], NULL);
    for (size_t i = 0; i < COUNT(kept); i++)
        check_header(&d, "kept", kept[i], "sent");
    check_integer("all kept", "added_from", (int64_t)d.envelope.added_from, (int64_t)COUNT(kept));
    arena_free(&d.arena);
}

static void the_gateways_headers_are_added_once(void **state)
{
    (void)state;
    char event_id[ID_TEXT_SIZE], request_id[ID_TEXT_SIZE], url[128];
    struct delivery d;
    begin(&d);
    d.request.verified = true;
    /* Somebody else's gateway was in between, or the sender pretends. */
    d.request.headers = TEXT("accept: text/html\nidempotency-key: k\nx-hookdeck-signature: forged\n"
                             "x-hookdeck-eventid: forged\nx-hookdeck-original-ip: 10.0.0.9\n");
    write_envelope(&d);
    id_format(ID_EVENT, EVENT, event_id);
    id_format(ID_REQUEST, REQUEST, request_id);
    snprintf(url, sizeof url, "http://gate.test/events/%s", event_id);
    const struct {
        const char *name, *value;
    } expected[] = {
        {"accept", "application/json, text/plain, */*"}, {"idempotency-key", event_id},
        {"x-hookdeck-eventid", event_id}, {"x-hookdeck-requestid", request_id},
        {"x-hookdeck-original-ip", "10.0.0.9"}, {"x-hookdeck-verified", "true"}, {"x-hookdeck-event-url", url},
        {"x-hookdeck-source-name", "orders"}, {"x-hookdeck-connection-name", "orders-to-shop"},
        {"x-hookdeck-destination-name", "shop"}, {"x-hookdeck-attempt-count", "3"},
        {"x-hookdeck-attempt-trigger", "AUTOMATIC"}, {"x-hookdeck-will-retry-after", "60"},
        /* printf '{}' | openssl dgst -sha256 -hmac secret -binary | base64 */
        {"x-hookdeck-signature", "dzJZAsrKgS3CWXM6rNBGtzgXNyx3e42VtAJkdHRRbhM="},
    };
    for (size_t i = 0; i < COUNT(expected); i++)
        check_header(&d, "added", expected[i].name, expected[i].value);
    check_integer("nothing else", "headers", (int64_t)d.envelope.headers.count, (int64_t)COUNT(expected));
    d.connection.record.name = TEXT_NONE;
    d.input.retry_after_s = -1;
    write_envelope(&d);
    check_header(&d, "no name", "x-hookdeck-connection-name", "");
    check_header(&d, "the last attempt", "x-hookdeck-will-retry-after", NULL);
    arena_free(&d.arena);
}

static void the_destinations_auth_replaces_the_senders(void **state)
{
    (void)state;
    static const char SENT[] = "authorization: theirs\nx-key: theirs\n";
    static const struct {
        const char *what;
        struct destination_settings settings;
        const char *authorization, *key;
    } cases[] = {
        {"signature of our own", {.auth = DESTINATION_AUTH_SIGNATURE}, "theirs", "theirs"},
        {"bearer", {.auth = DESTINATION_AUTH_BEARER, .secret = {"t", 1}}, "Bearer t", "theirs"},
        {"token", {.auth = DESTINATION_AUTH_OAUTH2_CLIENT, .secret = {"no", 2}}, "Bearer token", "theirs"},
        {"basic", {.auth = DESTINATION_AUTH_BASIC, .username = {"u", 1}, .password = {"p", 1}}, "Basic dTpw", "theirs"},
        {"API key", {.auth = DESTINATION_AUTH_API_KEY, .key = {"X-Key", 5}, .secret = {"s", 1}}, "theirs", "s"},
        {"API key in authorization", {.auth = DESTINATION_AUTH_API_KEY, .key = {"Authorization", 13},
                                      .secret = {"s", 1}}, "s", "theirs"},
        {"API key in the query", {.auth = DESTINATION_AUTH_API_KEY, .key = {"x-key", 5}, .secret = {"s", 1},
                                  .key_in_query = true}, "theirs", "theirs"},
        {"signature of theirs", {.auth = DESTINATION_AUTH_CUSTOM_SIGNATURE, .key = {"X-KEY", 5},
                                 .secret = {"secret", 6}}, "theirs", "dzJZAsrKgS3CWXM6rNBGtzgXNyx3e42VtAJkdHRRbhM="},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.destination.settings = cases[i].settings;
        d.destination.settings.url = TEXT("http://shop.test");
        d.request.headers = text_of(SENT);
        d.input.token = TEXT("token");
        check_integer(cases[i].what, "the problem", write_envelope(&d), ATTEMPT_ERROR_NONE);
        check_header(&d, cases[i].what, "authorization", cases[i].authorization);
        check_header(&d, cases[i].what, "x-key", cases[i].key);
        check_integer(cases[i].what, "own signatures", times_sent(&d, "x-hookdeck-signature"),
                      cases[i].settings.auth == DESTINATION_AUTH_SIGNATURE);
        arena_free(&d.arena);
    }
}

static void a_secret_before_signs_until_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t until;
        const char *second;
    } cases[] = {
        {"none", 0, NULL}, {"over", 1000, NULL},
        {"good", 1001, "dzJZAsrKgS3CWXM6rNBGtzgXNyx3e42VtAJkdHRRbhM="},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.input.now = 1000;
        d.project.record.signing_secret = TEXT("newer");
        d.project.record.previous_secret = TEXT("secret");
        d.project.record.previous_until = cases[i].until;
        write_envelope(&d);
        /* printf '{}' | openssl dgst -sha256 -hmac newer -binary | base64 */
        check_header(&d, cases[i].what, "x-hookdeck-signature", "YKjZ0R8xQxUsLAV9Zcghhi1ttCTBqU1babM6siS7O3Y=");
        check_header(&d, cases[i].what, "x-hookdeck-signature-2", cases[i].second);
        arena_free(&d.arena);
    }
}

/* Verifiers read these alike (auth_aws.c); what libraries of others make of them is in tests/e2e/destination_auth. */
static void a_url_for_aws_is_in_strict_form(void **state)
{
    (void)state;
    static const struct {
        const char *what, *url, *path, *query, *expected;
    } cases[] = {
        {"nothing to do", "http://a/h", "/p", "x=1", "http://a/h/p?x=1"},
        {"no path", "http://a", "", "", "http://a/"},
        {"no path, a query", "http://a?x", "", "", "http://a/?x="},
        {"slashes stay", "http://a//h/", "/p//", "", "http://a//h/p//"},
        {"dots go", "http://a/h/./x/..", "/p/..", "", "http://a/h/"},
        {"not above the root", "http://a/../..", "/p", "", "http://a/p"},
        {"dots in disguise", "http://a/h", "/%2e%2E/p", "", "http://a/p"},
        {"encoded as needed", "http://a/h", "/a+b%7e%2f", "", "http://a/h/a%2Bb~%2F"},
        {"plus is a space", "http://a/h", "", "a+b=c+%2B", "http://a/h?a%20b=c%20%2B"},
        {"parts without a name or value", "http://a/h", "", "&x&=1&&y=", "http://a/h?x=&=1&y="},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct delivery d;
        begin(&d);
        d.destination.settings = (struct destination_settings){
            .auth = DESTINATION_AUTH_AWS, .url = text_of(cases[i].url), .key = TEXT("k"), .secret = TEXT("s"),
            .region = TEXT("r"), .service = TEXT("lambda")};
        d.request.path = text_of(cases[i].path);
        d.request.query = text_of(cases[i].query);
        check_integer(cases[i].what, "the problem", write_envelope(&d), ATTEMPT_ERROR_NONE);
        check_text(cases[i].what, text_of(d.envelope.url), cases[i].expected);
        check_header(&d, cases[i].what, "host", "a");
        arena_free(&d.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_and_query_follow_the_destinations_url),
        cmocka_unit_test(a_key_may_go_into_the_query),
        cmocka_unit_test(what_cannot_be_sent_says_why),
        cmocka_unit_test(the_destinations_method_wins),
        cmocka_unit_test(the_senders_headers_are_kept_but_for_those_of_the_connection),
        cmocka_unit_test(the_gateways_headers_are_added_once),
        cmocka_unit_test(the_destinations_auth_replaces_the_senders),
        cmocka_unit_test(a_secret_before_signs_until_its_end),
        cmocka_unit_test(a_url_for_aws_is_in_strict_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
