/* An XPath, and a line below it the XML that it is asked of, and that a text is put into. */
#include "fuzz.h"

#include "arazzo/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    struct error error = {0};
    struct buffer written = {0};
    bool holds = false;
    text_split(&rest, '\n', &line);
    xml_check_expression(line, &error);
    json_t *value = xml_select(rest, line, &error);
    MUST(value != NULL || error.message[0] != '\0');
    MUST(xml_holds(rest, line, &holds, &error) == (value != NULL));
    if (xml_replace(&written, rest, line, TEXT("a<b&c"), &error))
        MUST(json_is_array(value) && json_array_size(value) > 0);
    buffer_free(&written);
    json_decref(value);
    return 0;
}
