/* Signatures that providers publish in their documentation, and the parts of requests that signatures are made of. */
#include "case.h"

#include <string.h>

#include "base/limits.h"
#include "verify/template.h"

static const struct vector {
    const char *type, *secret, *origin, *path, *query, *body;
    int64_t now_ms;
    struct http_header headers[4];
} VECTORS[] = {
    /* docs.github.com, "Validating webhook deliveries" */
    {"GITHUB", "It's a Secret to Everybody", "", "", NULL, "Hello, World!", 0,
     {{TEXT("x-hub-signature-256"), TEXT("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")}}},
    /* standardwebhooks.com, specification */
    {"STANDARD_WEBHOOKS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "", "", NULL, "{\"test\": 2432232314}", 1614265330000,
     {{TEXT("webhook-id"), TEXT("msg_p5jXN8AQM9LWM0D4loKWxJek")},
      {TEXT("webhook-timestamp"), TEXT("1614265330")},
      {TEXT("webhook-signature"), TEXT("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")}}},
    /* api.slack.com, "Verifying requests from Slack" */
    {"SLACK", "8f742231b10e8888abcd99yyyzzz85a5", "", "", NULL,
     "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
     "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
     "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
     "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
     1531420618000,
     {{TEXT("x-slack-request-timestamp"), TEXT("1531420618")},
      {TEXT("x-slack-signature"), TEXT("v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")}}},
    /* twilio.com, "Webhooks security" */
    {"TWILIO", "12345", "https://mycompany.com", "/myapp.php", "foo=1&bar=2",
     "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE", 0,
     {{TEXT("content-type"), TEXT("application/x-www-form-urlencoded")},
      {TEXT("x-twilio-signature"), TEXT("RSOYDt4T1cUTdK1PDd93/VVr8B8=")}}},
    /* docs.adyen.com, "Verify HMAC signatures" */
    {"ADYEN", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", "", "", NULL,
     "{\"live\":\"false\",\"notificationItems\":[{\"NotificationRequestItem\":{\"additionalData\":{\"hmacSignature\":"
     "\"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=\"},\"amount\":{\"value\":1130,\"currency\":\"EUR\"},"
     "\"pspReference\":\"7914073381342284\",\"eventCode\":\"AUTHORISATION\",\"merchantAccountCode\":\"TestMerchant\","
     "\"merchantReference\":\"TestPayment-1407325143704\",\"success\":\"true\"}}]}",
     0, {{TEXT_NONE, TEXT_NONE}}},
};

static enum verdict judge(const struct vector *vector, struct text body)
{
    char config[512];
    struct error error = {0};
    snprintf(config, sizeof config, "{\"auth_type\":\"%s\",\"auth\":{\"webhook_secret_key\":\"%s\"}}", vector->type,
             vector->secret);
    struct verifier *verifier = verifier_new(TEXT("WEBHOOK"), text_of(config), &error);
    struct http_headers headers = {(struct http_header *)vector->headers, 0};
    while (headers.count < 4 && vector->headers[headers.count].name.data != NULL)
        headers.count++;
    struct verify_input input = {.method = TEXT("POST"), .origin = text_of(vector->origin), .path = text_of(vector->path),
                                 .query = text_of(vector->query), .headers = &headers, .body = body,
                                 .now_ms = vector->now_ms};
    enum verdict verdict = verify_request(verifier, &input);
    verifier_free(verifier);
    return verdict;
}

static void published_signatures_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VECTORS); i++) {
        char other[1024];
        struct text body = text_of(VECTORS[i].body);
        check_integer(VECTORS[i].type, "verdict", judge(&VECTORS[i], body), VERDICT_PASSED);
        memcpy(other, body.data, body.size);
        char *digit = memchr(other, VECTORS[i].type[0] == 'G' ? 'H' : '1', body.size);
        *digit = '2';
        check_integer(VECTORS[i].type, "verdict of another body", judge(&VECTORS[i], (struct text){other, body.size}),
                      VERDICT_FAILED);
    }
}

/* ---- what signed texts are made of ---- */

static struct http_header headers_of_all[] = {
    {TEXT("content-type"), TEXT("application/json")}, {TEXT("x-one"), TEXT("1")}, {TEXT("x-two"), TEXT("2")},
    {TEXT("x-twice"), TEXT("a")}, {TEXT("x-twice"), TEXT("a")}, {TEXT("x-empty"), {NULL, 0}},
};

