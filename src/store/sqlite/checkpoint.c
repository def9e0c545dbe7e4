#include "store/sqlite/checkpoint.h"

#include "base/limits.h"
#include "base/log.h"

/* Copies what no reader still needs as it was. Returns the pages of the log that are copied now, -1 when it failed. */
static int copy_back(struct store_reader *database)
{
    int in_log, copied;
    if (sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) == SQLITE_OK)
        return copied;
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
        int copied = copy_back(&checkpoint->database);
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->asked = false;
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
        checkpoint->copied = 0;
        checkpoint->logs++;
        pthread_mutex_unlock(&checkpoint->lock);
    }
    checkpoint->log_pages = pages;
    return SQLITE_OK;
}

void checkpoint_consider(struct checkpoint *checkpoint, struct store_reader *writer)
{
    bool finish = false;
    pthread_mutex_lock(&checkpoint->lock);
    if (!checkpoint->asked && checkpoint->log_pages - checkpoint->copied >= limits.checkpoint_pages) {
        finish = checkpoint->log_pages >= LOG_ROUNDS * limits.checkpoint_pages;
        checkpoint->asked = !finish;
        if (checkpoint->asked)
            pthread_cond_signal(&checkpoint->arrived);
    }
    pthread_mutex_unlock(&checkpoint->lock);
    if (!finish)
        return;
    int copied = copy_back(writer);
    pthread_mutex_lock(&checkpoint->lock);
    if (copied >= 0)
        checkpoint->copied = copied;
    pthread_mutex_unlock(&checkpoint->lock);
}

bool checkpoint_start(struct checkpoint *checkpoint, struct store_reader *writer, struct error *error)
{
    pthread_mutex_init(&checkpoint->lock, NULL);
    pthread_cond_init(&checkpoint->arrived, NULL);
    if (!database_open(&checkpoint->database, writer->path, false, error))
        return false;
    sqlite3_wal_hook(writer->db, note_commit, checkpoint);
    checkpoint->started = pthread_create(&checkpoint->thread, NULL, run, checkpoint) == 0;
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
