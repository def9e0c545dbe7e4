#include "notify/notify.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "notify/telling.h"
#include "store/notification.h"

enum { BATCH = 64, LOOK_MS = 250 };

struct notify {
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct issues *issues;
    struct passages *passages;
    const char *public_url;
    struct channels *channels;
    struct store_reader *reader; /* the thread's */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic */
    bool stopping;
};

struct batch {
    struct store_job job; /* first: the store hands it back */
    struct telling tellings[BATCH];
    size_t count;
};

static bool store_batch(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct batch *batch = (struct batch *)job;
    for (size_t i = 0; i < batch->count; i++) {
        if (!telling_store(transaction, &batch->tellings[i], error))
            return false;
    }
    return true;
}

/* It is on disk: the events are delivered, the channels told. */
static void pass_on(struct notify *notify, const struct telling *telling)
{
    for (size_t i = 0; i < telling->routed_count; i++)
        routed_hand_on(notify->deliver, notify->passages, &telling->routed[i]);
    if (telling->wanted != NULL)
        channels_send(notify->channels, telling->wanted, telling->subject, telling->text, telling->object);
}

static void prepare_batch(struct notify *notify, struct arena *arena, const struct notice *notices, struct batch *batch)
{
    struct trigger_set *set = catalog_triggers(notify->catalog);
    for (size_t i = 0; i < batch->count; i++) {
        struct call call = {.store = notify->store, .catalog = notify->catalog, .deliver = notify->deliver,
                            .issues = notify->issues, .public_url = notify->public_url, .arena = arena,
                            .reader = notify->reader, .now = clock_now_ms()};
        telling_prepare(&call, set, &notices[i], &batch->tellings[i]);
    }
    trigger_set_release(set);
}

/* *count: how many were told. */
static bool tell_some(struct notify *notify, size_t *count, struct error *error)
{
    struct arena arena = {0};
    struct notice *notices;
    struct batch *batch = ARENA_NEW(&arena, struct batch);
    batch->job = (struct store_job){.run = store_batch, .isolated = true, .patient = false};
    bool done = store_read_notices(notify->reader, &arena, 0, BATCH, &notices, &batch->count, error);
    if (done && batch->count > 0) {
        prepare_batch(notify, &arena, notices, batch);
        done = store_write(notify->store, &batch->job, error);
        for (size_t i = 0; i < batch->count; i++) {
            if (done)
                pass_on(notify, &batch->tellings[i]);
            telling_free(&batch->tellings[i]);
        }
    }
    *count = done ? batch->count : 0;
    arena_free(&arena);
    return done;
}

static bool wait_a_little(struct notify *notify)
{
    int64_t end_us = clock_monotonic_us() + LOOK_MS * 1000;
    pthread_mutex_lock(&notify->lock);
    while (!notify->stopping && clock_monotonic_us() < end_us)
        condition_wait_until(&notify->changed, &notify->lock, end_us);
    bool stopping = notify->stopping;
    pthread_mutex_unlock(&notify->lock);
    return !stopping;
}

static bool is_stopping(struct notify *notify)
{
    pthread_mutex_lock(&notify->lock);
    bool stopping = notify->stopping;
    pthread_mutex_unlock(&notify->lock);
    return stopping;
}

static void *run(void *argument)
{
    struct notify *notify = argument;
    bool failed_before = false;
    while (wait_a_little(notify)) {
        size_t count;
        bool done;
        struct error error = {0};
        while ((done = tell_some(notify, &count, &error)) && count == BATCH && !is_stopping(notify))
            ;
        if (!done && !failed_before)
            log_warn("notifications wait: %s", error.message);
        failed_before = !done;
    }
    return NULL;
}

struct notify *notify_start(struct store *store, struct catalog *catalog, struct deliver *deliver, struct issues *issues,
                            struct passages *passages, const char *public_url,
                            const struct channel_settings *settings, struct error *error)
{
    struct notify *notify = NEW(struct notify);
    *notify = (struct notify){.store = store, .catalog = catalog, .deliver = deliver, .issues = issues,
                              .passages = passages, .public_url = public_url};
    pthread_mutex_init(&notify->lock, NULL);
    condition_init(&notify->changed);
    if ((notify->channels = channels_start(settings, deliver_egress(deliver), error)) != NULL &&
        (notify->reader = store_reader_open(store, error)) != NULL) {
        notify->started = thread_start(&notify->thread, "notify", run, notify);
        if (notify->started)
            return notify;
        error_set(error, ERROR_INTERNAL, "no thread for notifications");
    }
    notify_stop(notify);
    return NULL;
}

void notify_stop(struct notify *notify)
{
    pthread_mutex_lock(&notify->lock);
    notify->stopping = true;
    pthread_cond_signal(&notify->changed);
    pthread_mutex_unlock(&notify->lock);
    if (notify->started)
        pthread_join(notify->thread, NULL);
    if (notify->channels != NULL)
        channels_stop(notify->channels);
    if (notify->reader != NULL)
        store_reader_close(notify->reader);
    pthread_cond_destroy(&notify->changed);
    pthread_mutex_destroy(&notify->lock);
    free(notify);
}
