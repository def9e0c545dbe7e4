#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "fault.h"

#define PAYLOAD_SIZE_MAX (16u * 1024 * 1024)

/*
 * A ready HTTP request with a JSON body of exactly the wished size: an invoice notice such as a
 * payment service sends, its token first, filled up by a text of pseudo-random letters. Made once
 * per URL; only the token's numbers change from one webhook to the next.
 */
struct payload {
    struct buffer request;
    size_t digits_offset; /* where the token's numbers lie in the request */
};

/*
 * `head` is everything of the request head that does not depend on the body, each line with its
 * CRLF. The size must hold the notice without filling (about 400 bytes) and not pass
 * PAYLOAD_SIZE_MAX.
 */
bool payload_make(struct payload *payload, const char *head, const char *run, size_t size,
                  struct fault *fault);

void payload_stamp(struct payload *payload, uint64_t sequence, uint64_t send_ns);
void payload_free(struct payload *payload);

#endif
