/* A template, and a line below it the body of the request that fills it. */
#include "fuzz.h"

#include "verify/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, line = TEXT_NONE;
    text_split(&rest, '\n', &line);
    struct arena arena = {0};
    struct http_header items[] = {{TEXT("content-type"), TEXT("application/x-www-form-urlencoded")}, {TEXT("a"), TEXT("b")}};
    struct http_headers headers = {items, 2};
    struct verify_input input = {.method = TEXT("POST"), .origin = TEXT("https://h"), .path = TEXT("/e"),
                                 .query = TEXT("a=b"), .headers = &headers, .body = rest};
    struct reading reading = {.input = &input, .secret = TEXT("secret")};
    struct template template;
    struct buffer out = {0};
    if (template_read(&arena, arena_copy_string(&arena, line), NULL, &template))
        template_append(&template, &reading, &out);
    buffer_free(&out);
    reading_end(&reading);
    arena_free(&arena);
    return 0;
}
