/* JSON Schema: each keyword with a value that fits and one that does not. */
#include "case.h"

#include "arazzo/json_schema.h"

static const struct {
    const char *schema, *good, *bad, *sentence; /* bad NULL: none; the sentence is a part of the message */
} CASES[] = {
    {"true", "1", NULL, NULL},
    {"{}", "[null]", NULL, NULL},
    {"false", NULL, "1", "v: nothing is allowed here"},
    {"{'type':'integer'}", "1.0", "1.5", "v: integer is wanted, not a number"},
    {"{'type':['string','null']}", "null", "1", "[\"string\",\"null\"] is wanted"},
    {"{'type':'string','nullable':true}", "null", "1", "string is wanted"},
    {"{'enum':[1,'a',{'b':[1]}]}", "{'b':[1.0]}", "2", "none of"},
    {"{'const':{'a':1}}", "{'a':1}", "{'a':2}", "the value is not {\"a\":1}"},
    {"{'minimum':1}", "1", "0.5", "at least 1"},
    {"{'maximum':1}", "'text'", "2", "at most 1"},
    {"{'exclusiveMinimum':1}", "1.1", "1", "more than 1"},
    {"{'exclusiveMaximum':1}", "0", "1", "less than 1"},
    {"{'multipleOf':0.1}", "0.3", "0.35", "a multiple of 0.1"},
    {"{'minLength':2}", "'\xc3\xa4\xc3\xb6'", "'\xc3\xa4'", "at least 2 characters"},
    {"{'maxLength':1}", "'\xc3\xa4'", "'ab'", "at most 1 characters"},
    {"{'pattern':'b+'}", "'abc'", "'ac'", "does not fit b+"},
    {"{'pattern':'('}", NULL, "'a'", "malformed"},
    {"{'format':'date'}", "'2024-02-29'", "'2024-13-01'", "no date"},
    {"{'format':'time'}", "'23:59:60Z'", "'24:00:00Z'", "no time"},
    {"{'format':'date-time'}", "'2024-02-29T10:00:00.5+01:00'", "'2024-02-29'", "no date-time"},
    {"{'format':'email'}", "'a@b'", "'a'", "no email"},
    {"{'format':'uri'}", "'http://a/b?c#d'", "'/a b'", "no uri"},
    {"{'format':'uuid'}", "'01234567-89ab-cdef-0123-456789abcdef'", "'0123'", "no uuid"},
    {"{'format':'ipv4'}", "'127.0.0.1'", "'127.0.0.256'", "no ipv4"},
    {"{'format':'ipv6'}", "'::1'", "'1'", "no ipv6"},
    {"{'format':'hostname'}", "'a-b.example'", "'-a'", "no hostname"},
    {"{'format':'anything'}", "'x'", NULL, NULL},
    {"{'items':{'type':'integer'}}", "[1,2]", "[1,'a']", "v [1]: integer"},
    {"{'prefixItems':[{'type':'string'}],'items':{'type':'integer'}}", "['a',1]", "['a','b']", "[1]"},
    {"{'prefixItems':[{'type':'string'}],'items':false}", "['a']", "['a','b']", "nothing is allowed"},
    {"{'minItems':1}", "[1]", "[]", "at least 1 items"},
    {"{'maxItems':1}", "[1]", "[1,2]", "at most 1 items"},
    {"{'uniqueItems':true}", "[1,2,[1]]", "[1,2,1.0]", "0 and 2 are equal"},
    {"{'contains':{'const':1}}", "[0,1]", "[0]", "contains"},
    {"{'contains':{'const':1},'minContains':2,'maxContains':2}", "[1,1]", "[1,1,1]", "3 items"},
    {"{'required':['a']}", "{'a':null}", "{'b':1}", "a is missing"},
    {"{'properties':{'a':{'properties':{'b':{'type':'integer'}}}}}", "{'a':{'b':1}}", "{'a':{'b':'x'}}", "v a.b: integer"},
    {"{'patternProperties':{'^x':{'type':'integer'}}}", "{'x1':1,'y':'a'}", "{'x1':'a'}", "v x1"},
    {"{'properties':{'a':{}},'patternProperties':{'^x':{}},'additionalProperties':false}", "{'a':1,'x':1}", "{'b':1}", "no member \"b\""},
    {"{'properties':{'a':{}},'additionalProperties':{'type':'integer'}}", "{'a':'x','b':1}", "{'b':'x'}", "v b"},
    {"{'propertyNames':{'maxLength':1}}", "{'a':1}", "{'ab':1}", "at most 1 characters"},
    {"{'minProperties':1}", "{'a':1}", "{}", "at least 1 members"},
    {"{'maxProperties':1}", "{'a':1}", "{'a':1,'b':1}", "at most 1 members"},
    {"{'dependentRequired':{'a':['b']}}", "{'a':1,'b':1}", "{'a':1}", "b is missing, which comes with a"},
    {"{'dependentSchemas':{'a':{'required':['b']}}}", "{'c':1}", "{'a':1}", "b is missing"},
    {"{'allOf':[{'minimum':1},{'maximum':3}]}", "2", "4", "at most 3"},
    {"{'anyOf':[{'type':'string'},{'minimum':3}]}", "3", "2", "none of the 2 schemas"},
    {"{'oneOf':[{'minimum':1},{'maximum':3}]}", "5", "2", "fits 2 of the 2"},
    {"{'not':{'type':'string'}}", "1", "'a'", "forbids"},
    {"{'if':{'const':1},'then':true,'else':{'type':'string'}}", "1", "2", "string is wanted"},
    {"{'$ref':'#/$defs/a','$defs':{'a':{'type':'integer'}}}", "1", "'a'", "integer"},
    {"{'properties':{'n':{'$ref':'#'}},'required':['v']}", "{'v':1,'n':{'v':1}}", "{'v':1,'n':{}}", "v n: v is missing"},
    {"{'$ref':'#here','$defs':{'a':{'$anchor':'here','type':'integer'}}}", "1", "'a'", "integer"},
    {"{'$ref':'#/none'}", NULL, "1", "where there is nothing"},
    {"{'$ref':'#'}", NULL, "1", "refers to itself"},
    {"{'allOf':[{'$ref':'#'},{'$ref':'#'}]}", NULL, "1", "refers to itself"},
};

