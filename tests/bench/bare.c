#include "bare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "journal.h"
#include "stop.h"
#include "stream.h"

#define BARE_EVENTS 128
#define BARE_TICK_MS 100

/* Who an epoll event is for; the first member of everything that owns a stream. */
enum bare_role { BARE_SENDER, BARE_COURIER };

/*
 * A connection of the load. While its webhook is written or its answer held back the sender is on
 * the chain and must not be freed, even when its connection ends.
 */
struct sender {
    enum bare_role role;
    struct stream stream;
    bool chained;
    bool gone; /* the connection ended while chained */
    struct sender *next;
    struct sender *all_previous, *all_next;
};

/* A connection to the destination. */
struct courier {
    enum bare_role role;
    struct stream stream;
    struct courier *idle_next;
};

/* A body that waits for a courier. */
struct parcel {
    struct parcel *next;
    size_t length;
    char body[];
};

struct bare {
    const struct bare_plan *plan;
    int epoll;
    struct journal *journal;
    struct sender *chain_first, *chain_last; /* in the order of the journal */
    uint64_t answered;                       /* senders that have left the chain */
    uint64_t synced; /* of all that joined it, those whose body is on disk */
    struct sender *senders;
    unsigned sender_count;
    struct courier *couriers;
    struct courier *idle_couriers;
    struct parcel *parcels_first, *parcels_last;
    unsigned parcel_count;
    bool broken; /* the journal or the destination failed */
};

static int listener_mark;
static int journal_mark;

static void bare_chain(struct bare *bare, struct sender *sender)
{
    sender->chained = true;
    sender->next = NULL;
    *(bare->chain_last ? &bare->chain_last->next : &bare->chain_first) = sender;
    bare->chain_last = sender;
}

static struct sender *bare_unchain(struct bare *bare)
{
    struct sender *sender = bare->chain_first;
    bare->chain_first = sender->next;
    if (!sender->next)
        bare->chain_last = NULL;
    sender->chained = false;
    bare->answered++;
    return sender;
}

static void sender_free(struct bare *bare, struct sender *sender)
{
    *(sender->all_previous ? &sender->all_previous->all_next : &bare->senders) = sender->all_next;
    if (sender->all_next)
        sender->all_next->all_previous = sender->all_previous;
    bare->sender_count--;
    stream_free(&sender->stream);
    free(sender);
}

/* Keeps what was read: the body of a chained sender is still to be forwarded. */
static void sender_end(struct bare *bare, struct sender *sender)
{
    if (!sender->chained) {
        sender_free(bare, sender);
        return;
    }
    epoll_ctl(bare->epoll, EPOLL_CTL_DEL, sender->stream.fd, NULL);
    sender->gone = true;
}

static void bare_accept(struct bare *bare)
{
    for (int fd; (fd = address_accept(bare->plan->listener)) >= 0;) {
        struct sender *sender =
            bare->sender_count < BARE_CONNECTIONS_MAX ? calloc(1, sizeof *sender) : NULL;
        if (!sender) {
            close(fd);
            continue;
        }
        sender->all_next = bare->senders;
        if (sender->all_next)
            sender->all_next->all_previous = sender;
        bare->senders = sender;
        bare->sender_count++;
        if (!stream_open(&sender->stream, bare->epoll, fd, false, sender))
            sender_free(bare, sender);
    }
}

/* Takes the next webhook from a sender that has none under way. */
static void sender_take(struct bare *bare, struct sender *sender)
{
    enum message_verdict verdict = stream_parse(&sender->stream);
    if (verdict == MESSAGE_MORE)
        return;
    if (verdict == MESSAGE_BAD || !journal_append(bare->journal, stream_body(&sender->stream),
                                                  sender->stream.message.body_length)) {
        sender_free(bare, sender);
        return;
    }
    bare_chain(bare, sender);
}

static void sender_event(struct bare *bare, struct sender *sender, uint32_t events)
{
    bool open = !(events & EPOLLOUT) || stream_flush(&sender->stream);
    if (open && events & ~(uint32_t)EPOLLOUT)
        open = stream_read(&sender->stream);
    if (!open)
        sender_end(bare, sender);
    else if (!sender->chained)
        sender_take(bare, sender);
}

static void courier_connect(struct bare *bare, struct courier *courier)
{
    int fd = address_connect(&bare->plan->destination);
    if (fd < 0 || !stream_open(&courier->stream, bare->epoll, fd, true, courier))
        bare->broken = true;
}

static void courier_carry(struct bare *bare, struct courier *courier, const char *body,
                          size_t length)
{
    const struct address *destination = &bare->plan->destination;
    char head[ADDRESS_PATH_MAX + 256];
    int head_length = snprintf(head, sizeof head,
                               "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\n\r\n",
                               destination->path, destination->authority, length);
    struct buffer *output = &courier->stream.output;
    if (!buffer_append(output, head, (size_t)head_length) || !buffer_append(output, body, length) ||
        !stream_flush(&courier->stream))
        bare->broken = true;
}

static void bare_forward(struct bare *bare, const char *body, size_t length)
{
    struct courier *courier = bare->idle_couriers;
    if (courier) {
        bare->idle_couriers = courier->idle_next;
        courier_carry(bare, courier, body, length);
        return;
    }
    struct parcel *parcel = malloc(sizeof *parcel + length);
    if (!parcel) {
        bare->broken = true;
        return;
    }
    parcel->next = NULL;
    parcel->length = length;
    memcpy(parcel->body, body, length);
    *(bare->parcels_last ? &bare->parcels_last->next : &bare->parcels_first) = parcel;
    bare->parcels_last = parcel;
    bare->parcel_count++;
}