static void templates(void **state)
{
    static const struct {
        const char *template, *body, *text; /* text NULL: it fails */
    } cases[] = {
        {"", "", ""},
        {"a{b", "", NULL},
        {"{nothing}", "", NULL},
        {"{\"a\":\"{body}\"}", "b", "{\"a\":\"b\"}"},
        {"{method} {path_query} {url} {endpoint}", "",
         "POST /e/t/x?a=1&b=%20&A2=&b2=x&b2=y https://h/e/t/x?a=1&b=%20&A2=&b2=x&b2=y https://h/e/t/x"},
        {"{h:X-One}{h:x-TWO}", "", "12"},
        {"{h:x-empty}.", "", "."},
        {"{h:x-none}", "", NULL},
        {"{h:x-twice}", "", NULL},
        {"{q:a}|{q:b}|{q:a2}|{q:none}|", "", "1| |||"},
        {"{q:b2}", "", NULL},
        {"{j:a.b}|{j:n}|{j:t}|{j:none}|{j:a.none.c}|{j:z}|", "{\"a\":{\"b\":\"x\\u00e9\"},\"n\":-12,\"t\":true,\"z\":null}",
         "x\xc3\xa9|-12|true||||"},
        {"{j:a}|{j:b}|{j:c}|{j:d}", "{\"a\":1.5,\"b\":-0.10,\"c\":1.000000,\"d\":123456.789}", "1.5|-0.1|1|123456.789"},
        {"{j:n}", "{\"n\":0.30000000000000004}", "0.30000000000000004"},
        {"{j:n}", "{\"n\":0.00000001}", NULL},
        {"{j:n}", "{\"n\":1e300}", NULL},
        {"{j:n}", "{\"n\":9007199254740993}", NULL},
        {"{j:a}|{j:b}|{j:c}", "{\"a\":[],\"b\":[1],\"c\":{}}", "[]|[...]|{...}"},
        {"{j:a}.", "no JSON", "."},
        {"{raw:a}", "{ \"x\" : {\"a\":1}, \"a\" :  { \"b\" : [1, \"}\\\"]\"] } , \"c\":1}", "{ \"b\" : [1, \"}\\\"]\"] }"},
        {"{raw:a}", "{\"a\":1,\"b\":2,\"a\":-3.5e1}", "-3.5e1"},
        {"{raw:a}", "{\"a\":\"x,}\"}", "\"x,}\""},
        {"{raw:a}", "{\"b\":1}", NULL},
        {"{raw:a}", "[\"a\",1]", NULL},
        {"{raw:a}", "{\"a\":", NULL},
        {"{raw:a}", "{}", NULL},
        {"{php:a}", "{\"a\":{ \"u\" : \"http://\\/x\" , \"e\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x89\", \"q\":\"\\\"/ \" }}",
         "{\"u\":\"http:\\/\\/\\/x\",\"e\":\"\\u00e9\\u20ac\\ud83c\\udf89\",\"q\":\"\\\"\\/ \"}"},
        {"{f:a}|{f:b c}|{f:none}|", "a=1&b+c=%41%4&d", "1|A%4||"},
        {"{f:a}", "a=1&%61=2", NULL},
        {"{sha256hex(body)}", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"{sha256hex(j:a+q:a+cfg.x)}", "{\"a\":\"ab\"}", "b8dc94c5a1e6599e3b0f63703dba6f12bd233c72ee1a86e76ddd820e8c589127"},
        {"{hmachex(body)}", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}, /* RFC 4231, 4.3 */
        {"{hmacbase64(body)}", "what do ya want for nothing?", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
        {"{json(body)}", "a\"\\\n\x01/", "a\\u0022\\u005c\\u000a\\u0001/"},
        {"{cfg.x}{cfg.x}", "", "valuevalue"},
        {"{cfg.none}", "", NULL},
        {"{secret}", "", "Jefe"},
        {"{sig.t}", "", NULL},
        {"{headers(cfg.names)}", "", "1.2"},
        {"{headers(cfg.x)}", "", NULL},
    };
    struct text query = TEXT("a=1&b=%20&A2=&b2=x&b2=y");
    json_t *auth = json_pack("{s:s, s:s}", "x", "value", "names", "x-one x-two");
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct template template;
        struct buffer out = {0};
        struct http_headers headers = {headers_of_all, COUNT(headers_of_all)};
        struct verify_input input = {.method = TEXT("POST"), .origin = TEXT("https://h"), .path = TEXT("/e/t/x"),
                                     .query = query, .headers = &headers, .body = text_of(cases[i].body)};
        struct reading reading = {.input = &input, .secret = TEXT("Jefe")};
        bool done = template_read(&arena, cases[i].template, auth, &template) &&
                    template_append(&template, &reading, &out);
        struct text text = done ? out.data != NULL ? buffer_text(&out) : TEXT("") : TEXT_NONE;
        check_text(cases[i].template, text, cases[i].text);
        buffer_free(&out);
        reading_end(&reading);
        arena_free(&arena);
    }
    json_decref(auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_signatures_pass), cmocka_unit_test(templates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
