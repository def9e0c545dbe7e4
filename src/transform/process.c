#include "transform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

/* ---- time ---------------------------------------------------------------------------------------- */

/*
 * By the clock a process gets three times its processor time and a second. After that it is asked for its state: one
 * that waits is late; one that is ready to run and has not used up its time gets more, as others have the processor.
 */
enum { CPU_BESIDE_MS = 1000, START_MS = 3000, LAST_MS = 600000, LOOK_MS = 500 };

static int64_t cpu_us(const struct process *process)
{
    clockid_t clock;
    struct timespec time = {0};
    if (clock_getcpuclockid(process->pid, &clock) == 0)
        clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t process_used_us(struct process *process)
{
    int64_t before_us = process->cpu_at_us;
    process->cpu_at_us = cpu_us(process);
    return process->cpu_at_us - before_us;
}

static void set_time(struct process *process)
{
    int64_t now_ms = clock_monotonic_ms();
    process->until_ms = now_ms + 3 * process->cpu_ms + CPU_BESIDE_MS;
    process->at_last_ms = process->until_ms + LAST_MS;
}

/* Is it ready to run, rather than waiting for us? */
static bool has_work(const struct process *process)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    fclose(file);
    return read && state == 'R';
}

/* EXCHANGE_DONE while its time is not over. */
static enum exchange_end look_at_clock(const struct process *process)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < process->until_ms)
        return EXCHANGE_DONE;
    int64_t used_ms = (cpu_us(process) - process->cpu_at_us) / 1000;
    int64_t may_ms = (process->asked - process->answered + 1) * process->cpu_ms + CPU_BESIDE_MS;
    if (used_ms > may_ms || !has_work(process))
        return EXCHANGE_LATE;
    return now_ms < process->at_last_ms ? EXCHANGE_DONE : EXCHANGE_STARVED;
}

/* ---- bytes --------------------------------------------------------------------------------------- */

/* Leaves out what was sent. */
static void skip_sent(struct msghdr *message, size_t sent)
{
    while (message->msg_iovlen > 0 && sent >= message->msg_iov->iov_len) {
        sent -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen > 0) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + sent;
        message->msg_iov->iov_len -= sent;
    }
}

static enum exchange_end put(struct process *process, struct msghdr *message)
{
    for (skip_sent(message, 0); message->msg_iovlen > 0;) {
        ssize_t count = sendmsg(process->socket, message, MSG_NOSIGNAL); /* waits for LOOK_MS at most */
        if (count > 0) {
            skip_sent(message, (size_t)count);
        } else if (errno == EAGAIN) {
            enum exchange_end end = look_at_clock(process);
            if (end != EXCHANGE_DONE)
                return end;
        } else if (errno != EINTR) {
            return EXCHANGE_BROKEN;
        }
    }
    return EXCHANGE_DONE;
}

/* At least one byte; waits for it. */
static enum exchange_end receive(struct process *process, void *out, size_t most, size_t *size)
{
    for (;;) {
        ssize_t count = recv(process->socket, out, most, 0); /* waits for LOOK_MS at most */
        *size = count > 0 ? (size_t)count : 0;
        if (count > 0)
            return EXCHANGE_DONE;
        if (count == 0 || (errno != EAGAIN && errno != EINTR))
            return EXCHANGE_BROKEN;
        enum exchange_end end = look_at_clock(process);
        if (end != EXCHANGE_DONE)
            return end;
    }
}

/* What is large does not go through the inbox. */
static enum exchange_end take(struct process *process, void *out, size_t size)
{
    char *at = out;
    while (size > 0) {
        size_t count = process->inbox_size - process->inbox_at;
        enum exchange_end end = EXCHANGE_DONE;
        if (count == 0 && size < sizeof process->inbox) {
            process->inbox_at = 0;
            end = receive(process, process->inbox, sizeof process->inbox, &process->inbox_size);
        } else if (count == 0) {
            end = receive(process, at, size, &count);
        } else {
            count = count < size ? count : size;
            memcpy(at, process->inbox + process->inbox_at, count);
            process->inbox_at += count;
        }
        if (end != EXCHANGE_DONE)
            return end;
        at += count;
        size -= count;
    }
    return EXCHANGE_DONE;
}

/* ---- runs ---------------------------------------------------------------------------------------- */

enum { PIECES = 1 + FRAME_REQUEST_PARTS };

