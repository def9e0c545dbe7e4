#include "stream.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_READ_ROOM 4096u

static bool stream_watch(struct stream *stream, int operation, bool writable)
{
    struct epoll_event event = {.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.ptr = stream};
    stream->waits_writable = writable;
    return epoll_ctl(stream->epoll, operation, stream->fd, &event) == 0;
}

bool stream_open(struct stream *stream, int epoll, int fd, bool is_client, void *owner)
{
    stream->fd = fd;
    stream->epoll = epoll;
    stream->is_client = is_client;
    stream->owner = owner;
    message_start(&stream->message, is_client);
    if (stream_watch(stream, EPOLL_CTL_ADD, is_client))
        return true;
    stream_close(stream);
    return false;
}

void stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    stream->input.length = 0;
    stream->output.length = 0;
}

void stream_free(struct stream *stream)
{
    stream_close(stream);
    buffer_free(&stream->input);
    buffer_free(&stream->output);
}

/* How much room the next read should have: what the message still lacks, or a page. */
static size_t stream_room(const struct stream *stream)
{
    const struct message *message = &stream->message;
    size_t whole =
        message->head_length && !message->chunked ? message->head_length + message->body_length : 0;
    size_t missing = whole > stream->input.length ? whole - stream->input.length : 0;
    return missing > STREAM_READ_ROOM ? missing : STREAM_READ_ROOM;
}

bool stream_read(struct stream *stream)
{
    struct buffer *input = &stream->input;
    if (!buffer_reserve(input, stream_room(stream)))
        return false;
    ssize_t got = recv(stream->fd, input->data + input->length, input->capacity - input->length, 0);
    if (got > 0)
        input->length += (size_t)got;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

enum message_verdict stream_parse(struct stream *stream)
{
    if (!stream->input.length)
        return MESSAGE_MORE;
    return message_parse(&stream->message, stream->input.data, stream->input.length);
}

void stream_consume(struct stream *stream)
{
    buffer_drop(&stream->input, stream->message.total_length);
    message_start(&stream->message, stream->is_client);
}

bool stream_write(struct stream *stream, const void *bytes, size_t length)
{
    ssize_t sent = 0;
    if (!stream->output.length) {
        sent = send(stream->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent < 0)
            sent = 0;
    }
    if ((size_t)sent == length)
        return true;
    if (!buffer_append(&stream->output, (const char *)bytes + sent, length - (size_t)sent))
        return false;
    return stream->waits_writable || stream_watch(stream, EPOLL_CTL_MOD, true);
}

bool stream_flush(struct stream *stream)
{
    struct buffer *output = &stream->output;
    if (output->length) {
        ssize_t sent = send(stream->fd, output->data, output->length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent > 0)
            buffer_drop(output, (size_t)sent);
    }
    bool writable = output->length > 0;
    return writable == stream->waits_writable || stream_watch(stream, EPOLL_CTL_MOD, writable);
}
