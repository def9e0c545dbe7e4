/* XPath over texts of XML, and values put into them. */
#include "case.h"

#include "arazzo/xml.h"

static const char LIST[] = "<list xmlns:p=\"urn:p\" kind=\"k\"><item n=\"1\">One</item><item n=\"2\">Two<b/></item><p:sum>3.5</p:sum></list>";

static const struct {
    const char *expression, *value; /* as JSON */
    bool holds;
} SELECTED[] = {
    {"/list/item", "[\"One\",\"Two\"]", true},
    {"/list/item[2]", "[\"Two\"]", true},
    {"//item[@n='1']", "[\"One\"]", true},
    {"/list/@kind", "[\"k\"]", true},
    {"//p:sum", "[\"3.5\"]", true},
    {"//nothing", "[]", false},
    {"count(//item)", "2", true},
    {"count(//nothing)", "0", false},
    {"number(//p:sum)", "3.5", true},
    {"number(//item)", "null", false},
    {"string(//item)", "\"One\"", true},
    {"string(//nothing)", "\"\"", false},
    {"//item = 'Two'", "true", true},
    {"//item = 'Three'", "false", false},
    {"not(//nothing)", "true", true},
    {"//item[last()]/preceding-sibling::item", "[\"One\"]", true},
    {"concat(//item[1], '-', /list/@kind)", "\"One-k\"", true},
};

static const char *const MALFORMED[] = {"", "//[", "/a[", "a b", "@@", "/a/", "'a"};
static const char *const NO_XML[] = {"", "text", "<a>", "<a></b>", "{\"a\":1}", "<a>&none;</a>", "<a b=1/>"};

static void expressions_select(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SELECTED / sizeof SELECTED[0]; i++) {
        struct error error = {0};
        bool holds;
        json_t *value = xml_select(text_of(LIST), text_of(SELECTED[i].expression), &error);
        if (value == NULL)
            fail_msg("%s: %s", SELECTED[i].expression, error.message);
        char *text = json_to_string(value);
        assert_string_equal(text, SELECTED[i].value);
        assert_true(xml_holds(text_of(LIST), text_of(SELECTED[i].expression), &holds, &error));
        assert_int_equal(holds, SELECTED[i].holds);
        assert_true(xml_check_expression(text_of(SELECTED[i].expression), &error));
        free(text);
        json_decref(value);
    }
}

static void malformed_expressions_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MALFORMED / sizeof MALFORMED[0]; i++) {
        struct error error = {0};
        if (xml_check_expression(text_of(MALFORMED[i]), &error))
            fail_msg("\"%s\" is taken for XPath", MALFORMED[i]);
        assert_string_not_equal(error.message, "");
        assert_null(xml_select(text_of(LIST), text_of(MALFORMED[i]), &error));
    }
    struct error error = {0};
    assert_null(xml_select(text_of(LIST), TEXT("//q:item"), &error)); /* a prefix that nobody declared */
    assert_null(xml_select(text_of(LIST), TEXT("none(1)"), &error));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof NO_XML / sizeof NO_XML[0]; i++) {
        struct error error = {0};
        json_t *value = xml_select(text_of(NO_XML[i]), TEXT("/a"), &error);
        if (value != NULL)
            fail_msg("%s is taken for XML", NO_XML[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

static void nodes_are_replaced(void **state)
{
    static const struct {
        const char *xml, *expression, *content, *written; /* written NULL: refused */
    } cases[] = {
        {"<a><b>x</b><b>y</b></a>", "//b", "<z>&", "<a><b>&lt;z&gt;&amp;</b><b>&lt;z&gt;&amp;</b></a>"},
        {"<a n=\"1\"/>", "/a/@n", "\"2\"", "<a n=\"&quot;2&quot;\"/>"},
        {"<a><b><c/></b></a>", "//b", "", "<a><b/></a>"},
        {"<a><b><c>1</c></b></a>", "//b | //c", "x", "<a><b>x</b></a>"},
        {"<?xml version=\"1.0\"?>\n<a>1</a>", "/a", "2", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>2</a>"},
        {"<a>1</a>", "/a/text()", "\xc3\xa4", "<a>\xc3\xa4</a>"},
        {"<a/>", "/b", "x", NULL},
        {"<a/>", "count(/a)", "x", NULL},
        {"<a>", "/a", "x", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        struct error error = {0};
        bool good = xml_replace(&out, text_of(cases[i].xml), text_of(cases[i].expression), text_of(cases[i].content),
                                &error);
        assert_int_equal(good, cases[i].written != NULL);
        if (good)
            assert_string_equal(buffer_string(&out), cases[i].written);
        buffer_free(&out);
    }
}

/* Entities that would be a billion, deep nesting, an expression that never ends: an error each, in short time. */
static void work_is_bounded(void **state)
{
    struct error error = {0};
    struct buffer deep = {0}, wide = {0};
    (void)state;
    static const char bomb[] = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
                               "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
                               "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">"
                               "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;\">"
                               "]><a>&h;&h;&h;&h;&h;&h;&h;&h;</a>";
    json_decref(xml_select(text_of(bomb), TEXT("string-length(/a)"), &error));
    for (int i = 0; i < 100000; i++)
        buffer_append_string(&deep, "<a>");
    assert_null(xml_select(buffer_text(&deep), TEXT("/a"), &error));
    buffer_append_string(&wide, "<a>");
    for (int i = 0; i < 3000; i++)
        buffer_append_string(&wide, "<b/>");
    buffer_append_string(&wide, "</a>");
    error = (struct error){0};
    assert_null(xml_select(buffer_text(&wide), TEXT("count(//b[count(//b[count(//b) > 1]) > 1])"), &error));
    assert_int_equal(error.code, ERROR_INVALID);
    buffer_free(&deep);
    buffer_free(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_select),     cmocka_unit_test(malformed_expressions_are_refused),
        cmocka_unit_test(other_texts_are_refused), cmocka_unit_test(nodes_are_replaced),
        cmocka_unit_test(work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
