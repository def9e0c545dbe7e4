#include "sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "sink_page.h"
#include "stream.h"

#define SINK_EVENTS 128
#define SINK_TICK_MS 50 /* how soon a stop is noticed when nothing arrives */

/*
 * Every connection is on the list of all; one whose answer is due later is on the waiting list too,
 * which is in order of time because the delay is the same for all.
 */
struct visitor {
    struct stream stream;
    bool busy; /* an arrival waits for its answer: nothing more is parsed */
    uint64_t due_ns;
    struct visitor *previous, *next;
    struct visitor *waiting_previous, *waiting_next;
    bool waiting;
};

struct sink {
    struct sink_plan plan;
    struct tally tally;
    char answer[128];
    size_t answer_length;
    int listener;
    int epoll;
    struct visitor *visitors;
    unsigned visitor_count;
    struct visitor *waiting_first, *waiting_last;
    pthread_t thread;
    bool running;
    atomic_bool stop;
    uint64_t cpu_ns;
};

static void visitor_end_waiting(struct sink *sink, struct visitor *visitor)
{
    if (!visitor->waiting)
        return;
    *(visitor->waiting_previous ? &visitor->waiting_previous->waiting_next : &sink->waiting_first) =
        visitor->waiting_next;
    *(visitor->waiting_next ? &visitor->waiting_next->waiting_previous : &sink->waiting_last) =
        visitor->waiting_previous;
    visitor->waiting = false;
}

static void visitor_wait(struct sink *sink, struct visitor *visitor, uint64_t due_ns)
{
    visitor->waiting = true;
    visitor->due_ns = due_ns;
    visitor->waiting_next = NULL;
    visitor->waiting_previous = sink->waiting_last;
    *(sink->waiting_last ? &sink->waiting_last->waiting_next : &sink->waiting_first) = visitor;
    sink->waiting_last = visitor;
}

static void visitor_free(struct sink *sink, struct visitor *visitor)
{
    visitor_end_waiting(sink, visitor);
    *(visitor->previous ? &visitor->previous->next : &sink->visitors) = visitor->next;
    if (visitor->next)
        visitor->next->previous = visitor->previous;
    sink->visitor_count--;
    stream_free(&visitor->stream);
    free(visitor);
}

static void sink_accept(struct sink *sink)
{
    for (int fd; (fd = address_accept(sink->listener)) >= 0;) {
        struct visitor *visitor =
            sink->visitor_count < SINK_CONNECTIONS_MAX ? calloc(1, sizeof *visitor) : NULL;
        if (!visitor) {
            close(fd);
            continue;
        }
        if (!stream_open(&visitor->stream, sink->epoll, fd, false, visitor)) {
            stream_free(&visitor->stream);
            free(visitor);
            continue;
        }
        visitor->next = sink->visitors;
        if (visitor->next)
            visitor->next->previous = visitor;
        sink->visitors = visitor;
        sink->visitor_count++;
    }
}

/* Sends the answer that every arrival gets. False: close the connection. */
static bool visitor_answer(struct sink *sink, struct visitor *visitor)
{
    bool keep = visitor->stream.message.keep_alive;
    visitor->busy = false;
    stream_consume(&visitor->stream);
    return stream_write(&visitor->stream, sink->answer, sink->answer_length) && keep;
}

static bool visitor_show_page(struct visitor *visitor, const struct report *report)
{
    char head[128];
    int length =
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                 report->text.length);
    bool keep = visitor->stream.message.keep_alive;
    stream_consume(&visitor->stream);
    return stream_write(&visitor->stream, head, (size_t)length) &&
           stream_write(&visitor->stream, report->text.data, report->text.length) && keep;
}

/* Handles the one whole message at the front. False: close the connection. */
static bool visitor_arrival(struct sink *sink, struct visitor *visitor, uint64_t now_ns)
{
    struct stream *stream = &visitor->stream;
    const struct message *message = &stream->message;
    struct report report = {0};
    if (sink_page(&sink->tally, stream->input.data, message->target_offset + message->target_length,
                  &report)) {
        bool open = visitor_show_page(visitor, &report);
        report_free(&report);
        return open;
    }
    bool accepted = !sink->plan.never && sink->plan.status >= 200 && sink->plan.status < 300;
    tally_record(&sink->tally, stream_body(stream), message->body_length, accepted, now_ns);
    visitor->busy = sink->plan.never || sink->plan.delay_ns;
    if (sink->plan.never)
        return true;
    if (sink->plan.delay_ns) {
        visitor_wait(sink, visitor, now_ns + sink->plan.delay_ns);
        return true;
    }
    return visitor_answer(sink, visitor);
}

