#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "message.h"

/*
 * One non-blocking connection in one epoll set, with the message that is being read from it and the
 * bytes that could not be written yet. Used by everything in the bench that talks HTTP.
 *
 * The epoll event carries the stream's address (level triggered; EPOLLOUT only while output waits),
 * so a stream must not move. All calls belong to the thread that waits on the epoll set.
 */
struct stream {
    int fd;    /* -1 while closed */
    int epoll; /* set by stream_open */
    bool is_client;
    bool waits_writable;
    void *owner; /* for whoever handles the event */
    struct buffer input;
    struct buffer output;
    struct message message;
};

/*
 * Takes over `fd`. A client reads responses and starts out waiting for its connect to end. False
 * when epoll refuses; `fd` is closed then.
 */
bool stream_open(struct stream *stream, int epoll, int fd, bool is_client, void *owner);

/* Closes and forgets what was read; keeps the buffers' memory for the next connection. */
void stream_close(struct stream *stream);

/* Closes and frees. */
void stream_free(struct stream *stream);

/* Reads once. False when the peer closed or the input may not grow further: close the stream. */
bool stream_read(struct stream *stream);

/* Whether the input begins with a whole message. stream_consume takes it away afterwards. */
enum message_verdict stream_parse(struct stream *stream);
void stream_consume(struct stream *stream);

static inline const char *stream_body(const struct stream *stream)
{
    return stream->input.data + stream->message.head_length;
}

/*
 * Sends at once what the socket takes and keeps the rest for stream_flush. False: the connection is
 * lost.
 */
bool stream_write(struct stream *stream, const void *bytes, size_t length);

/*
 * Sends what waits in `output`: when the socket is writable, or after appending to it. False as
 * above.
 */
bool stream_flush(struct stream *stream);

#endif
