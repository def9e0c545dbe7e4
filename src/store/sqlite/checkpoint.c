#include "store/sqlite/checkpoint.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"

/*
 * Copies what no reader still needs as it was. Returns the pages of the log that are copied now, -1 when it failed;
 * *hindered is whether a reader needed some. A failure is no hindrance: the writer's own copy may do better.
 */
static int copy_back(struct store_reader *database, bool *hindered)
{
    int in_log, copied;
    *hindered = false;
    if (sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) == SQLITE_OK) {
        *hindered = copied < in_log;
        return copied;
    }
    log_debug("the log of %s was not copied back: %s", database->path, sqlite3_errmsg(database->db));
    return -1;
}

static void *run(void *argument)
{
    struct checkpoint *checkpoint = argument;
    pthread_mutex_lock(&checkpoint->lock);
    for (;;) {
        while (!checkpoint->asked && !checkpoint->closing)
            pthread_cond_wait(&checkpoint->arrived, &checkpoint->lock);
        if (checkpoint->closing)
            break;
        int log = checkpoint->logs;
        pthread_mutex_unlock(&checkpoint->lock);
        bool hindered;
        int copied = copy_back(&checkpoint->database, &hindered);
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->asked = false;
        checkpoint->hindered = hindered;
        if (copied >= 0 && log == checkpoint->logs)
            checkpoint->copied = copied;
    }
    pthread_mutex_unlock(&checkpoint->lock);
    return NULL;
}

static int note_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct checkpoint *checkpoint = context;
    (void)db;
    (void)name;
    if (pages < checkpoint->log_pages) { /* it began anew */
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->copied = checkpoint->tried = 0;
        checkpoint->logs++;
        pthread_mutex_unlock(&checkpoint->lock);
        checkpoint->finished = 0;
        gate_open(&checkpoint->gate);
    }
    checkpoint->log_pages = pages;
    return SQLITE_OK;
}

/*
 * Is this the moment to copy the rest? The thread has just ended, no reader was in its way, and little is left. When reads
 * are kept out for it (`alone`) those of before do not count, and it is tried sooner again.
 */
static bool should_finish(const struct checkpoint *checkpoint, bool alone)
{
    int pages = checkpoint->log_pages, round = (int)limits.checkpoint_pages, little = round / LITTLE_SHARE;
    if (checkpoint->asked || pages < LOG_ROUNDS * round)
        return false;
    if (alone)
        return pages - checkpoint->copied <= little && pages >= checkpoint->finished + little;
    return !checkpoint->hindered && pages >= checkpoint->finished + RETRY_ROUNDS * round &&
           (pages - checkpoint->copied <= little || pages >= 2 * LOG_ROUNDS * round);
}

void checkpoint_consider(struct checkpoint *checkpoint, struct store_reader *writer)
{
    int round = (int)limits.checkpoint_pages;
    bool alone = checkpoint->log_pages >= GATE_ROUNDS * round && gate_close(&checkpoint->gate);
    pthread_mutex_lock(&checkpoint->lock);
    int tried = alone ? 0 : checkpoint->tried; /* what was not copied then was in the way of reads */
    int done = tried > checkpoint->copied ? tried : checkpoint->copied;
    bool finish = should_finish(checkpoint, alone);
    if (!finish && !checkpoint->asked && checkpoint->log_pages - done >= (alone ? round / LITTLE_SHARE : round)) {
        checkpoint->asked = true;
        checkpoint->tried = checkpoint->log_pages;
        pthread_cond_signal(&checkpoint->arrived);
    }
    pthread_mutex_unlock(&checkpoint->lock);
    if (!finish)
        return;
    bool hindered;
    int copied = copy_back(writer, &hindered);
    checkpoint->finished = checkpoint->log_pages;
    pthread_mutex_lock(&checkpoint->lock);
    if (copied >= 0)
        checkpoint->copied = copied;
    pthread_mutex_unlock(&checkpoint->lock);
}

bool checkpoint_start(struct checkpoint *checkpoint, struct store_reader *writer, struct error *error)
{
    pthread_mutex_init(&checkpoint->lock, NULL);
    pthread_cond_init(&checkpoint->arrived, NULL);
    gate_init(&checkpoint->gate);
    if (!database_open(&checkpoint->database, writer->path, false, error))
        return false;
    sqlite3_wal_hook(writer->db, note_commit, checkpoint);
    checkpoint->started = thread_start(&checkpoint->thread, "checkpoint", run, checkpoint);
    return checkpoint->started || error_set(error, ERROR_INTERNAL, "no thread for the store's log");
}

void checkpoint_stop(struct checkpoint *checkpoint)
{
    if (checkpoint->started) {
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->closing = true;
        pthread_cond_signal(&checkpoint->arrived);
        pthread_mutex_unlock(&checkpoint->lock);
        pthread_join(checkpoint->thread, NULL);
    }
    if (checkpoint->database.db != NULL)
        database_close(&checkpoint->database);
}