static void add_run(struct process *process, const struct process_run *run, struct frame_request *request,
                    struct iovec pieces[PIECES])
{
    bool has_code = process->loaded == run->loaded;
    *request = (struct frame_request){.magic = FRAME_MAGIC, .run = ++process->asked, .body_kind = run->body_kind,
                                      .cpu_ms = (uint32_t)process->cpu_ms, .loaded = run->loaded};
    pieces[0] = (struct iovec){request, sizeof *request};
    for (size_t i = 0; i < FRAME_REQUEST_PARTS; i++) {
        struct text part = has_code && i < FRAME_LOADED_PARTS ? TEXT_NONE : run->parts[i];
        request->sizes[i] = (uint32_t)part.size;
        pieces[1 + i] = (struct iovec){(char *)part.data, part.size};
    }
    process->loaded = run->loaded;
}

enum exchange_end process_ask(struct process *process, const struct process_run *runs, size_t count, int64_t cpu_ms)
{
    struct frame_request requests[PROCESS_RUNS_MOST];
    struct iovec pieces[PROCESS_RUNS_MOST * PIECES];
    process->cpu_ms = cpu_ms;
    set_time(process);
    for (size_t i = 0; i < count; i++)
        add_run(process, &runs[i], &requests[i], &pieces[i * PIECES]);
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count * PIECES};
    return put(process, &message);
}

enum exchange_end process_take(struct process *process, struct frame_reply *reply, char **bytes)
{
    enum exchange_end end = take(process, reply, sizeof *reply);
    if (end != EXCHANGE_DONE)
        return end;
    size_t result = (size_t)reply->sizes[FRAME_RESULT_HEAD] + reply->sizes[FRAME_RESULT_BODY];
    if (reply->magic != FRAME_MAGIC || reply->run != process->answered ||
        reply->sizes[FRAME_CONSOLE] > FRAME_CONSOLE_BYTES || result > (size_t)limits.transform_result_bytes)
        return EXCHANGE_BROKEN;
    process->answered++;
    size_t size = reply->sizes[FRAME_CONSOLE] + result;
    *bytes = memory_allocate(size + 1);
    (*bytes)[size] = '\0';
    end = take(process, *bytes, size);
    if (end != EXCHANGE_DONE) {
        free(*bytes);
        *bytes = NULL;
    }
    set_time(process);
    return end;
}

/* ---- start and end ------------------------------------------------------------------------------------ */

static int spawn(struct process *process, const char *program, bool idle, int socket)
{
    char memory[24], result[24];
    char *arguments[] = {(char *)program, memory, result, idle ? "idle" : "normal", NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    snprintf(memory, sizeof memory, "%lld", (long long)limits.transform_memory_bytes);
    snprintf(result, sizeof result, "%lld", (long long)limits.transform_result_bytes);
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, socket, FRAME_FD);
    for (int i = 0; i < FRAME_FD; i++)
        posix_spawn_file_actions_addclose(&files, i);
    posix_spawn_file_actions_addclosefrom_np(&files, FRAME_FD + 1);
    int problem = posix_spawn(&process->pid, program, &files, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

static bool become_ready(struct process *process, const char *program, struct error *error)
{
    struct frame_reply reply;
    char *bytes = NULL;
    process->cpu_ms = START_MS;
    set_time(process);
    enum exchange_end end = process_take(process, &reply, &bytes);
    if (end == EXCHANGE_DONE && reply.outcome == FRAME_READY) {
        free(bytes);
        process_used_us(process);
        return true;
    }
    error_set(error, ERROR_INTERNAL, "%s does not start: %.200s", program,
              end == EXCHANGE_DONE ? bytes + reply.sizes[FRAME_CONSOLE] : "it says nothing");
    free(bytes);
    return false;
}

bool process_start(struct process *process, const char *program, bool idle, struct error *error)
{
    const struct timeval look = {.tv_usec = LOOK_MS * 1000};
    int ends[2];
    *process = (struct process){0};
    /* Above FRAME_FD, so that putting the child's end there always makes one that it keeps. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(error, ERROR_INTERNAL, "no socket for a worker: %s", strerror(errno));
    process->socket = ends[0];
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &look, sizeof look);
    int child_end = fcntl(ends[1], F_DUPFD_CLOEXEC, FRAME_FD + 1);
    close(ends[1]);
    int problem = child_end < 0 ? errno : spawn(process, program, idle, child_end);
    if (child_end >= 0)
        close(child_end);
    if (problem != 0) {
        close(process->socket);
        process->pid = 0;
        return error_set(error, ERROR_INTERNAL, "%s cannot be started: %s", program, strerror(problem));
    }
    if (become_ready(process, program, error))
        return true;
    process_end(process);
    return false;
}

void process_end(struct process *process)
{
    if (process->pid == 0)
        return;
    kill(process->pid, SIGKILL);
    close(process->socket);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}
