#include "load.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "clock.h"
#include "payload.h"
#include "stop.h"
#include "stream.h"
#include "token.h"

#define LOAD_EVENTS 128
#define LOAD_TICK_NS (10 * CLOCK_MS_NS) /* between two looks at timeouts and dead connections */
#define LOAD_RECONNECT_NS (20 * CLOCK_MS_NS) /* after a connection failed or ended */

enum line_state {
    LINE_DOWN,       /* no socket; tried again after retry_ns */
    LINE_CONNECTING, /* the connect runs */
    LINE_IDLE,       /* up and on the stack of idle lines */
    LINE_BUSY        /* up and waiting for an answer */
};

/* One connection to the gateway. */
struct line {
    struct stream stream;
    enum line_state state;
    unsigned url;
    uint64_t sequence;    /* of the webhook under way */
    uint64_t intended_ns; /* when it was due */
    uint64_t deadline_ns;
    uint64_t retry_ns;
};

struct load {
    const struct load_plan *plan;
    struct load_result *result;
    struct address addresses[LOAD_URLS_MAX];
    struct payload payloads[LOAD_URLS_MAX];
    struct line *lines;
    struct line **idle;
    uint64_t idle_count;
    uint64_t up_count; /* lines that are idle or busy */
    uint64_t busy_count;
    uint64_t total; /* sequence numbers to send; UINT64_MAX when only the time ends it */
    uint64_t next;  /* the next sequence number */
    uint64_t start_ns;
    uint64_t end_ns;     /* nothing is sent after it; UINT64_MAX without a duration */
    uint64_t last_up_ns; /* when a connection was last up */
    uint64_t tick_ns;
    int epoll;
};

static void line_drop(struct load *load, struct line *line, uint64_t now_ns)
{
    if (line->state == LINE_BUSY)
        load->busy_count--;
    if (line->state == LINE_BUSY || line->state == LINE_IDLE)
        load->up_count--;
    for (uint64_t i = 0; line->state == LINE_IDLE && i < load->idle_count; i++) {
        if (load->idle[i] == line) {
            load->idle[i] = load->idle[--load->idle_count];
            break;
        }
    }
    stream_close(&line->stream);
    line->state = LINE_DOWN;
    line->retry_ns = now_ns + LOAD_RECONNECT_NS;
}

static void line_connect(struct load *load, struct line *line, uint64_t now_ns)
{
    int fd = address_connect(&load->addresses[line->url]);
    if (fd < 0 || !stream_open(&line->stream, load->epoll, fd, true, line)) {
        load->result->connect_failures++;
        line->retry_ns = now_ns + LOAD_RECONNECT_NS;
        return;
    }
    line->state = LINE_CONNECTING;
    line->deadline_ns = now_ns + clock_from_seconds(load->plan->timeout_s);
}

static void line_rest(struct load *load, struct line *line)
{
    line->state = LINE_IDLE;
    load->idle[load->idle_count++] = line;
}

static void line_connected(struct load *load, struct line *line, uint64_t now_ns)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(line->stream.fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error || !stream_flush(&line->stream)) {
        load->result->connect_failures++;
        line_drop(load, line, now_ns);
        return;
    }
    load->up_count++;
    load->last_up_ns = now_ns;
    line_rest(load, line);
}

static void line_send(struct load *load, struct line *line, uint64_t intended_ns, uint64_t now_ns)
{
    struct payload *payload = &load->payloads[line->url];
    struct load_result *result = load->result;
    line->state = LINE_BUSY;
    line->sequence = load->next++;
    line->intended_ns = intended_ns;
    line->deadline_ns = now_ns + clock_from_seconds(load->plan->timeout_s);
    load->busy_count++;
    if (!result->sent++)
        result->first_send_ns = now_ns;
    histogram_add(&result->lag, now_ns - intended_ns);
    payload_stamp(payload, line->sequence, intended_ns);
    if (!stream_write(&line->stream, payload->request.data, payload->request.length)) {
        result->lost++;
        line_drop(load, line, now_ns);
    }
}

