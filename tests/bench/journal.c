#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "buffer.h"

struct journal {
    int file;
    int done_fd;
    pthread_t thread;
    bool running;
    struct buffer writing; /* the thread's own */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buffer gathering; /* from here on under the lock */
    uint64_t appended;       /* appends so far; those the thread took; those on disk */
    uint64_t taken;
    uint64_t synced;
    bool failed;
    bool stop;
};

static bool journal_write(struct journal *journal)
{
    const struct buffer *group = &journal->writing;
    for (size_t written = 0; written < group->length;) {
        ssize_t count = write(journal->file, group->data + written, group->length - written);
        if (count < 0 && errno != EINTR)
            return false;
        written += count > 0 ? (size_t)count : 0;
    }
    return fdatasync(journal->file) == 0;
}

/*
 * Takes what has gathered; false when it is time to end. `last` is the number of the last append in
 * it.
 */
static bool journal_take(struct journal *journal, uint64_t *last)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->appended == journal->taken && !journal->stop)
        pthread_cond_wait(&journal->changed, &journal->lock);
    struct buffer group = journal->gathering;
    journal->gathering = journal->writing;
    journal->gathering.length = 0;
    journal->writing = group;
    journal->taken = journal->appended;
    *last = journal->taken;
    bool ended = journal->stop;
    pthread_mutex_unlock(&journal->lock);
    return !ended;
}

static void *journal_run(void *context)
{
    struct journal *journal = context;
    for (uint64_t last; journal_take(journal, &last);) {
        bool written = journal_write(journal);
        pthread_mutex_lock(&journal->lock);
        journal->synced = last;
        journal->failed = journal->failed || !written;
        pthread_mutex_unlock(&journal->lock);
        eventfd_write(journal->done_fd, 1);
    }
    return NULL;
}

struct journal *journal_open(const char *directory, int *done_fd, struct fault *fault)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal) {
        fault_set(fault, "no memory for a journal");
        return NULL;
    }
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->changed, NULL);
    journal->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    journal->file = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (journal->file < 0 || journal->done_fd < 0)
        fault_set(fault, "cannot make a file in %s: %s", directory, strerror(errno));
    else if (pthread_create(&journal->thread, NULL, journal_run, journal) != 0)
        fault_set(fault, "cannot start the journal's thread");
    else
        journal->running = true;
    if (!journal->running) {
        journal_close(journal);
        return NULL;
    }
    *done_fd = journal->done_fd;
    return journal;
}

bool journal_append(struct journal *journal, const void *bytes, size_t length)
{
    pthread_mutex_lock(&journal->lock);
    bool appended = buffer_append(&journal->gathering, bytes, length);
    journal->appended += appended;
    pthread_cond_signal(&journal->changed);
    pthread_mutex_unlock(&journal->lock);
    return appended;
}

bool journal_synced(struct journal *journal, uint64_t *appends)
{
    eventfd_t ignored;
    eventfd_read(journal->done_fd, &ignored);
    pthread_mutex_lock(&journal->lock);
    *appends = journal->synced;
    bool failed = journal->failed;
    pthread_mutex_unlock(&journal->lock);
    return !failed;
}

void journal_close(struct journal *journal)
{
    if (journal->running) {
        pthread_mutex_lock(&journal->lock);
        journal->stop = true;
        pthread_cond_signal(&journal->changed);
        pthread_mutex_unlock(&journal->lock);
        pthread_join(journal->thread, NULL);
    }
    if (journal->file >= 0)
        close(journal->file);
    if (journal->done_fd >= 0)
        close(journal->done_fd);
    buffer_free(&journal->writing);
    buffer_free(&journal->gathering);
    pthread_cond_destroy(&journal->changed);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}
