#include "store/sqlite/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "store/sqlite/fault.h"
#include "store/sqlite/gather.h"
#include "store/sqlite/schema.h"

enum {
    PROBE_MS = 500,
    PATIENT_JOBS = 64,  /* as many patient jobs are worth a commit of their own */
    PATIENT_LEAST = 16, /* so many go along with urgent ones, and a quarter of those that wait if that is more: */
    PATIENT_SHARE = 4,  /* a burst of them delays no acknowledgement, and yet the queue cannot grow for ever */
};

/* ---- queues ---- */

static void enqueue(struct store_queue *queue, struct store_job *job)
{
    job->next = NULL;
    if (queue->last != NULL)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
    queue->count++;
}

static size_t dequeue(struct store_queue *queue, struct store_job **jobs, size_t most)
{
    size_t count = 0;
    while (queue->first != NULL && count < most) {
        struct store_job *job = queue->first;
        queue->first = job->next;
        job->next = NULL; /* so that `done` can submit it again */
        jobs[count++] = job;
    }
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count -= count;
    return count;
}

static bool is_empty(const struct store *store)
{
    return store->urgent.count + store->patient.count == 0;
}

/* ---- one group of jobs ---- */

static bool run_statement(struct store *store, const char *sql, struct error *error)
{
    return database_run(&store->database, database_statement(&store->database, sql, error), error);
}

static bool run_job(struct store *store, struct store_job *job, struct error *error)
{
    if (!job->isolated)
        return job->run(&store->transaction, job, error);
    if (!run_statement(store, "SAVEPOINT job", error))
        return false;
    deltas_mark(&store->deltas);
    bool done = job->run(&store->transaction, job, error);
    deltas_unmark(&store->deltas, !done);
    struct error ignored;
    if (!done)
        run_statement(store, "ROLLBACK TO job", &ignored);
    run_statement(store, "RELEASE job", &ignored);
    return done;
}

static bool is_store_trouble(const struct error *error)
{
    return error->code == ERROR_STORE_FULL || error->code == ERROR_STORE_IO || error->code == ERROR_INTERNAL;
}

static void undo(struct store *store)
{
    for (size_t i = 0; i < store->database.statement_count; i++)
        sqlite3_reset(store->database.statements[i].statement);
    if (!sqlite3_get_autocommit(store->database.db))
        sqlite3_exec(store->database.db, "ROLLBACK", NULL, NULL, NULL);
    deltas_clear(&store->deltas);
}

/* Runs the jobs in one transaction. outcomes[i] is filled for each; *error when the whole group failed. */
static bool run_group(struct store *store, struct store_job **jobs, size_t count, struct error *outcomes,
                      struct error *error)
{
    if (!run_statement(store, "BEGIN IMMEDIATE", error))
        return false;
    for (size_t i = 0; i < count; i++) {
        outcomes[i] = (struct error){0};
        if (store->deltas.count >= DELTAS_MOST && !keep_flush(&store->database, &store->deltas, error))
            return false;
        if (run_job(store, jobs[i], &outcomes[i]))
            continue;
        if (!jobs[i]->isolated || is_store_trouble(&outcomes[i])) {
            *error = outcomes[i];
            return false;
        }
    }
    return keep_flush(&store->database, &store->deltas, error) && run_statement(store, "COMMIT", error);
}

static void note_writable(struct store *store, bool writable, const struct error *error)
{
    if (atomic_exchange(&store->writable, writable) == writable)
        return;
    if (writable)
        log_info("the store takes writes again");
    else
        log_error("the store takes no writes: %s", error->message);
}

static void work_off(struct store *store, struct store_job **jobs, size_t count, struct error *outcomes)
{
    struct error trouble = {0};
    bool committed = run_group(store, jobs, count, outcomes, &trouble);
    if (!committed)
        undo(store);
    leases_settle(&store->leases, committed);
    note_writable(store, committed, &trouble);
    for (size_t i = 0; i < count; i++)
        jobs[i]->done(jobs[i], committed ? &outcomes[i] : &trouble);
    checkpoint_consider(&store->checkpoint, &store->database);
}

/* Only patient jobs are there, few and not for long. */
static bool may_doze(const struct store *store)
{
    return store->urgent.count == 0 && store->patient.count < PATIENT_JOBS && !store->closing &&
           clock_monotonic_us() < store->patient_since + limits.outcome_wait_ms * 1000;
}

/* A write that changes nothing: shows whether the store takes writes again. */
static bool run_probe(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    (void)job;
    return database_execute(transaction->database, "UPDATE meta SET value = value WHERE name = 'change'", error);
}

