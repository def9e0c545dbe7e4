#include "transform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

enum { START_MS = 10000 };

/* ---- bytes until a moment --------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    return clock_monotonic_us() / 1000;
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

static void set_time(struct process *process, int64_t timeout_ms)
{
    enum { STARVED_TIMES = 5 };
    process->until_ms = now_ms() + timeout_ms;
    process->at_last_ms = now_ms() + timeout_ms * STARVED_TIMES;
}

/* False when its time is over. */
static bool wait_for(struct process *process, short what)
{
    for (;;) {
        int64_t left = process->until_ms - now_ms();
        struct pollfd poll_for = {process->socket, what, 0};
        int count = poll(&poll_for, 1, left > 0 ? (int)left : 0);
        if (count > 0)
            return true;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 || process->until_ms >= process->at_last_ms || !has_work(process))
            return false;
        process->until_ms += limits.transform_cpu_ms;
    }
}

static enum exchange_end put(struct process *process, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t count = send(process->socket, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            at += count;
            size -= (size_t)count;
        } else if (errno == EAGAIN) {
            if (!wait_for(process, POLLOUT))
                return EXCHANGE_LATE;
        } else if (errno != EINTR) {
            return EXCHANGE_BROKEN;
        }
    }
    return EXCHANGE_DONE;
}

static enum exchange_end take(struct process *process, void *out, size_t size)
{
    char *at = out;
    while (size > 0) {
        ssize_t count = recv(process->socket, at, size, MSG_DONTWAIT);
        if (count > 0) {
            at += count;
            size -= (size_t)count;
        } else if (count < 0 && errno == EAGAIN) {
            if (!wait_for(process, POLLIN))
                return EXCHANGE_LATE;
        } else if (count == 0 || errno != EINTR) {
            return EXCHANGE_BROKEN;
        }
    }
    return EXCHANGE_DONE;
}

static enum exchange_end take_frame(struct process *process, struct frame_reply *reply, char **bytes)
{
    enum exchange_end end = take(process, reply, sizeof *reply);
    if (end != EXCHANGE_DONE)
        return end;
    size_t result = (size_t)reply->sizes[FRAME_RESULT_HEAD] + reply->sizes[FRAME_RESULT_BODY];
    if (reply->magic != FRAME_MAGIC || reply->run != process->runs ||
        reply->sizes[FRAME_CONSOLE] > FRAME_CONSOLE_BYTES || result > (size_t)limits.transform_result_bytes)
        return EXCHANGE_BROKEN;
    size_t size = reply->sizes[FRAME_CONSOLE] + result;
    *bytes = memory_allocate(size + 1);
    (*bytes)[size] = '\0';
    end = take(process, *bytes, size);
    if (end != EXCHANGE_DONE) {
        free(*bytes);
        *bytes = NULL;
    }
    return end;
}

/* It has nothing to say before it is asked. */
static bool is_spoilt(const struct process *process)
{
    char byte;
    return recv(process->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

enum exchange_end process_exchange(struct process *process, const struct text parts[FRAME_REQUEST_PARTS],
                                   enum frame_body body_kind, int64_t timeout_ms, struct frame_reply *reply,
                                   char **bytes)
{
    struct frame_request request = {.magic = FRAME_MAGIC, .run = ++process->runs, .body_kind = body_kind};
    for (size_t i = 0; i < FRAME_REQUEST_PARTS; i++)
        request.sizes[i] = (uint32_t)parts[i].size;
    set_time(process, timeout_ms);
    if (is_spoilt(process))
        return EXCHANGE_UNTOUCHED;
    enum exchange_end end = put(process, &request, sizeof request);
    if (end == EXCHANGE_BROKEN)
        return EXCHANGE_UNTOUCHED;
    for (size_t i = 0; i < FRAME_REQUEST_PARTS && end == EXCHANGE_DONE; i++)
        end = put(process, parts[i].data, parts[i].size);
    return end == EXCHANGE_DONE ? take_frame(process, reply, bytes) : end;
}

/* ---- start and end ------------------------------------------------------------------------------------ */

static int spawn(struct process *process, const char *program, int socket)
{
    char memory[24], cpu[24], result[24];
    char *arguments[] = {(char *)program, memory, cpu, result, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    snprintf(memory, sizeof memory, "%lld", (long long)limits.transform_memory_bytes);
    snprintf(cpu, sizeof cpu, "%lld", (long long)limits.transform_cpu_ms);
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
    set_time(process, START_MS);
    enum exchange_end end = take_frame(process, &reply, &bytes);
    if (end == EXCHANGE_DONE && reply.outcome == FRAME_READY) {
        free(bytes);
        return true;
    }
    error_set(error, ERROR_INTERNAL, "%s does not start: %.200s", program,
              end == EXCHANGE_DONE ? bytes + reply.sizes[FRAME_CONSOLE] : "it says nothing");
    free(bytes);
    return false;
}

bool process_start(struct process *process, const char *program, struct error *error)
{
    int ends[2];
    *process = (struct process){0};
    /* Above FRAME_FD, so that putting the child's end there always makes one that it keeps. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(error, ERROR_INTERNAL, "no socket for a worker: %s", strerror(errno));
    process->socket = ends[0];
    int child_end = fcntl(ends[1], F_DUPFD_CLOEXEC, FRAME_FD + 1);
    close(ends[1]);
    int problem = child_end < 0 ? errno : spawn(process, program, child_end);
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