/* Single quotes stand for double ones. */
static json_t *read(const char *text)
{
    struct buffer quoted = {0};
    for (; *text != '\0'; text++)
        buffer_append_byte(&quoted, *text == '\'' ? '"' : *text);
    json_t *value = json_loads(buffer_string(&quoted), JSON_DECODE_ANY, NULL);
    if (value == NULL)
        fail_msg("%s is no JSON", buffer_string(&quoted));
    buffer_free(&quoted);
    return value;
}

static void keywords_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        json_t *schema = read(CASES[i].schema);
        struct error error = {0};
        if (CASES[i].good != NULL) {
            json_t *value = read(CASES[i].good);
            if (!json_schema_check(schema, "v", value, &error))
                fail_msg("%s should take %s: %s", CASES[i].schema, CASES[i].good, error.message);
            json_decref(value);
        }
        if (CASES[i].bad != NULL) {
            json_t *value = read(CASES[i].bad);
            if (json_schema_check(schema, "v", value, &error))
                fail_msg("%s should not take %s", CASES[i].schema, CASES[i].bad);
            if (strstr(error.message, CASES[i].sentence) == NULL)
                fail_msg("%s says \"%s\", not \"%s\"", CASES[i].schema, error.message, CASES[i].sentence);
            json_decref(value);
        }
        json_decref(schema);
    }
}

static void defaults_are_filled_in(void **state)
{
    static const struct {
        const char *schema, *value, *filled;
    } cases[] = {
        {"{'properties':{'a':{'default':1},'b':{'default':[2]}}}", "{'a':5}", "{\"a\":5,\"b\":[2]}"},
        {"{'properties':{'a':{'default':{},'properties':{'b':{'default':2}}}}}", "{}", "{\"a\":{\"b\":2}}"},
        {"{'items':{'properties':{'a':{'default':1}}}}", "[{},{'a':2}]", "[{\"a\":1},{\"a\":2}]"},
        {"{'properties':{'a':{'$ref':'#/$defs/x'}},'$defs':{'x':{'default':3}}}", "{}", "{\"a\":3}"},
        {"{'allOf':[{'properties':{'a':{'default':1}}}]}", "{}", "{\"a\":1}"},
        {"{'anyOf':[{'properties':{'a':{'default':1}}}]}", "{}", "{}"},
        {"{'properties':{'a':{'default':1}},'required':['a']}", "{}", "{\"a\":1}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *schema = read(cases[i].schema), *value = read(cases[i].value);
        struct error error = {0};
        assert_true(json_schema_check(schema, "v", value, &error));
        char *text = json_to_string(value);
        assert_string_equal(text, cases[i].filled);
        free(text);
        json_decref(schema);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keywords_are_checked), cmocka_unit_test(defaults_are_filled_in)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
