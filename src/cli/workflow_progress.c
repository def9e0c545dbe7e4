#include "cli/workflow_progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"
#include "cli/terminal.h"

enum { REPAINT_MS = 100, QUICK_MS = 250, BAR_WIDTH = 20, TEXT_BYTES = 256 };

struct workflow_progress {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char text[TEXT_BYTES];
    int64_t since_ms, wait_ms; /* monotonic; how long to wait, 0: not known */
    bool wanted, painted, ends;
};

static void write_bar(char *bar, int64_t passed_ms, int64_t wait_ms)
{
    int64_t full = passed_ms >= wait_ms ? BAR_WIDTH : passed_ms * BAR_WIDTH / wait_ms;
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
}

/* Holds the lock. */
static void paint(struct workflow_progress *progress)
{
    char line[TEXT_BYTES + 64], bar[BAR_WIDTH + 1];
    int64_t passed_ms = clock_monotonic_ms() - progress->since_ms, left_ms = progress->wait_ms - passed_ms;
    if (progress->wait_ms > 0) {
        write_bar(bar, passed_ms, progress->wait_ms);
        snprintf(line, sizeof line, "  %s [%s] %.1f s", progress->text, bar, left_ms > 0 ? (double)left_ms / 1000 : 0);
    } else {
        snprintf(line, sizeof line, "  %s %.1f s", progress->text, (double)passed_ms / 1000);
    }
    fprintf(stderr, "\r\033[K%.*s", terminal_width(stderr) - 1, line);
    fflush(stderr);
    progress->painted = true;
}

static void *repaint(void *user)
{
    struct workflow_progress *progress = user;
    pthread_mutex_lock(&progress->lock);
    while (!progress->ends) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += REPAINT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        if (progress->wanted)
            pthread_cond_timedwait(&progress->changed, &progress->lock, &until);
        else
            pthread_cond_wait(&progress->changed, &progress->lock);
        if (progress->wanted && !progress->ends && clock_monotonic_ms() - progress->since_ms >= QUICK_MS)
            paint(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

struct workflow_progress *workflow_progress_create(void)
{
    if (!terminal_is_shown(stderr))
        return NULL;
    struct workflow_progress *progress = NEW(struct workflow_progress);
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->changed, NULL);
    if (thread_start(&progress->thread, "progress", repaint, progress))
        return progress;
    free(progress);
    return NULL;
}

void workflow_progress_show(struct workflow_progress *progress, const char *text, int64_t wait_ms)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    snprintf(progress->text, sizeof progress->text, "%s", text);
    progress->since_ms = clock_monotonic_ms();
    progress->wait_ms = wait_ms;
    progress->wanted = true;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
}

void workflow_progress_hide(struct workflow_progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->wanted = false;
    if (progress->painted)
        fputs("\r\033[K", stderr);
    progress->painted = false;
    pthread_mutex_unlock(&progress->lock);
}

void workflow_progress_free(struct workflow_progress *progress)
{
    if (progress == NULL)
        return;
    workflow_progress_hide(progress);
    pthread_mutex_lock(&progress->lock);
    progress->ends = true;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->thread, NULL);
    pthread_mutex_destroy(&progress->lock);
    pthread_cond_destroy(&progress->changed);
    free(progress);
}
