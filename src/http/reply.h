/*
 * reply.h - takes the reply of an HTTP/1.x server apart as it comes in, strictly. Pure but for memory.
 *
 * What could be understood in two ways is refused (RFC 9112, 4 to 7): a status line that is none, lines without
 * a colon, bare CR and NUL, lengths that are no plain number or contradict each other, codings but one "chunked",
 * and either of them in a line that is no proper header. What servers are known to do and what is not ambiguous is
 * taken, but the connection is not used again afterwards: lines that end in LF alone, other lines that are no header
 * (folded ones, names with spaces, control characters), which are left out, a length repeated with the same value, a
 * length beside "chunked", which is ignored then. Replies with a status of 1xx are passed over; 101 was not asked for.
 *
 * Each byte is looked at once. Of the body the first most_kept bytes are kept, decompressed; beyond most_read,
 * compressed or not, the reply counts as complete.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/chunked.h"
#include "http/inflater.h"
#include "http/message.h"

enum reply_state { REPLY_HEAD, REPLY_LENGTH, REPLY_CHUNKED, REPLY_UNTIL_CLOSE, REPLY_DONE };

enum reply_coding { CODING_NONE, CODING_GZIP, CODING_DEFLATE, CODING_UNKNOWN /* its body cannot be kept */ };

/* Used for one reply after the other. */
struct reply {
    enum reply_state state;
    bool to_head; /* the request was HEAD: no body follows */
    int64_t most_head, most_kept, most_read;

    struct buffer head;          /* the last one; the headers lie in it */
    size_t line, seen;           /* in it: where the present line begins, and what was looked at */
    int64_t earlier_heads;       /* bytes of those before it */
    bool too_long;               /* malformed because the heads are longer than most_head */
    bool loose;                  /* taken, but the connection is not to be used again */
    int minor_version, status;   /* status 0: no head so far */
    struct http_headers headers; /* names in lower case */
    struct arena arena;          /* their array */

    enum reply_coding coding;
    struct chunked chunked;
    int64_t left;                /* of a body with a length */
    struct inflater inflater;
    int64_t wire_bytes, body_bytes; /* as they came, and decompressed */
    struct buffer body;          /* what is kept of it */
    bool cut;                    /* there is more, which was not read */
    bool reusable;               /* once done: the connection may carry another request */
};

enum reply_result { REPLY_MORE, REPLY_COMPLETE, REPLY_MALFORMED, REPLY_BROKEN_CODING };

/* Forgets the last one, and keeps the buffers. */
void reply_begin(struct reply *reply, bool to_head, int64_t most_head, int64_t most_kept, int64_t most_read);
/* *problem: a sentence for the last two results. Bytes behind a complete reply are dropped, and it is not reusable. */
enum reply_result reply_read(struct reply *reply, const char *bytes, size_t size, const char **problem);
/* The server has closed the connection. REPLY_MORE: the reply is not complete. */
enum reply_result reply_closed(struct reply *reply);
void reply_shrink(struct reply *reply); /* gives large buffers back */
void reply_free(struct reply *reply);
