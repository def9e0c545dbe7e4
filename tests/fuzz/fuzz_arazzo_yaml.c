/* Workflow documents: what YAML gives is JSON, and its checks find whatever is wrong without falling over. */
#include "fuzz.h"

#include "arazzo/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error = {0};
    struct document *document = document_read((struct text){(const char *)bytes, size}, &error);
    MUST(document != NULL || error.message[0] != '\0');
    if (document != NULL) {
        for (size_t i = 0; i < document->problems.count; i++)
            MUST(document->problems.items[i].sentence[0] != '\0');
        char *written = json_to_string(document->yaml.root);
        json_t *again = written ? json_loads(written, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
        MUST(written == NULL || again != NULL);
        json_decref(again);
        free(written);
    }
    document_free(document);
    return 0;
}