static void load_count_answer(struct load *load, const struct line *line, uint64_t now_ns)
{
    struct load_result *result = load->result;
    int status = line->stream.message.status;
    if (status < 200 || status > 299) {
        result->non_2xx++;
        result->last_non_2xx = status;
        return;
    }
    result->acked++;
    result->last_ack_ns = now_ns;
    histogram_add(&result->ack, now_ns - line->intended_ns);
    bitmap_add(&result->acked_set, line->sequence);
}

static void line_answer(struct load *load, struct line *line, uint64_t now_ns)
{
    enum message_verdict verdict = stream_parse(&line->stream);
    if (verdict == MESSAGE_MORE)
        return;
    if (verdict == MESSAGE_BAD || line->state != LINE_BUSY) {
        load->result->malformed += line->state == LINE_BUSY;
        line_drop(load, line, now_ns);
        return;
    }
    load_count_answer(load, line, now_ns);
    bool keep = line->stream.message.keep_alive;
    stream_consume(&line->stream);
    if (!keep) {
        line_drop(load, line, now_ns);
        return;
    }
    load->busy_count--;
    load->last_up_ns = now_ns;
    line_rest(load, line);
}

static void line_event(struct load *load, struct line *line, uint32_t events)
{
    uint64_t now_ns = clock_now_ns();
    if (line->state == LINE_CONNECTING) {
        line_connected(load, line, now_ns);
        return;
    }
    bool open = !(events & EPOLLOUT) || stream_flush(&line->stream);
    if (open && events & ~(uint32_t)EPOLLOUT)
        open = stream_read(&line->stream);
    if (open) {
        line_answer(load, line, now_ns);
        return;
    }
    load->result->lost += line->state == LINE_BUSY;
    line_drop(load, line, now_ns);
}

/* When webhook number `next` should leave. */
static uint64_t load_due_ns(const struct load *load, uint64_t now_ns)
{
    if (load->plan->rate <= 0)
        return now_ns;
    return load->start_ns + (uint64_t)((double)load->next * 1e9 / load->plan->rate);
}

static bool load_has_more(const struct load *load, uint64_t now_ns)
{
    return load->next < load->total && now_ns < load->end_ns && !stop_requested() &&
           !load->result->gave_up;
}

static void load_send_due(struct load *load)
{
    uint64_t now_ns = clock_now_ns();
    while (load->idle_count && load_has_more(load, now_ns)) {
        uint64_t due_ns = load_due_ns(load, now_ns);
        if (due_ns > now_ns)
            return;
        line_send(load, load->idle[--load->idle_count], due_ns, now_ns);
        now_ns = clock_now_ns();
    }
}

static void load_tick(struct load *load, uint64_t now_ns)
{
    if (now_ns < load->tick_ns)
        return;
    load->tick_ns = now_ns + LOAD_TICK_NS;
    for (uint64_t i = 0; i < load->plan->connections; i++) {
        struct line *line = &load->lines[i];
        if (line->state == LINE_DOWN && now_ns >= line->retry_ns) {
            line_connect(load, line, now_ns);
        } else if (line->state == LINE_CONNECTING && now_ns >= line->deadline_ns) {
            load->result->connect_failures++;
            line_drop(load, line, now_ns);
        } else if (line->state == LINE_BUSY && now_ns >= line->deadline_ns) {
            load->result->timeouts++;
            line_drop(load, line, now_ns);
        }
    }
    if (load->up_count)
        load->last_up_ns = now_ns;
    load->result->gave_up = now_ns - load->last_up_ns > clock_from_seconds(load->plan->give_up_s);
}

static void load_wait(struct load *load)
{
    struct epoll_event events[LOAD_EVENTS];
    uint64_t now_ns = clock_now_ns();
    uint64_t wake_ns = load->tick_ns;
    if (load->idle_count && load_has_more(load, now_ns)) {
        uint64_t due_ns = load_due_ns(load, now_ns);
        wake_ns = due_ns < wake_ns ? due_ns : wake_ns;
    }
    uint64_t patience_ns = wake_ns > now_ns ? wake_ns - now_ns : 0;
    /* Milliseconds would be too coarse: at 1,000 webhooks a second they are the whole interval. */
    struct timespec patience = {.tv_sec = 0, .tv_nsec = (long)patience_ns};
    int count = epoll_pwait2(load->epoll, events, LOAD_EVENTS, &patience, NULL);
    for (int i = 0; i < count; i++) {
        struct stream *stream = events[i].data.ptr;
        line_event(load, stream->owner, events[i].events);
    }
}

