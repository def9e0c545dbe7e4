/* Runtime expressions, alone and inside values; JSON Pointers. */
#include "case.h"

#include "arazzo/json_pointer.h"
#include "arazzo/value.h"

static const struct {
    const char *text;
    bool good;
} FORMS[] = {
    {"$url", true}, {"$method", true}, {"$statusCode", true}, {"$request.header.X-Y", true}, {"$request.query.q", true},
    {"$request.path.id", true}, {"$request.body", true}, {"$request.body#/a/0/b~1c~0d", true}, {"$response.header.a", true},
    {"$response.body#/", true}, {"$inputs.a", true}, {"$inputs.a.b", true}, {"$outputs.x", true},
    {"$steps.a-b_c.outputs.d", true}, {"$steps.a.outputs.d#/x", true}, {"$workflows.w.inputs.x", true},
    {"$sourceDescriptions.s.url", true}, {"$components.parameters.p", true},
    {"", false}, {"$", false}, {"url", false}, {"$Url", false}, {"$url.x", false}, {"$url#/x", false}, {"$inputs", false},
    {"$inputs.", false}, {"$steps", false}, {"$request", false}, {"$request.cookie.x", false}, {"$response.path.x", false},
    {"$response.query.x", false}, {"$response.header.", false}, {"$response.header.x#/a", false}, {"$response.body.a", false},
    {"$response.body#a", false}, {"$response.body#/a~2", false}, {"$response.body#/a~", false}, {"$inputs.a b", false},
    {"$inputs.a}", false}, {"$statusCode == 200", false}, {"$message.body", false},
};

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        struct expression expression;
        struct error error = {0};
        if (expression_parse(text_of(FORMS[i].text), &expression, &error) != FORMS[i].good)
            fail_msg("\"%s\" should be %s: %s", FORMS[i].text, FORMS[i].good ? "good" : "refused", error.message);
    }
}

/* What a value becomes; NULL: it is unresolved. */
static const struct {
    const char *value, *resolved;
} VALUES[] = {
    {"\"$inputs.n\"", "7"}, {"\"$inputs.t\"", "\"x\\\"y\""}, {"\"$inputs.o\"", "{\"a\":[1]}"}, {"\"$inputs.none\"", NULL},
    {"\"$inputs.dotted.name\"", "1"}, {"\"$inputs.o#/a/0\"", "1"}, {"\"$inputs.o#/b\"", NULL},
    {"\"a {$inputs.n} b {$inputs.n}\"", "\"a 7 b 7\""}, {"\"{$inputs.o}\"", "\"{\\\"a\\\":[1]}\""},
    {"\"a {$inputs.none}\"", NULL}, {"\"{ $inputs.n }\"", "\"{ $inputs.n }\""}, {"\"{$inputs.n\"", "\"{$inputs.n\""},
    {"\"$5\"", "\"$5\""}, {"\"$inputs.n is\"", "\"$inputs.n is\""}, {"\"{$x}{$inputs.n}\"", "\"{$x}7\""},
    {"[\"$inputs.n\", \"$inputs.none\", 1]", "[7,1]"}, {"{\"a\": \"$inputs.none\", \"b\": {\"c\": \"$inputs.n\"}}",
                                                         "{\"b\":{\"c\":7}}"},
    {"null", "null"}, {"true", "true"}, {"\"\"", "\"\""},
};

static void values(void **state)
{
    (void)state;
    json_t *inputs = json_parse(TEXT("{\"n\":7,\"t\":\"x\\\"y\",\"o\":{\"a\":[1]},\"dotted.name\":1}"), NULL);
    struct scope scope = {.inputs = inputs};
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        json_t *value = json_loads(VALUES[i].value, JSON_DECODE_ANY, NULL);
        json_t *resolved = value_resolve(value, &scope, NULL);
        struct buffer text = {0};
        assert_non_null(value);
        assert_int_equal(resolved != NULL, VALUES[i].resolved != NULL);
        if (resolved != NULL) {
            json_write(&text, resolved);
            ASSERT_TEXT(buffer_text(&text), VALUES[i].resolved);
        }
        buffer_free(&text);
        json_decref(resolved);
        json_decref(value);
    }
    json_decref(inputs);
}

/* RFC 6901, section 5, and what lies beside it. */
static const struct {
    const char *pointer, *found;
} POINTERS[] = {
    {"", "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\" \":7}"}, {"/foo", "[\"bar\",\"baz\"]"},
    {"/foo/0", "\"bar\""}, {"/", "0"}, {"/a~1b", "1"}, {"/m~0n", "8"}, {"/ ", "7"}, {"/foo/2", NULL}, {"/foo/-", NULL},
    {"/foo/00", NULL}, {"/foo/+1", NULL}, {"/foo/99999999999999999999", NULL}, {"/foo/0/x", NULL}, {"/none", NULL},
    {"foo", NULL}, {"/m~n", NULL},
};

static void pointers(void **state)
{
    (void)state;
    json_t *root = json_parse(text_of(POINTERS[0].found), NULL);
    for (size_t i = 0; i < sizeof POINTERS / sizeof POINTERS[0]; i++) {
        const json_t *found = json_pointer_get(root, text_of(POINTERS[i].pointer));
        struct buffer text = {0};
        if ((found == NULL) != (POINTERS[i].found == NULL))
            fail_msg("\"%s\" should%s lead somewhere", POINTERS[i].pointer, POINTERS[i].found ? "" : " not");
        if (found != NULL) {
            json_write(&text, found);
            ASSERT_TEXT(buffer_text(&text), POINTERS[i].found);
        }
        buffer_free(&text);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(values),
        cmocka_unit_test(pointers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
