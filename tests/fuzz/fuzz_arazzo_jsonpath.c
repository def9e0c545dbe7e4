/* A JSONPath, and a line below it the JSON that it is asked of. What it finds lies in the data. */
#include "fuzz.h"

#include "arazzo/jsonpath.h"

enum { DATA_MOST = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    struct jsonpath_nodes nodes = {0};
    size_t used = 0;
    text_split(&rest, '\n', &line);
    struct jsonpath *path = jsonpath_parse(line, NULL), *prefix = jsonpath_parse_prefix(line, &used, NULL);
    MUST(path == NULL || (prefix != NULL && used == line.size));
    json_t *data = rest.data && rest.size <= DATA_MOST
                       ? json_loadb(rest.data, rest.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (path != NULL && data != NULL && jsonpath_select(path, data, &nodes, NULL)) {
        for (size_t i = 0; i < nodes.count; i++)
            MUST(json_type_name(nodes.items[i]) != NULL);
    }
    jsonpath_nodes_free(&nodes);
    jsonpath_free(path);
    jsonpath_free(prefix);
    json_decref(data);
    return 0;
}