static bool visitor_serve(struct sink *sink, struct visitor *visitor)
{
    uint64_t now_ns = clock_now_ns();
    while (!visitor->busy) {
        enum message_verdict verdict = stream_parse(&visitor->stream);
        if (verdict != MESSAGE_WHOLE)
            return verdict == MESSAGE_MORE;
        if (!visitor_arrival(sink, visitor, now_ns))
            return false;
    }
    return true;
}

static void sink_answer_due(struct sink *sink)
{
    uint64_t now_ns = clock_now_ns();
    for (struct visitor *visitor; (visitor = sink->waiting_first) && visitor->due_ns <= now_ns;) {
        visitor_end_waiting(sink, visitor);
        if (!visitor_answer(sink, visitor) || !visitor_serve(sink, visitor))
            visitor_free(sink, visitor);
    }
}

static int sink_patience_ms(const struct sink *sink)
{
    if (!sink->waiting_first)
        return SINK_TICK_MS;
    uint64_t now_ns = clock_now_ns();
    uint64_t due_ns = sink->waiting_first->due_ns;
    uint64_t ms = due_ns > now_ns ? (due_ns - now_ns + CLOCK_MS_NS - 1) / CLOCK_MS_NS : 0;
    return ms < SINK_TICK_MS ? (int)ms : SINK_TICK_MS;
}

static void *sink_run(void *context)
{
    struct sink *sink = context;
    struct epoll_event events[SINK_EVENTS];
    while (!atomic_load(&sink->stop)) {
        int count = epoll_wait(sink->epoll, events, SINK_EVENTS, sink_patience_ms(sink));
        for (int i = 0; i < count; i++) {
            if (!events[i].data.ptr) {
                sink_accept(sink);
                continue;
            }
            struct stream *stream = events[i].data.ptr;
            bool open = !(events[i].events & EPOLLOUT) || stream_flush(stream);
            if (open && (events[i].events & ~(uint32_t)EPOLLOUT))
                open = stream_read(stream) && visitor_serve(sink, stream->owner);
            if (!open)
                visitor_free(sink, stream->owner);
        }
        sink_answer_due(sink);
    }
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    sink->cpu_ns = (uint64_t)used.tv_sec * CLOCK_SECOND_NS + (uint64_t)used.tv_nsec;
    return NULL;
}

struct sink *sink_open(struct address *address, const struct sink_plan *plan, struct fault *fault)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink) {
        fault_set(fault, "no memory for a sink");
        return NULL;
    }
    sink->plan = *plan;
    int length =
        snprintf(sink->answer, sizeof sink->answer,
                 "HTTP/1.1 %u Answer\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
                 plan->status);
    sink->answer_length = (size_t)length;
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    sink->listener = address_listen(address, fault);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (sink->epoll >= 0 && sink->listener >= 0 &&
        epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->listener, &event) == 0)
        return sink;
    if (sink->listener >= 0)
        fault_set(fault, "cannot set up epoll: %s", strerror(errno));
    sink_free(sink);
    return NULL;
}

bool sink_start(struct sink *sink, struct fault *fault)
{
    int error = pthread_create(&sink->thread, NULL, sink_run, sink);
    sink->running = error == 0;
    return sink->running || fault_set(fault, "cannot start the sink's thread: %s", strerror(error));
}

void sink_stop(struct sink *sink)
{
    if (!sink->running)
        return;
    atomic_store(&sink->stop, true);
    pthread_join(sink->thread, NULL);
    sink->running = false;
}

const struct tally *sink_tally(const struct sink *sink)
{
    return &sink->tally;
}

uint64_t sink_cpu_ns(const struct sink *sink)
{
    return sink->cpu_ns;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    sink_stop(sink);
    while (sink->visitors)
        visitor_free(sink, sink->visitors);
    if (sink->listener >= 0)
        close(sink->listener);
    if (sink->epoll >= 0)
        close(sink->epoll);
    tally_reset(&sink->tally);
    free(sink);
}
