#include "deliver/mock.h"

#include "base/json.h"

static int asked_status(struct text query)
{
    struct text part;
    int64_t status;
    while (text_split(&query, '&', &part)) {
        if (text_starts_with(part, TEXT("status=")) && text_to_integer(text_slice(part, 7, part.size), &status) &&
            status >= 200 && status <= 599)
            return (int)status;
    }
    return 200;
}

int mock_answer(const struct envelope *envelope, struct text body, struct buffer *reply)
{
    struct text url = text_of(envelope->url), query = {"", 0};
    struct text behind = text_slice(url, strlen("mock://fairlead"), url.size);
    ptrdiff_t mark = text_find_byte(behind, '?');
    if (mark >= 0) {
        query = text_slice(behind, (size_t)mark + 1, behind.size);
        behind = text_slice(behind, 0, (size_t)mark);
    }
    json_t *answer = json_object(), *headers = json_object();
    for (size_t i = 0; i < envelope->headers.count; i++) {
        const struct http_header *header = &envelope->headers.items[i];
        if (text_is_utf8(header->name))
            json_object_setn_new(headers, header->name.data, header->name.size, json_text(header->value));
    }
    json_object_set_new(answer, "method", json_text(text_of(envelope->method)));
    json_object_set_new(answer, "path", json_text(behind.size > 0 ? behind : TEXT("/")));
    json_object_set_new(answer, "query", json_text(query));
    json_object_set_new(answer, "headers", headers);
    json_object_set_new(answer, "body", json_text(body.data != NULL ? body : TEXT("")));
    json_write(reply, answer);
    json_decref(answer);
    return asked_status(query);
}
