#include "base/thread.h"

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
    if (pthread_create(thread, NULL, run, argument) != 0)
        return false;
    pthread_setname_np(*thread, name);
    return true;
}
