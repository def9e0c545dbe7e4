#include "payload.h"

#include <stdio.h>
#include <string.h>

#include "token.h"

#define PAYLOAD_HEAD_MAX 16384

/*
 * The filling has to differ from letter to letter, or a store that compresses would be measured too
 * well.
 */
static void payload_fill(char *out, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        out[i] = letters[state % 64];
    }
}

static bool payload_make_body(struct payload *payload, const char *run, size_t size,
                              struct fault *fault)
{
    struct token token = {0};
    snprintf(token.run, sizeof token.run, "%s", run);
    char mark[TOKEN_MAX + 1];
    mark[token_write(mark, &token)] = '\0';

    char body[1024];
    int length = snprintf(
        body, sizeof body,
        "{\"id\":\"%s\",\"type\":\"invoice.paid\",\"created\":1754300000,\"livemode\":false,"
        "\"data\":{\"object\":{\"id\":\"in_1PqX3aK2mB7\",\"amount_due\":4200,\"amount_paid\":4200,"
        "\"currency\":\"eur\",\"customer\":{\"id\":\"cus_Q9fT\",\"email\":\"ada@example.com\"},"
        "\"lines\":[{\"sku\":\"rope-12mm\",\"quantity\":3,\"price\":1400}],\"paid\":true}},"
        "\"note\":\"",
        mark);
    static const char tail[] = "\"}";
    size_t fixed = (size_t)length + strlen(tail);
    if (size < fixed || size > PAYLOAD_SIZE_MAX)
        return fault_set(fault, "the body size must be between %zu and %u bytes", fixed,
                         PAYLOAD_SIZE_MAX);
    struct buffer *request = &payload->request;
    payload->digits_offset = request->length + strlen("{\"id\":\"") + strlen(mark) - TOKEN_DIGITS;
    if (!buffer_reserve(request, size))
        return fault_set(fault, "no memory for a body of %zu bytes", size);
    buffer_append(request, body, (size_t)length);
    payload_fill(request->data + request->length, size - fixed);
    request->length += size - fixed;
    return buffer_append(request, tail, strlen(tail));
}

bool payload_make(struct payload *payload, const char *head, const char *run, size_t size,
                  struct fault *fault)
{
    char full_head[PAYLOAD_HEAD_MAX];
    int length =
        snprintf(full_head, sizeof full_head,
                 "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", head, size);
    if (length >= PAYLOAD_HEAD_MAX)
        return fault_set(fault, "the request head is longer than %d bytes", PAYLOAD_HEAD_MAX);
    *payload = (struct payload){0};
    if (!buffer_append(&payload->request, full_head, (size_t)length))
        return fault_set(fault, "no memory for a request head");
    if (payload_make_body(payload, run, size, fault))
        return true;
    payload_free(payload);
    return false;
}

void payload_stamp(struct payload *payload, uint64_t sequence, uint64_t send_ns)
{
    token_patch(payload->request.data + payload->digits_offset, sequence, send_ns);
}

void payload_free(struct payload *payload)
{
    buffer_free(&payload->request);
}
