#include "deliver/mock.h"

#include "base/json.h"
#include "deliver/auth.h"

static int status_of(struct text query)
{
    struct text rest = query, part;
    int64_t status;
    while (text_split(&rest, '&', &part)) {
        if (text_starts_with(part, TEXT("status=")) && text_to_integer(text_slice(part, 7, part.size), &status) &&
            status >= 200 && status <= 599)
            return (int)status;
    }
    return 200;
}

int mock_answer(const struct destination_settings *settings, const struct envelope *envelope,
                const struct request *request, struct buffer *body)
{
    json_t *headers = json_object();
    for (size_t i = 0; i < envelope->headers.count; i++) {
        const struct http_header *header = &envelope->headers.items[i];
        struct text value = auth_hides(settings, header->name) ? AUTH_HIDDEN : header->value;
        json_object_setn_new(headers, header->name.data, header->name.size, json_text(value));
    }
    json_t *echo = json_object();
    json_object_set_new(echo, "method", json_string(envelope->method));
    json_object_set_new(echo, "path", json_text(envelope->path));
    json_object_set_new(echo, "query", json_text(envelope->query));
    json_object_set_new(echo, "headers", headers);
    json_object_set_new(echo, "body", json_text(request->body));
    json_write(body, echo);
    json_decref(echo);
    return status_of(envelope->query);
}
