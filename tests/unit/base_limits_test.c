/* The limits: each row of the table stands in docs/configuration.md, and the settings keep to their ranges. */
#include "case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/limits.h"

static struct buffer read_document(void)
{
    struct buffer document = {0};
    char line[1024];
    FILE *file = fopen(SOURCE_ROOT "/docs/configuration.md", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        buffer_append_string(&document, line);
    fclose(file);
    return document;
}

/* What stands between two headings. */
static struct text section(struct text document, const char *heading)
{
    ptrdiff_t start = text_find(document, text_of(heading));
    assert_true(start >= 0);
    struct text rest = text_slice(document, (size_t)start + strlen(heading), document.size);
    ptrdiff_t end = text_find(rest, TEXT("\n## "));
    return end < 0 ? rest : text_slice(rest, 0, (size_t)end);
}

static void the_document_has_every_row(void **state)
{
    struct buffer document = read_document();
    struct text table = section(buffer_text(&document), "\n## Limits\n"), line;
    size_t documented = 0;
    (void)state;
    for (size_t i = 0; i < limit_row_count; i++) {
        const struct limit_row *row = &limit_rows[i];
        struct buffer wanted = {0};
        buffer_printf(&wanted, "\n| `%s` | %" PRId64 " | %" PRId64 " to %" PRId64 " | %s | %s |\n", row->name,
                      row->value, row->least, row->most, row->unit, row->meaning);
        if (text_find(table, buffer_text(&wanted)) < 0)
            fail_msg("docs/configuration.md lacks the row%s", buffer_string(&wanted));
        buffer_free(&wanted);
    }
    while (text_split(&table, '\n', &line))
        documented += text_starts_with(line, TEXT("| `"));
    if (documented != limit_row_count)
        fail_msg("docs/configuration.md has %zu rows of limits, the program %zu", documented, limit_row_count);
    buffer_free(&document);
}

static void every_limit_keeps_to_its_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < limit_row_count; i++) {
        const struct limit_row *row = &limit_rows[i];
        const int64_t *field = (const int64_t *)((const char *)&limits + row->offset);
        const struct {
            bool good;
            int64_t value;
        } tries[] = {{true, row->least}, {true, row->most}, {false, row->least - 1}, {false, row->most + 1}, {true, row->value}};
        assert_true(row->least <= row->value && row->value <= row->most);
        for (size_t k = 0; k < sizeof tries / sizeof tries[0]; k++) {
            struct error error = {0};
            char text[32];
            int64_t before = *field;
            snprintf(text, sizeof text, "%" PRId64, tries[k].value);
            assert_int_equal(limits_set(text_of(row->name), text_of(text), &error), tries[k].good);
            assert_int_equal(*field, tries[k].good ? tries[k].value : before);
            assert_int_equal(error.code, tries[k].good ? ERROR_NONE : ERROR_INVALID);
        }
    }
}

static void what_is_no_limit_is_refused(void **state)
{
    static const char *const values[] = {"", "x", "1.5", "1e3", " 64", "64 ", "0x40", "99999999999999999999"};
    struct error error = {0};
    (void)state;
    assert_false(limits_set(TEXT("no_such_limit"), TEXT("1"), &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_false(limits_set(TEXT("Connections"), TEXT("64"), &error));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_false(limits_set(TEXT("connections"), text_of(values[i]), &error));
        assert_int_equal(error.code, ERROR_INVALID);
        assert_non_null(strstr(error.message, "connections"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_has_every_row), cmocka_unit_test(every_limit_keeps_to_its_range),
        cmocka_unit_test(what_is_no_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
