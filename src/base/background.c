#include "base/background.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NICENESS = 10, SLICE_NS = 100 * 1000 };

/* sched_setattr(2), which the C library does not offer. */
struct scheduling {
    uint32_t size, policy; /* 0: SCHED_OTHER */
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns; /* since Linux 6.12 the slice that it runs before one that wakes up may take its place */
    uint64_t deadline, period;
};

void background_enter(void)
{
    struct scheduling scheduling = {.size = sizeof scheduling, .nice = NICENESS, .runtime_ns = SLICE_NS};
    syscall(SYS_sched_setattr, 0, &scheduling, 0);
}

void background_enter_idle(void)
{
    sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
}

void background_give_way(void)
{
    sched_yield();
}
