/* The store's writer: who goes into a commit before whom; and stores of an older schema. */
#include <pthread.h>
#include <stdatomic.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "store/project.h"
#include "store/transformation.h"
#include "store_fixture.h"

#include "store/sqlite/schema.h"

enum { PATIENT = 64 };

/* Holds the writer until it is let go, then notes in which order the jobs behind it ran. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool entered, open;
    int order, patient_before_urgent, open_jobs;
};

struct noted_job {
    struct store_job job;
    struct gate *gate;
    bool is_gate, is_urgent;
};

static bool run_noted(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct noted_job *this = (struct noted_job *)job;
    struct gate *gate = this->gate;
    (void)transaction;
    (void)error;
    pthread_mutex_lock(&gate->lock);
    if (this->is_gate) {
        gate->entered = true;
        pthread_cond_broadcast(&gate->changed);
        while (!gate->open)
            pthread_cond_wait(&gate->changed, &gate->lock);
    } else if (this->is_urgent) {
        gate->patient_before_urgent = gate->order;
    } else {
        gate->order++;
    }
    pthread_mutex_unlock(&gate->lock);
    return true;
}

static void noted(struct store_job *job, const struct error *error)
{
    struct gate *gate = ((struct noted_job *)job)->gate;
    assert_int_equal(error->code, ERROR_NONE);
    pthread_mutex_lock(&gate->lock);
    gate->open_jobs--;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void submit(struct fixture *f, struct noted_job *job)
{
    job->job.run = run_noted;
    job->job.done = noted;
    job->gate->open_jobs++;
    assert_true(store_submit(f->store, &job->job, &f->error));
}

static void wait_for_end(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    while (gate->open_jobs > 0)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

/* A burst of outcomes must not delay the acknowledgement of a webhook that comes after it. */
static void an_urgent_job_passes_the_patient_ones(void **state)
{
    struct fixture *f = *state;
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct noted_job first = {.gate = &gate, .is_gate = true}, urgent = {.gate = &gate, .is_urgent = true};
    struct noted_job patient[PATIENT];
    submit(f, &first);
    pthread_mutex_lock(&gate.lock);
    while (!gate.entered)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    for (int i = 0; i < PATIENT; i++) {
        patient[i] = (struct noted_job){.job = {.patient = true}, .gate = &gate};
        submit(f, &patient[i]);
    }
    submit(f, &urgent);
    wait_for_end(&gate);
    assert_int_equal(gate.patient_before_urgent, 0);
    assert_int_equal(gate.order, PATIENT);
}

/* ---- schema ---- */

