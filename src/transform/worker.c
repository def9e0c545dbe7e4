/*
 * The worker program: answers one run after the other on the socket FRAME_FD until it is closed. The pool starts it
 * as: fairlead-transform MEMORY_BYTES RESULT_BYTES idle|normal
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transform/worker_console.h"
#include "transform/worker_engine.h"
#include "transform/worker_sandbox.h"

/* A few MiB of stack, as deep recursion of JavaScript takes, and as much again to be sure. */
static void raise_stack_limit(void)
{
    const rlim_t wanted = 64UL << 20;
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) != 0 || (stack.rlim_cur != RLIM_INFINITY && stack.rlim_cur >= wanted))
        return;
    stack.rlim_cur = stack.rlim_max == RLIM_INFINITY || stack.rlim_max >= wanted ? wanted : stack.rlim_max;
    setrlimit(RLIMIT_STACK, &stack);
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* Several requests may come in one piece; then their answers go in one piece, too. */
static struct {
    size_t at, size;
    char bytes[65536];
} inbox, outbox;

/* At least one byte. Ends the process when the pool is gone: there is nobody left to tell. */
static size_t receive(void *out, size_t most)
{
    ssize_t count;
    do
        count = read(FRAME_FD, out, most);
    while (count < 0 && errno == EINTR);
    if (count <= 0)
        _exit(0);
    return (size_t)count;
}

static void read_all(void *out, size_t size)
{
    char *at = out;
    while (size > 0) {
        size_t count = inbox.size - inbox.at;
        if (count == 0 && size < sizeof inbox.bytes) {
            inbox.at = 0;
            inbox.size = receive(inbox.bytes, sizeof inbox.bytes);
            continue;
        }
        if (count == 0) {
            count = receive(at, size);
        } else {
            count = count < size ? count : size;
            memcpy(at, inbox.bytes + inbox.at, count);
            inbox.at += count;
        }
        at += count;
        size -= count;
    }
}

static void send_all(const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t count = write(FRAME_FD, at, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            _exit(0);
        at += count;
        size -= (size_t)count;
    }
}

static void flush(void)
{
    send_all(outbox.bytes, outbox.size);
    outbox.size = 0;
}

static void write_all(const void *data, size_t size)
{
    if (size > sizeof outbox.bytes - outbox.size)
        flush();
    if (size > sizeof outbox.bytes) {
        send_all(data, size);
        return;
    }
    memcpy(outbox.bytes + outbox.size, data, size);
    outbox.size += size;
}

/* ---- runs ---------------------------------------------------------------------------------------- */

static void answer(uint32_t run, const struct engine_result *result)
{
    struct span console = console_lines();
    struct frame_reply reply = {.magic = FRAME_MAGIC, .run = run, .outcome = result->outcome,
                                .body_kind = result->body_kind,
                                .sizes = {console.size, result->head.size, result->body.size}};
    write_all(&reply, sizeof reply);
    write_all(console.data, console.size);
    write_all(result->head.data, result->head.size);
    write_all(result->body.data, result->body.size);
    if (inbox.at == inbox.size)
        flush();
}

/* Some parts of a request, one after the other, in a buffer of their own; the pool bounds their sizes. */
static char *read_parts(const struct frame_request *request, size_t from, size_t end, struct span *parts)
{
    size_t size = 0;
    for (size_t i = from; i < end; i++)
        size += request->sizes[i];
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        _exit(1);
    read_all(bytes, size);
    const char *at = bytes;
    for (size_t i = from; i < end; i++) {
        parts[i] = (struct span){at, request->sizes[i]};
        at += request->sizes[i];
    }
    return bytes;
}

/* What is loaded. */
static struct {
    uint64_t name; /* frame.h, `loaded` */
    char *bytes;
    struct span parts[FRAME_LOADED_PARTS];
} last;

static void serve_one(void)
{
    struct frame_request request;
    struct engine_request run;
    read_all(&request, sizeof request);
    if (request.magic != FRAME_MAGIC)
        _exit(1);
    run.body_kind = (enum frame_body)request.body_kind;
    run.cpu_ms = request.cpu_ms;
    run.same_code = request.loaded == last.name;
    if (!run.same_code) {
        free(last.bytes);
        last.name = request.loaded;
        last.bytes = read_parts(&request, 0, FRAME_LOADED_PARTS, last.parts);
    }
    memcpy(run.parts, last.parts, sizeof last.parts);
    char *bytes = read_parts(&request, FRAME_LOADED_PARTS, FRAME_REQUEST_PARTS, run.parts);
    struct engine_result result = engine_run(&run);
    answer(request.run, &result);
    engine_reset();
    free(bytes);
}

static bool read_number(const char *text, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return *end == '\0' && value > 0 && value <= UINT32_MAX;
}

int main(int count, char **arguments)
{
    struct engine_limits limits;
    int type;
    socklen_t size = sizeof type;
    if (count != 4 || !read_number(arguments[1], &limits.memory_bytes) ||
        !read_number(arguments[2], &limits.result_bytes) ||
        getsockopt(FRAME_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        fprintf(stderr, "fairlead-transform runs transformations for fairlead and is started by it\n");
        return 2;
    }
    if (strcmp(arguments[3], "idle") == 0)
        sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
    raise_stack_limit();
    const char *problem = engine_start(&limits);
    if (problem == NULL)
        problem = sandbox_enter(limits.memory_bytes);
    struct engine_result ready = {problem == NULL ? FRAME_READY : FRAME_UNFIT, FRAME_BODY_NONE, {"", 0}, {"", 0}};
    if (problem != NULL)
        ready.head = (struct span){problem, (uint32_t)strlen(problem)};
    answer(0, &ready);
    while (problem == NULL)
        serve_one();
    return 1;
}
