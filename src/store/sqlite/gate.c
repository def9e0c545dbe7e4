#include "store/sqlite/gate.h"

#include "base/clock.h"
#include "base/condition.h"

void gate_init(struct gate *gate)
{
    *gate = (struct gate){0};
    pthread_mutex_init(&gate->lock, NULL);
    condition_init(&gate->opened);
}

/* The lock is held. */
static void open_gate(struct gate *gate)
{
    gate->closed_us = 0;
    pthread_cond_broadcast(&gate->opened);
}

void gate_enter(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->closed_us != 0) {
        int64_t patient_until = gate->closed_us + GATE_PATIENCE_MS * 1000;
        int64_t now = clock_monotonic_us();
        if (now < patient_until) {
            condition_wait_until(&gate->opened, &gate->lock, patient_until);
        } else {
            gate->rest_until = now + GATE_REST_MS * 1000;
            open_gate(gate);
        }
    }
    gate->inside++;
    pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->inside--;
    pthread_mutex_unlock(&gate->lock);
}

bool gate_close(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    int64_t now = clock_monotonic_us();
    if (gate->closed_us == 0 && now >= gate->rest_until)
        gate->closed_us = now;
    bool empty = gate->closed_us != 0 && gate->inside == 0;
    pthread_mutex_unlock(&gate->lock);
    return empty;
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    open_gate(gate);
    pthread_mutex_unlock(&gate->lock);
}
