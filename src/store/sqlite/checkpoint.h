/*
 * checkpoint.h - copies the write-ahead log back into the database. Internal to store/.
 *
 * The copying takes milliseconds and two syncs, so a thread with a connection of its own does it while the writer
 * goes on committing. The log begins anew when a copy ends with nothing committed meanwhile, as it mostly does unless
 * the writer never pauses. Then the log grows, and from LOG_ROUNDS times limits.checkpoint_pages on the writer itself
 * copies the rest, since all who wait for a commit wait for that too: when the thread has just left little of it and no
 * reader keeps the log from beginning anew. Twice as long a log is not waited with until little is left. From GATE_ROUNDS
 * on new reads of the API are kept out for a moment (gate.h), without which lists asked for without a pause would let it
 * grow for ever.
 *
 * A copy that fails is lost to nobody: the pages stay in the log and are copied by a later one.
 * Source of the rules: sqlite.org/wal.html, "Checkpointing" and "Avoiding Excessively Large WAL Files".
 */
#pragma once

#include <pthread.h>

#include "store/sqlite/database.h"
#include "store/sqlite/gate.h"

enum {
    LOG_ROUNDS = 4,
    GATE_ROUNDS = 16,
    RETRY_ROUNDS = 1, /* so many later it tries again, if the log did not begin anew */
    LITTLE_SHARE = 4, /* "little": a round by this */
};

struct checkpoint {
    struct store_reader database; /* the thread's */
    pthread_t thread;
    bool started;

    pthread_mutex_t lock;
    pthread_cond_t arrived;
    bool asked;    /* until the thread's copy has ended */
    bool hindered; /* its last copy, by a reader */
    int copied;    /* pages at the log's beginning that are in the database too */
    int tried;     /* pages in the log when the thread was asked last */
    int logs;      /* counts how often it began anew */
    bool closing;

    struct gate gate;

    /* the writer's */
    int log_pages; /* as of the last commit */
    int finished;  /* pages when it copied the rest last, if the log did not begin anew */
};

/* Starts the thread. The writing connection reports its commits. */
bool checkpoint_start(struct checkpoint *checkpoint, struct store_reader *writer, struct error *error);
/* On the writer's thread, after those who wait for a commit have heard of it. */
void checkpoint_consider(struct checkpoint *checkpoint, struct store_reader *writer);
/* Waits for a copy that is under way. Also after a start that failed, or none. */
void checkpoint_stop(struct checkpoint *checkpoint);
