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

struct process {
    pid_t pid; /* 0: none */
    int socket;
    uint32_t runs;
    int64_t until_ms, at_last_ms; /* of the exchange under way, on the monotonic clock; see process.c */
};

enum exchange_end {
    EXCHANGE_DONE,
    EXCHANGE_UNTOUCHED, /* the process had ended before it was asked */
    EXCHANGE_LATE,
    EXCHANGE_BROKEN, /* it ended, or broke the form */
};

/* Starts the program and waits until it has locked itself in. */
bool process_start(struct process *process, const char *program, struct error *error);
/*
 * Asks for one run and takes the answer: *bytes is malloc'd and holds its parts. After any other end than
 * EXCHANGE_DONE the process must be ended. It gets `timeout_ms`, and a few times more while it has work and other
 * processes have the processor.
 */
enum exchange_end process_exchange(struct process *process, const struct text parts[FRAME_REQUEST_PARTS],
                                   enum frame_body body_kind, int64_t timeout_ms, struct frame_reply *reply,
                                   char **bytes);
/* Kills it and waits for its end. */
void process_end(struct process *process);
