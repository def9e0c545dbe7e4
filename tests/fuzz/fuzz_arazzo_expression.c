/* Runtime expressions, alone and in braces inside a text. */
#include "fuzz.h"

#include "arazzo/value.h"
#include "arazzo_scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text text = {(const char *)bytes, size};
    struct expression expression;
    struct arazzo_scope made;
    struct buffer out = {0};
    arazzo_scope_create(&made);
    bool parsed = expression_parse(text, &expression, NULL);
    json_t *value = expression_value(text, &made.scope, NULL);
    MUST(parsed || value == NULL);
    MUST(expression_extent(text) <= size);
    value_expand(&out, text, &made.scope, NULL);
    json_t *whole = json_stringn_nocheck(text.data ? text.data : "", size);
    json_decref(value_resolve(whole, &made.scope, NULL));
    json_decref(whole);
    json_decref(value);
    buffer_free(&out);
    arazzo_scope_free(&made);
    return 0;
}
