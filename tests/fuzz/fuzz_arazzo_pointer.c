/* A JSON Pointer, and a line below it the JSON that it is put into: what was set is found again. */
#include "fuzz.h"

#include "arazzo/json_pointer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    text_split(&rest, '\n', &line);
    json_t *data = rest.data ? json_loadb(rest.data, rest.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (data == NULL)
        return 0;
    json_t *mark = json_string("mark");
    bool appends = text_ends_with(line, TEXT("/-"));
    json_t *found = json_pointer_get(data, line);
    MUST(found == NULL || json_pointer_is_valid(line));
    if (json_pointer_set(&data, line, mark, NULL) && !appends)
        MUST(json_equal(json_pointer_get(data, line), mark));
    json_decref(mark);
    json_decref(data);
    return 0;
}
