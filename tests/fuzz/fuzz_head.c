/* The head of a request: the first byte says in which steps it comes in. */
#include "fuzz.h"

#include "http/head.h"

static ptrdiff_t find_end(const char *bytes, size_t size, size_t step)
{
    size_t seen = 0;
    ptrdiff_t end = 0;
    for (size_t have = 0; have < size && end == 0;) {
        have = size - have < step ? size : have + step;
        end = head_find_end(bytes, have, &seen);
    }
    return end;
}

static void check(const struct request_head *head)
{
    MUST(head->path.size > 0 && head->path.data[0] == '/');
    MUST(head_is_token(head->method));
    MUST(!(head->chunked && head->content_length >= 0));
    MUST(head->minor_version == 1 || !head->chunked);
    for (size_t i = 0; i < head->headers.count; i++) {
        struct http_header header = head->headers.items[i];
        MUST(head_is_token(header.name));
        for (size_t k = 0; k < header.value.size; k++)
            MUST((unsigned char)header.value.data[k] >= ' ' || header.value.data[k] == '\t');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = (size_t)bytes[0] + 1;
    char *copy = malloc(size - 1 + !(size - 1)); /* exactly as long, so that reading behind it is seen */
    for (size_t i = 1; i < size; i++)
        copy[i - 1] = (char)bytes[i];
    ptrdiff_t end = find_end(copy, size - 1, step);
    MUST(end == find_end(copy, size - 1, size));
    if (end > 0) {
        struct arena arena = {0};
        struct request_head head;
        struct head_problem problem = {0};
        if (head_parse(&arena, copy, (size_t)end, &head, &problem))
            check(&head);
        else
            MUST(problem.status >= 400 && problem.status <= 505 && problem.message != NULL);
        arena_free(&arena);
    }
    free(copy);
    return 0;
}
