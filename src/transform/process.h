/*
 * process.h - one worker process as the pool sees it: a child with a socket. Used by one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "transform/frame.h"

enum { PROCESS_RUNS_MOST = 8 }; /* that are asked at one time */

struct process {
    pid_t pid; /* 0: none */
    int socket;
    uint32_t asked, answered; /* runs */
    uint64_t loaded;          /* the code that it has; see frame.h */
    int64_t cpu_ms;           /* of the runs that were asked last */
    int64_t until_ms, at_last_ms; /* of the answer that is waited for; see process.c */
    int64_t cpu_at_us;
    size_t inbox_at, inbox_size;
    char inbox[16384];
};

/* One run; what is loaded is sent only where the process has not got it. */
struct process_run {
    struct text parts[FRAME_REQUEST_PARTS];
    enum frame_body body_kind;
    uint64_t loaded;
};

enum exchange_end {
    EXCHANGE_DONE,
    EXCHANGE_LATE,
    EXCHANGE_STARVED, /* late, because other processes had the processor */
    EXCHANGE_BROKEN,  /* it ended, or broke the form */
};

/* Starts the program and waits until it has locked itself in; with the priority of an idle process if wanted. */
bool process_start(struct process *process, const char *program, bool idle, struct error *error);
/*
 * Asks for runs of at most `cpu_ms` each; more than one only when they fit into a socket's buffer together. After any
 * other end than EXCHANGE_DONE of this and the next the process must be ended.
 */
enum exchange_end process_ask(struct process *process, const struct process_run *runs, size_t count, int64_t cpu_ms);
/* Takes the answer to the next of them: *bytes is malloc'd and holds its parts. */
enum exchange_end process_take(struct process *process, struct frame_reply *reply, char **bytes);
/* The processor time that it has used since this was asked last, or since it was ready. */
int64_t process_used_us(struct process *process);
/* Kills it and waits for its end. */
void process_end(struct process *process);