static void courier_rest(struct bare *bare, struct courier *courier)
{
    struct parcel *parcel = bare->parcels_first;
    if (!parcel) {
        courier->idle_next = bare->idle_couriers;
        bare->idle_couriers = courier;
        return;
    }
    bare->parcels_first = parcel->next;
    if (!parcel->next)
        bare->parcels_last = NULL;
    bare->parcel_count--;
    courier_carry(bare, courier, parcel->body, parcel->length);
    free(parcel);
}

static void courier_event(struct bare *bare, struct courier *courier, uint32_t events)
{
    if (events & EPOLLOUT && !stream_flush(&courier->stream)) {
        bare->broken = true;
        return;
    }
    if (!(events & ~(uint32_t)EPOLLOUT))
        return;
    if (!stream_read(&courier->stream)) {
        bare->broken = true;
        return;
    }
    enum message_verdict verdict = stream_parse(&courier->stream);
    if (verdict == MESSAGE_MORE)
        return;
    bare->broken = verdict == MESSAGE_BAD;
    stream_consume(&courier->stream);
    courier_rest(bare, courier);
}

/* Answers and forwards what is on disk, as far as there is room for it. */
static void bare_answer_synced(struct bare *bare)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    while (bare->answered < bare->synced && bare->parcel_count < BARE_WAITING_MAX) {
        struct sender *sender = bare_unchain(bare);
        bool open = !sender->gone && stream_write(&sender->stream, answer, sizeof answer - 1);
        bare_forward(bare, stream_body(&sender->stream), sender->stream.message.body_length);
        bool keep = open && sender->stream.message.keep_alive;
        stream_consume(&sender->stream);
        if (keep)
            sender_take(bare, sender);
        else
            sender_free(bare, sender);
    }
}

static void bare_event(struct bare *bare, const struct epoll_event *event)
{
    if (event->data.ptr == &listener_mark) {
        bare_accept(bare);
    } else if (event->data.ptr == &journal_mark) {
        bare->broken = !journal_synced(bare->journal, &bare->synced);
    } else {
        struct stream *stream = event->data.ptr;
        if (*(enum bare_role *)stream->owner == BARE_SENDER)
            sender_event(bare, stream->owner, event->events);
        else
            courier_event(bare, stream->owner, event->events);
    }
}

static void bare_loop(struct bare *bare)
{
    struct epoll_event events[BARE_EVENTS];
    while (!stop_requested() && !bare->broken) {
        int count = epoll_wait(bare->epoll, events, BARE_EVENTS, BARE_TICK_MS);
        for (int i = 0; i < count && !bare->broken; i++)
            bare_event(bare, &events[i]);
        bare_answer_synced(bare);
    }
}

static bool bare_prepare(struct bare *bare, struct fault *fault)
{
    int done_fd = -1;
    bare->couriers = calloc(bare->plan->connections, sizeof *bare->couriers);
    bare->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!bare->couriers || bare->epoll < 0)
        return fault_set(fault, "cannot set up the bare gateway: %s", strerror(errno));
    bare->journal = journal_open(bare->plan->directory, &done_fd, fault);
    if (!bare->journal)
        return false;
    struct epoll_event listener = {.events = EPOLLIN, .data.ptr = &listener_mark};
    struct epoll_event journal = {.events = EPOLLIN, .data.ptr = &journal_mark};
    if (epoll_ctl(bare->epoll, EPOLL_CTL_ADD, bare->plan->listener, &listener) != 0 ||
        epoll_ctl(bare->epoll, EPOLL_CTL_ADD, done_fd, &journal) != 0)
        return fault_set(fault, "cannot set up epoll: %s", strerror(errno));
    for (uint64_t i = 0; i < bare->plan->connections; i++)
        bare->couriers[i] = (struct courier){.role = BARE_COURIER, .stream.fd = -1};
    for (uint64_t i = 0; i < bare->plan->connections && !bare->broken; i++) {
        courier_connect(bare, &bare->couriers[i]);
        courier_rest(bare, &bare->couriers[i]);
    }
    return !bare->broken ||
           fault_set(fault, "cannot connect to the destination: %s", strerror(errno));
}

static void bare_release(struct bare *bare)
{
    while (bare->senders)
        sender_free(bare, bare->senders);
    for (uint64_t i = 0; bare->couriers && i < bare->plan->connections; i++)
        stream_free(&bare->couriers[i].stream);
    for (struct parcel *parcel; (parcel = bare->parcels_first);) {
        bare->parcels_first = parcel->next;
        free(parcel);
    }
    if (bare->journal)
        journal_close(bare->journal);
    if (bare->epoll >= 0)
        close(bare->epoll);
    free(bare->couriers);
}

bool bare_serve(const struct bare_plan *plan, struct fault *fault)
{
    struct bare bare = {.plan = plan, .epoll = -1};
    bool served = bare_prepare(&bare, fault);
    if (served) {
        bare_loop(&bare);
        served = !bare.broken || fault_set(fault, "the journal or the destination failed");
    }
    bare_release(&bare);
    return served;
}
