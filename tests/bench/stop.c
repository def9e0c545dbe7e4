#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_signal;

static void stop_note(int number)
{
    stop_signal = number;
}

void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop_note};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_requested(void)
{
    return stop_signal != 0;
}
