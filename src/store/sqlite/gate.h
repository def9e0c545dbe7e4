/*
 * gate.h - lets reads in that others ask for without end, but not while the write-ahead log must begin anew, which it
 * cannot do as long as one of them reads. Internal to store/.
 *
 * The writer closes the gate when the log has become too long; the next reads wait, those that are under way end, the log
 * is copied back and begins anew, and the gate opens. Reads wait GATE_PATIENCE_MS at most: when the log could not begin
 * anew until then, they go on, and the gate stays open for GATE_REST_MS.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { GATE_PATIENCE_MS = 300, GATE_REST_MS = 1000 };

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int64_t inside;     /* reads under way */
    int64_t closed_us;  /* monotonic; 0: it is open */
    int64_t rest_until; /* monotonic us: it may not close before */
};

void gate_init(struct gate *gate);
/* Any thread. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);
/* The writer's thread. Closing is refused while the gate rests. True: it is closed and nobody is inside any more. */
bool gate_close(struct gate *gate);
void gate_open(struct gate *gate);
