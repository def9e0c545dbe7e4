/* The reply to a request: the first byte says in which steps it comes in, the second whether the request was HEAD. */
#include "fuzz.h"

#include "http/head.h"
#include "http/reply.h"

enum { MOST_HEAD = 1024, MOST_KEPT = 64, MOST_READ = 2048 };

static void check_headers(const struct http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        MUST(head_is_token(headers->items[i].name));
        for (size_t k = 0; k < headers->items[i].value.size; k++)
            MUST((unsigned char)headers->items[i].value.data[k] >= ' ' || headers->items[i].value.data[k] == '\t');
    }
}

static void check(const struct reply *reply, enum reply_result result, const char *problem)
{
    MUST(reply->head.size <= MOST_HEAD && reply->body.size <= MOST_KEPT);
    MUST((result == REPLY_COMPLETE) == (reply->state == REPLY_DONE));
    if (result == REPLY_MALFORMED || result == REPLY_BROKEN_CODING)
        MUST(problem != NULL && problem[0] != '\0');
    if (result != REPLY_COMPLETE)
        return;
    MUST(reply->status >= 200 && reply->status <= 999);
    MUST(reply->body_bytes >= (int64_t)reply->body.size);
    MUST(!(reply->to_head && reply->body.size > 0));
    check_headers(&reply->headers);
}

static enum reply_result read_all(struct reply *reply, const char *bytes, size_t size, size_t step, bool to_head)
{
    enum reply_result result = REPLY_MORE;
    const char *problem = NULL;
    reply_begin(reply, to_head, MOST_HEAD, MOST_KEPT, MOST_READ);
    for (size_t at = 0; at < size && result == REPLY_MORE; at += step)
        result = reply_read(reply, bytes + at, size - at < step ? size - at : step, &problem);
    if (result == REPLY_MORE)
        result = reply_closed(reply);
    check(reply, result, problem);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct reply whole = {0}, pieces = {0};
    if (size < 2)
        return 0;
    size_t rest = size - 2;
    char *copy = malloc(rest + !rest); /* exactly as long, so that reading behind it is seen */
    for (size_t i = 0; i < rest; i++)
        copy[i] = (char)bytes[i + 2];
    bool to_head = bytes[1] == 'H';
    enum reply_result at_once = read_all(&whole, copy, rest, rest + 1, to_head);
    enum reply_result in_steps = read_all(&pieces, copy, rest, (size_t)bytes[0] + 1, to_head);
    /* How it was cut into pieces must not matter, but for where reading stops when it is enough. */
    MUST(at_once == in_steps || whole.cut || pieces.cut);
    if (at_once == REPLY_COMPLETE && in_steps == REPLY_COMPLETE) {
        MUST(whole.status == pieces.status && whole.headers.count == pieces.headers.count);
        MUST(whole.body.size == pieces.body.size &&
             (whole.body.size == 0 || memcmp(whole.body.data, pieces.body.data, whole.body.size) == 0));
    }
    /* And the same once more, on what was used before. */
    MUST(read_all(&pieces, copy, rest, rest + 1, to_head) == at_once);
    reply_free(&whole);
    reply_free(&pieces);
    free(copy);
    return 0;
}
