/* Criteria of every type (the first byte), and that a simple condition and its contrary never both hold. */
#include "fuzz.h"

#include "arazzo/condition.h"
#include "arazzo/criterion.h"
#include "arazzo_scope.h"

static void check_simple(struct text text, const struct scope *scope)
{
    struct buffer contrary_text = {0};
    struct condition *condition = condition_parse(text, NULL);
    if (condition == NULL)
        return;
    buffer_printf(&contrary_text, "!(%.*s)", TEXT_ARGS(text));
    struct condition *contrary = condition_parse(buffer_text(&contrary_text), NULL);
    if (contrary != NULL)
        MUST(condition_holds(condition, scope, NULL) != condition_holds(contrary, scope, NULL));
    condition_free(contrary);
    condition_free(condition);
    buffer_free(&contrary_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2 || memchr(bytes, 0, size) != NULL)
        return 0;
    struct arazzo_scope made;
    struct buffer copy = {0}, why = {0};
    buffer_append(&copy, bytes + 1, size - 1);
    enum criterion_type type = (enum criterion_type)(bytes[0] % 4);
    struct criterion criterion = {.context = type == CRITERION_XPATH ? "$inputs.xml" : "$response.body",
                                  .condition = buffer_string(&copy),
                                  .type = type};
    arazzo_scope_create(&made);
    if (criterion.type == CRITERION_SIMPLE)
        check_simple(buffer_text(&copy), &made.scope);
    if (criterion_check(&criterion, NULL, NULL)) {
        criterion_holds(&criterion, &made.scope, &why);
        MUST(why.size > 0 || criterion.type == CRITERION_SIMPLE); /* literals have nothing to tell */
    }
    buffer_free(&why);
    buffer_free(&copy);
    arazzo_scope_free(&made);
    return 0;
}
