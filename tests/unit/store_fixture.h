/*
 * store_fixture.h - a store in a directory of its own, and records to write, for the tests of the store.
 * Each program uses what it needs of it.
 */
#pragma once

#pragma GCC diagnostic ignored "-Wunused-function"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "store/store.h"

enum { PROJECT = 7, ROWS = 7, WEBHOOKS = 6, MOST_OPERATIONS = 400, NOW = 1000 };

struct fixture {
    char directory[64];
    struct store *store;
    struct store_reader *reader;
    struct arena arena;
    struct error error;
    int64_t source_id, destination_id, connection_id;
};

/* ---- a job made of one function ---- */

typedef bool (*step_function)(struct store_transaction *transaction, void *argument, struct error *error);

struct step_job {
    struct store_job job;
    step_function step;
    void *argument;
};

static bool run_step(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct step_job *this = (struct step_job *)job;
    return this->step(transaction, this->argument, error);
}

static bool write_step(struct store *store, bool isolated, step_function step, void *argument, struct error *error)
{
    struct step_job job = {.job = {.run = run_step, .isolated = isolated}, .step = step, .argument = argument};
    *error = (struct error){0};
    return store_write(store, &job.job, error);
}

#define MUST_WRITE(fixture, step, argument)                                                             \
    do {                                                                                                \
        if (!write_step((fixture)->store, true, step, argument, &(fixture)->error))                     \
            fail_msg("%s: %s", #step, (fixture)->error.message);                                        \
    } while (0)

static bool put_source(struct store_transaction *transaction, void *source, struct error *error)
{
    return store_put_source(transaction, source, error);
}

static bool put_destination(struct store_transaction *transaction, void *destination, struct error *error)
{
    return store_put_destination(transaction, destination, error);
}

static bool put_connection(struct store_transaction *transaction, void *connection, struct error *error)
{
    return store_put_connection(transaction, connection, error);
}

static bool insert_request(struct store_transaction *transaction, void *request, struct error *error)
{
    return store_insert_request(transaction, request, error);
}

static bool insert_event(struct store_transaction *transaction, void *event, struct error *error)
{
    return store_insert_event(transaction, event, false, error);
}

static bool insert_leased_event(struct store_transaction *transaction, void *event, struct error *error)
{
    return store_insert_event(transaction, event, true, error);
}

/* ---- records to write ---- */

static struct source a_source(struct text name, struct text token)
{
    return (struct source){.id = id_new(), .project_id = PROJECT, .token = token, .name = name,
                           .description = TEXT_NONE, .type = TEXT("WEBHOOK"), .config = TEXT("{\"a\":1}"),
                           .created_at = 10, .updated_at = 11};
}

static struct destination a_destination(struct text name)
{
    return (struct destination){.id = id_new(), .project_id = PROJECT, .name = name, .description = TEXT("what"),
                                .type = DESTINATION_MOCK_API, .config = TEXT("{}"), .created_at = 10,
                                .updated_at = 11};
}

static struct connection a_connection(int64_t source_id, int64_t destination_id, struct text name)
{
    return (struct connection){.id = id_new(), .project_id = PROJECT, .source_id = source_id,
                               .destination_id = destination_id, .name = name, .rules = TEXT("[]"),
                               .created_at = 10, .updated_at = 11};
}

static struct request a_request(int64_t source_id, struct text body)
{
    return (struct request){.id = id_new(), .project_id = PROJECT, .source_id = source_id, .ingested_at = NOW,
                            .events_count = 1, .updated_at = NOW, .method = TEXT("POST"), .path = TEXT("/Orders"),
                            .query = TEXT(""), .headers = TEXT("a: b"), .body = body};
}

static struct event an_event(const struct fixture *fixture, int64_t request_id, int64_t due_at)
{
    return (struct event){.id = id_new(), .project_id = PROJECT, .request_id = request_id,
                          .connection_id = fixture->connection_id, .source_id = fixture->source_id,
                          .destination_id = fixture->destination_id, .status = EVENT_QUEUED, .due_at = due_at,
                          .next_trigger = TRIGGER_INITIAL, .created_at = NOW, .updated_at = NOW};
}

static struct event put_event(struct fixture *fixture, int64_t due_at)
{
    struct event event = an_event(fixture, id_new(), due_at);
    MUST_WRITE(fixture, insert_event, &event);
    return event;
}

/* ---- a store in a directory of its own ---- */

static void open_store(struct fixture *fixture)
{
    fixture->store = store_open(fixture->directory, &fixture->error);
    if (fixture->store == NULL)
        fail_msg("%s", fixture->error.message);
    fixture->reader = store_reader_open(fixture->store, &fixture->error);
    assert_non_null(fixture->reader);
}

static void close_store(struct fixture *fixture)
{
    store_reader_close(fixture->reader);
    store_close(fixture->store);
}

static void make_directory(struct fixture *fixture)
{
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/fairlead-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
}

static void remove_directory(const struct fixture *fixture)
{
    static const char *const names[] = {"fairlead.db", "fairlead.db-wal", "fairlead.db-shm", "lock", "storage-key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", fixture->directory, names[i]);
        unlink(path);
    }
    rmdir(fixture->directory);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    make_directory(fixture);
    open_store(fixture);
    struct source source = a_source(TEXT("orders"), TEXT("token-1"));
    struct destination destination = a_destination(TEXT("shop"));
    struct connection connection = a_connection(source.id, destination.id, TEXT("main"));
    MUST_WRITE(fixture, put_source, &source);
    MUST_WRITE(fixture, put_destination, &destination);
    MUST_WRITE(fixture, put_connection, &connection);
    fixture->source_id = source.id;
    fixture->destination_id = destination.id;
    fixture->connection_id = connection.id;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    close_store(fixture);
    remove_directory(fixture);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static struct event read_event(struct fixture *fixture, int64_t id)
{
    struct event event;
    if (!store_read_event(fixture->reader, &fixture->arena, PROJECT, id, &event, &fixture->error))
        fail_msg("%s", fixture->error.message);
    return event;
}

#define ASSERT_TEXT(text, literal) assert_true(text_equal((text), TEXT(literal)))

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