static void execute(const char *directory, const char *sql)
{
    char path[128], *message = NULL;
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/fairlead.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static int schema_version(const char *directory)
{
    char path[128];
    sqlite3 *db;
    sqlite3_stmt *statement;
    snprintf(path, sizeof path, "%s/fairlead.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return version;
}

static bool transformations_can_be_listed(struct fixture *f)
{
    struct transformation *transformations;
    struct store_page page;
    struct store_list list = {.project_id = PROJECT, .order_by = FIELD_CREATED_AT, .limit = 10};
    return store_list_transformations(f->reader, &f->arena, &list, &transformations, &page, &f->error);
}

static void a_store_of_the_first_schema_is_brought_up_to_date(void **state)
{
    struct fixture *f = *state;
    struct source source;
    struct store_changes changes;
    struct api_key key;
    close_store(f);
    remove_directory(f);
    make_directory(f);
    execute(f->directory, schema_core);
    execute(f->directory, "INSERT INTO source VALUES(5, 7, 0, 0, 10, 11, 'token', 'orders', NULL, 'WEBHOOK', '{}', 1);"
                          "INSERT INTO project VALUES(7, 'first', 's', 1, 1); INSERT INTO api_key VALUES(8, 7, 'beef', 1);"
                          "PRAGMA user_version = 1;");
    open_store(f);
    assert_true(transformations_can_be_listed(f));
    /* The hot paths learn of a project by its change. */
    assert_true(store_read_changes(f->reader, &f->arena, 0, &changes, &f->error));
    assert_int_equal(changes.project_count, 1);
    ASSERT_TEXT(changes.projects[0].signing_secret, "s");
    assert_true(store_read_api_key_by_hash(f->reader, &f->arena, TEXT("beef"), &key, &f->error));
    assert_int_equal(key.project_id, 7);
    assert_false(key.is_operator);
    assert_true(store_read_source(f->reader, &f->arena, PROJECT, 5, &source, &f->error));
    ASSERT_TEXT(source.name, "orders");
}

static void a_store_of_a_newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;
    char back[64];
    close_store(f);
    snprintf(back, sizeof back, "PRAGMA user_version = %d;", schema_version(f->directory));
    execute(f->directory, "PRAGMA user_version = 1000;");
    assert_null(store_open(f->directory, &f->error));
    assert_int_equal(f->error.code, ERROR_REFUSED);
    execute(f->directory, back);
    f->error = (struct error){0};
    open_store(f);
}

/* ---- the log ---- */

static int64_t log_bytes(const struct fixture *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/fairlead.db-wal", f->directory);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    int64_t size = ftell(file);
    fclose(file);
    return size;
}

enum { PAGE = 4096, SHORT_ROUND = 100, COMMITS = 2000 };

/* The size of the log after many commits, with a short round. */
static int64_t log_after_commits(struct fixture *f)
{
    for (int i = 0; i < COMMITS; i++) {
        struct request request = a_request(f->source_id, TEXT("{}"));
        MUST_WRITE(f, insert_request, &request);
    }
    return log_bytes(f);
}

/* No thread of the store may see it change. */
static int64_t reopen_with_round(struct fixture *f, int64_t pages)
{
    int64_t before = limits.checkpoint_pages;
    close_store(f);
    limits.checkpoint_pages = pages;
    open_store(f);
    return before;
}

/* However long the writer goes on, the log is copied back and used again. */
static void the_log_does_not_grow_for_ever(void **state)
{
    struct fixture *f = *state;
    int64_t before = reopen_with_round(f, SHORT_ROUND);
    int64_t size = log_after_commits(f);
    reopen_with_round(f, before);
    assert_in_range(size / PAGE, 0, 20 * SHORT_ROUND);
}

struct asker {
    struct store *store;
    atomic_bool *enough;
    int64_t id;
    pthread_t thread;
};

static void *ask_without_a_pause(void *argument)
{
    enum { SNAPSHOT_US = 2000 };
    struct asker *asker = argument;
    struct error error = {0};
    struct arena arena = {0};
    struct store_reader *reader = store_reader_open(asker->store, &error);
    while (!atomic_load(asker->enough)) {
        struct source source;
        store_read_enter(asker->store);
        store_reader_begin(reader, &error);
        store_read_source(reader, &arena, 0, asker->id, &source, &error);
        usleep(SNAPSHOT_US);
        store_reader_end(reader);
        store_read_leave(asker->store);
        arena_clear(&arena);
    }
    store_reader_close(reader);
    arena_free(&arena);
    return NULL;
}

/* Somebody reads at every moment. */
static void reads_do_not_let_the_log_grow_for_ever(void **state)
{
    enum { ASKERS = 4 };
    struct fixture *f = *state;
    int64_t before = reopen_with_round(f, SHORT_ROUND);
    struct asker askers[ASKERS];
    atomic_bool enough = false;
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){f->store, &enough, f->source_id, 0};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_without_a_pause, &askers[i]), 0);
    }
    int64_t size = log_after_commits(f);
    atomic_store(&enough, true);
    for (int i = 0; i < ASKERS; i++)
        pthread_join(askers[i].thread, NULL);
    reopen_with_round(f, before);
    assert_in_range(size / PAGE, 0, 40 * SHORT_ROUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_urgent_job_passes_the_patient_ones),
        WITH_STORE(a_store_of_the_first_schema_is_brought_up_to_date),
        WITH_STORE(a_store_of_a_newer_schema_is_refused),
        WITH_STORE(the_log_does_not_grow_for_ever),
        WITH_STORE(reads_do_not_let_the_log_grow_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
