/* A JSON Schema, and a line below it the value that it is asked about. */
#include "fuzz.h"

#include "arazzo/inputs.h"
#include "arazzo/json_schema.h"

static json_t *read(struct text text)
{
    return json_loadb(text.data ? text.data : "", text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    struct error error = {0};
    text_split(&rest, '\n', &line);
    json_t *schema = read(line), *value = read(rest);
    if (schema != NULL && value != NULL) {
        MUST(json_schema_check(schema, "v", value, &error) || error.message[0] != '\0');
        json_decref(input_from_text(schema, "a", TEXT("1"), &error));
        json_t *inputs = json_is_object(value) ? inputs_resolve(schema, value, &error) : NULL;
        json_decref(inputs);
    }
    json_decref(schema);
    json_decref(value);
    return 0;
}