static void load_loop(struct load *load)
{
    load->start_ns = clock_now_ns();
    load->last_up_ns = load->start_ns;
    load->end_ns = UINT64_MAX;
    load->total = load->plan->count ? load->plan->count : UINT64_MAX;
    if (load->plan->duration_s > 0 && load->plan->rate > 0)
        load->total = (uint64_t)llround(load->plan->duration_s * load->plan->rate);
    else if (load->plan->duration_s > 0)
        load->end_ns = load->start_ns + clock_from_seconds(load->plan->duration_s);
    for (uint64_t i = 0; i < load->plan->connections; i++)
        line_connect(load, &load->lines[i], load->start_ns);
    while (load->busy_count || load_has_more(load, clock_now_ns())) {
        load_send_due(load);
        load_wait(load);
        load_tick(load, clock_now_ns());
    }
}

static bool load_prepare_url(struct load *load, unsigned index, struct fault *fault)
{
    const struct load_plan *plan = load->plan;
    struct address *address = &load->addresses[index];
    if (!address_parse_url(address, plan->urls[index], fault))
        return false;
    char head[8192];
    int length = snprintf(head, sizeof head,
                          "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: fairlead-bench\r\n",
                          address->path, address->authority);
    for (unsigned i = 0; i < plan->header_count && length < (int)sizeof head; i++)
        length += snprintf(head + length, sizeof head - (size_t)length, "%s\r\n", plan->headers[i]);
    if (length >= (int)sizeof head)
        return fault_set(fault, "the headers are longer than %zu bytes", sizeof head);
    return payload_make(&load->payloads[index], head, plan->run, plan->size, fault);
}

static bool load_prepare(struct load *load, struct fault *fault)
{
    const struct load_plan *plan = load->plan;
    if (!plan->url_count)
        return fault_set(fault, "a --url to send to is needed");
    if (!token_run_valid(plan->run))
        return fault_set(fault, "--run takes 1 to %u characters of A-Z a-z 0-9 _ -", TOKEN_RUN_MAX);
    if (!plan->count && plan->duration_s <= 0)
        return fault_set(fault, "--count or --duration is needed");
    for (unsigned i = 0; i < plan->url_count; i++)
        if (!load_prepare_url(load, i, fault))
            return false;
    load->lines = calloc(plan->connections, sizeof *load->lines);
    load->idle = calloc(plan->connections, sizeof(struct line *));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!load->lines || !load->idle || load->epoll < 0)
        return fault_set(fault, "cannot set up %ju connections: %s", (uintmax_t)plan->connections,
                         strerror(errno));
    for (uint64_t i = 0; i < plan->connections; i++) {
        load->lines[i].stream.fd = -1;
        load->lines[i].url = (unsigned)(i % plan->url_count);
    }
    return true;
}

static void load_release(struct load *load)
{
    for (uint64_t i = 0; load->lines && i < load->plan->connections; i++)
        stream_free(&load->lines[i].stream);
    for (unsigned i = 0; i < LOAD_URLS_MAX; i++)
        payload_free(&load->payloads[i]);
    if (load->epoll >= 0)
        close(load->epoll);
    free(load->lines);
    free(load->idle);
}

bool load_send(const struct load_plan *plan, struct load_result *result, struct fault *fault)
{
    struct load load = {.plan = plan, .result = result, .epoll = -1};
    struct timespec before;
    struct timespec after;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    bool prepared = load_prepare(&load, fault);
    if (prepared)
        load_loop(&load);
    load_release(&load);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    result->cpu_ns = (uint64_t)((after.tv_sec - before.tv_sec) * (long)CLOCK_SECOND_NS +
                                after.tv_nsec - before.tv_nsec);
    return prepared;
}

void load_result_free(struct load_result *result)
{
    bitmap_free(&result->acked_set);
}
