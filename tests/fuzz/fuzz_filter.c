/* Filters on hostile schemas and inputs (a line each): they end, and a filter and its contrary never both match. */
#include "fuzz.h"

#include "base/json.h"
#include "rules/filter.h"

enum { DEPTH = 64 };

static void check(const json_t *schema, struct json_view input)
{
    struct filter *filter = filter_compile(schema, NULL);
    json_t *contrary_schema = json_pack("{s:O}", "$not", schema);
    struct filter *contrary = filter_compile(contrary_schema, NULL);
    if (filter != NULL && contrary != NULL)
        MUST(!(filter_match(filter, input) && filter_match(contrary, input)));
    MUST(filter != NULL || contrary == NULL);
    filter_free(filter);
    filter_free(contrary);
    json_decref(contrary_schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    struct json_reader *reader = json_reader_new();
    struct json_view input;
    const char *reason;
    text_split(&rest, '\n', &line);
    json_t *schema = json_parse(line, NULL);
    if (schema != NULL && rest.data != NULL && json_reader_parse(reader, rest.data, rest.size, DEPTH, &input, &reason))
        check(schema, input);
    json_decref(schema);
    json_reader_free(reader);
    return 0;
}
