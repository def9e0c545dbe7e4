#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The framing of HTTP/1.1 messages (RFC 9112), as much as a trusted peer on loopback needs: where a
 * head ends, how long the body is (Content-Length or chunked) and whether the connection stays
 * open. A response that ends with its connection is refused: the bench wants framed answers.
 *
 * Bytes are handed over as they pile up in one buffer, always from the message's first byte. A
 * chunked body is joined in place, so that the body of a whole message is always one piece behind
 * its head.
 */

#define MESSAGE_HEAD_MAX 65536u
#define MESSAGE_BODY_MAX (16u * 1024 * 1024)

enum message_verdict {
    MESSAGE_MORE,  /* not all there yet */
    MESSAGE_WHOLE, /* head, body and total_length are valid */
    MESSAGE_BAD    /* malformed or beyond a limit; the connection is of no further use */
};

struct message {
    bool is_response; /* set by message_start, kept by message_parse */
    bool keep_alive;
    bool chunked;
    int status;           /* of a response */
    size_t target_offset; /* of a request: its target ("/hook?x=1") */
    size_t target_length;
    size_t head_length; /* with the empty line; 0 until the head is whole */
    size_t body_length; /* as announced, or as joined so far when chunked */
    size_t scanned;     /* bytes that need not be looked at again */
    size_t total_length;
};

void message_start(struct message *message, bool is_response);

/* `data` is written to only when the body is chunked. */
enum message_verdict message_parse(struct message *message, char *data, size_t length);

#endif