static void ignore_end(struct store_job *job, const struct error *error)
{
    (void)job;
    (void)error;
}

/* The urgent ones first. The mutex is held. */
static size_t fill_group(struct store *store, struct store_job **jobs)
{
    size_t batch = (size_t)limits.commit_batch, share = store->patient.count / PATIENT_SHARE;
    size_t count = dequeue(&store->urgent, jobs, batch), rest = batch - count;
    if (count > 0 && share < PATIENT_LEAST)
        share = PATIENT_LEAST;
    return count + dequeue(&store->patient, jobs + count, count == 0 || share > rest ? rest : share);
}

static size_t take_group(struct store *store, struct store_job **jobs)
{
    pthread_mutex_lock(&store->mutex);
    bool probe = false; /* after a failed commit the store is tried again without waiting for work */
    while (is_empty(store) && !store->closing && !probe) {
        store->idle = true;
        if (atomic_load(&store->writable))
            pthread_cond_wait(&store->arrived, &store->mutex);
        else
            probe = !condition_wait_until(&store->arrived, &store->mutex, clock_monotonic_us() + PROBE_MS * 1000);
    }
    store->idle = false;
    while (!is_empty(store) && may_doze(store)) {
        store->dozing = true;
        condition_wait_until(&store->arrived, &store->mutex, store->patient_since + limits.outcome_wait_ms * 1000);
    }
    store->dozing = false;
    size_t count = fill_group(store, jobs);
    pthread_mutex_unlock(&store->mutex);
    return count;
}

static bool is_closing(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    bool closing = store->closing;
    pthread_mutex_unlock(&store->mutex);
    return closing;
}

static void *run_writer(void *argument)
{
    struct store *store = argument;
    struct store_job **jobs = memory_allocate((size_t)limits.commit_batch * sizeof(struct store_job *));
    struct error *outcomes = memory_allocate((size_t)limits.commit_batch * sizeof *outcomes);
    struct store_job probe = {.run = run_probe, .done = ignore_end};
    size_t count;
    while ((count = take_group(store, jobs)) > 0 || !is_closing(store)) {
        if (count == 0)
            jobs[count++] = &probe;
        work_off(store, jobs, count, outcomes);
    }
    free(jobs);
    free(outcomes);
    return NULL;
}

/* ---- submitting ---- */

bool store_submit(struct store *store, struct store_job *jobs, struct error *error)
{
    size_t count = 0, urgent = 0;
    for (struct store_job *job = jobs; job != NULL; job = job->next) {
        count++;
        urgent += !job->patient;
    }
    if (count == 0)
        return true;
    pthread_mutex_lock(&store->mutex);
    bool room = store->urgent.count + store->patient.count + count <= (size_t)limits.store_queue && !store->closing;
    if (room) {
        if (store->patient.count == 0)
            store->patient_since = clock_monotonic_us();
        for (struct store_job *job = jobs, *next; job != NULL; job = next) {
            next = job->next;
            enqueue(job->patient ? &store->patient : &store->urgent, job);
        }
        if (store->idle || (store->dozing && (urgent > 0 || store->patient.count >= PATIENT_JOBS))) {
            store->idle = store->dozing = false; /* one signal is enough */
            pthread_cond_signal(&store->arrived);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return room || error_set(error, ERROR_BUSY, "the store has too much to write: try again");
}

struct waiting {
    struct store_job job;
    struct store_job *inner;
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    bool over;
    struct error error;
};

static bool run_inner(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct waiting *waiting = (struct waiting *)job;
    return waiting->inner->run(transaction, waiting->inner, error);
}

static void signal_end(struct store_job *job, const struct error *error)
{
    struct waiting *waiting = (struct waiting *)job;
    if (waiting->inner->done != NULL)
        waiting->inner->done(waiting->inner, error);
    pthread_mutex_lock(&waiting->mutex);
    waiting->error = *error;
    waiting->over = true;
    pthread_cond_signal(&waiting->finished);
    pthread_mutex_unlock(&waiting->mutex);
}

bool store_write(struct store *store, struct store_job *job, struct error *error)
{
    struct waiting waiting = {.job = {.run = run_inner, .done = signal_end, .isolated = job->isolated}, .inner = job};
    pthread_mutex_init(&waiting.mutex, NULL);
    pthread_cond_init(&waiting.finished, NULL);
    bool taken = store_submit(store, &waiting.job, error);
    if (taken) {
        pthread_mutex_lock(&waiting.mutex);
        while (!waiting.over)
            pthread_cond_wait(&waiting.finished, &waiting.mutex);
        pthread_mutex_unlock(&waiting.mutex);
        if (error != NULL && waiting.error.code != ERROR_NONE)
            *error = waiting.error;
    }
    pthread_cond_destroy(&waiting.finished);
    pthread_mutex_destroy(&waiting.mutex);
    return taken && waiting.error.code == ERROR_NONE;
}

bool store_is_writable(const struct store *store)
{
    return atomic_load(&store->writable);
}

void store_release(struct store *store, const int64_t *event_ids, size_t count)
{
    leases_release(&store->leases, event_ids, count);
}

struct store_reader *store_transaction_reader(struct store_transaction *transaction)
{
    return transaction->database;
}

/* ---- open and close ---- */

static bool lock_directory(struct store *store, struct error *error)
{
    char path[1100], holder[32] = "";
    if (mkdir(store->directory, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERROR_STORE_IO, "cannot make the directory %s: %s", store->directory, strerror(errno));
    snprintf(path, sizeof path, "%s/lock", store->directory);
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock < 0)
        return error_set(error, ERROR_STORE_IO, "cannot open %s: %s", path, strerror(errno));
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t size = read(store->lock, holder, sizeof holder - 1);
        struct text pid = text_trim((struct text){holder, size > 0 ? (size_t)size : 0});
        return error_set(error, ERROR_CONFLICT, "another fairlead (process %.*s) uses the directory %s",
                         TEXT_ARGS(pid), store->directory);
    }
    int length = snprintf(holder, sizeof holder, "%d\n", (int)getpid());
    if (ftruncate(store->lock, 0) != 0 || pwrite(store->lock, holder, (size_t)length, 0) != length)
        log_warn("cannot note the process in %s: %s", path, strerror(errno));
    return true;
}

static bool open_database(struct store *store, struct error *error)
{
    int64_t last_key;
    /* It counts memory for nobody, under a lock that every thread would take for every piece. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!fault_prepare(error) || !gather_prepare(error) || !database_open(&store->database, store->path, true, error) ||
        !sealing_open(&store->seal_ring, store->directory, &store->database, error) ||
        !keep_prepare(&store->database, error) || !schema_apply(&store->database, error) ||
        !sealing_note_key(&store->database, error) ||
        !schema_last_key(&store->database, &last_key, error))
        return false;
    id_raise_above(last_key);
    return checkpoint_start(&store->checkpoint, &store->database, error);
}

struct store *store_open(const char *directory, struct error *error)
{
    struct store *store = NEW(struct store);
    store->lock = -1;
    snprintf(store->directory, sizeof store->directory, "%s", directory);
    snprintf(store->path, sizeof store->path, "%s/fairlead.db", directory);
    store->transaction = (struct store_transaction){store, &store->database};
    atomic_init(&store->writable, true);
    leases_init(&store->leases);
    seal_ring_init(&store->seal_ring);
    pthread_mutex_init(&store->mutex, NULL);
    condition_init(&store->arrived);
    if (lock_directory(store, error) && open_database(store, error)) {
        store->started = thread_start(&store->thread, "writer", run_writer, store);
        if (store->started)
            return store;
        error_set(error, ERROR_INTERNAL, "no thread for the store's writer");
    }
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->closing = true;
    pthread_cond_signal(&store->arrived);
    pthread_mutex_unlock(&store->mutex);
    if (store->started)
        pthread_join(store->thread, NULL);
    checkpoint_stop(&store->checkpoint);
    if (store->database.db != NULL)
        database_close(&store->database);
    fault_report();
    if (store->lock >= 0)
        close(store->lock);
    leases_free(&store->leases);
    seal_ring_free(&store->seal_ring);
    deltas_free(&store->deltas);
    pthread_cond_destroy(&store->arrived);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

struct store_reader *store_reader_open(struct store *store, struct error *error)
{
    struct store_reader *reader = NEW(struct store_reader);
    if (database_open(reader, store->path, false, error)) {
        if (sealing_register(&store->seal_ring, reader, error))
            return reader;
        database_close(reader);
    }
    free(reader);
    return NULL;
}

void store_reader_give_way(struct store_reader *reader)
{
    reader->gives_way = true;
    database_watch(reader);
}

void store_reader_close(struct store_reader *reader)
{
    database_close(reader);
    free(reader);
}

void store_read_enter(struct store *store)
{
    gate_enter(&store->checkpoint.gate);
}

void store_read_leave(struct store *store)
{
    gate_leave(&store->checkpoint.gate);
}

bool store_reader_begin(struct store_reader *reader, struct error *error)
{
    return database_execute(reader, "BEGIN", error);
}

void store_reader_end(struct store_reader *reader)
{
    struct error ignored;
    database_execute(reader, "COMMIT", &ignored);
}
