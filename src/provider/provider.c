#include "provider/provider.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "provider/engine.h"

/* ---- those who wait ---- */

void errand_fail(struct errand *errand, bool is_final, const char *format, ...)
{
    va_list arguments;
    errand->failed = true;
    errand->is_final = is_final;
    va_start(arguments, format);
    vsnprintf(errand->failure, sizeof errand->failure, format, arguments);
    va_end(arguments);
}

static void errand_wait(struct provider *provider, struct errand *errand, struct document *document)
{
    errand->document = document;
    errand->until = clock_monotonic_ms() + limits.provider_wait_ms;
    errand->next = provider->waiting;
    provider->waiting = errand;
    provider->waiting_count++;
    provider->waiting_bytes += errand->bytes;
}

/* Takes the one at *place off the list. */
static struct errand *errand_unlink(struct provider *provider, struct errand **place)
{
    struct errand *errand = *place;
    *place = errand->next;
    provider->waiting_count--;
    provider->waiting_bytes -= errand->bytes;
    return errand;
}

struct errand *errands_take(struct provider *provider, const struct document *document, int64_t now)
{
    struct errand *taken = NULL;
    for (struct errand **place = &provider->waiting; *place != NULL;) {
        struct errand *errand = *place;
        if (document != NULL ? errand->document != document : errand->until > now) {
            place = &errand->next;
            continue;
        }
        errand_unlink(provider, place)->next = taken;
        taken = errand;
    }
    return taken;
}

void errands_end(struct errand *errands)
{
    while (errands != NULL) {
        struct errand *next = errands->next;
        errands->done(errands);
        errands = next;
    }
}

/* A confirmation goes on without who waited for it. */
static void forget_errand(struct provider *provider, const struct errand *errand)
{
    struct fetch *const lists[] = {provider->queue, provider->running};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (struct fetch *fetch = lists[i]; fetch != NULL; fetch = fetch->next)
            fetch->errand = fetch->errand == errand ? NULL : fetch->errand;
    }
}

static struct errand *expire(struct provider *provider, int64_t now)
{
    struct errand *expired = errands_take(provider, NULL, now);
    for (struct errand *errand = expired; errand != NULL; errand = errand->next) {
        forget_errand(provider, errand);
        errand_fail(errand, false, provider->stopping ? "the gateway stops" : "the provider did not answer in time");
    }
    return expired;
}

/* ---- calls ---- */

void fetch_push(struct provider *provider, struct fetch *fetch)
{
    struct fetch **place = &provider->queue;
    while (*place != NULL)
        place = &(*place)->next;
    *place = fetch;
    fetch->next = NULL;
}

static void fetch_free(struct fetch *fetch)
{
    arena_free(&fetch->arena);
    free(fetch);
}

static void unlink_running(struct provider *provider, const struct fetch *fetch)
{
    struct fetch **place = &provider->running;
    while (*place != fetch)
        place = &(*place)->next;
    *place = fetch->next;
    provider->running_count--;
}

/* A document's calls are over. Its errands are told by the caller. */
static struct errand *end_document(struct fetch *fetch, struct key_set *set, const struct error *error, bool is_final)
{
    struct document *document = fetch->document;
    document_fetched(document, set, fetch_lifetime_ms(&fetch->call), error, is_final);
    struct errand *errands = errands_take(fetch->provider, document, 0);
    for (struct errand *errand = errands; errand != NULL; errand = errand->next) {
        struct text id = errand->wanted.id;
        if (set == NULL)
            errand_fail(errand, is_final, "%s", document->failure);
        else if (key_set_find(set, id) != NULL)
            errand->keys = key_set_share(set);
        else
            errand_fail(errand, true, "the sender publishes no key \"%.*s\"", (int)(id.size < 64 ? id.size : 64), id.data);
    }
    if (set == NULL)
        log_warn("no key from %s", document->failure);
    return errands;
}

/* True: there is one more call to make. */
static bool next_step(struct fetch *fetch, enum reply_meaning meaning, struct error *error)
{
    if (fetch->step == STEP_TOKEN && meaning == REPLY_GOOD) {
        fetch->token = fetch_token(fetch, &fetch->arena, error);
        fetch->step = STEP_KEY;
        return fetch->token.data != NULL;
    }
    if (fetch->step == STEP_KEY && meaning == REPLY_NONE && fetch->document->wanted.other_url.data != NULL) {
        fetch->step = STEP_OTHER_KEY;
        return true;
    }
    return false;
}

/* Only what may pass is tried again: no answer, and answers of 500 and more. */
static bool confirms_again(struct fetch *fetch, enum reply_meaning meaning)
{
    static const int64_t pauses_ms[CONFIRM_TRIES] = {0, 1000, 3000};
    int status = fetch->call.status;
    if (meaning == REPLY_GOOD || (status > 0 && status < 500 && status != 429) || ++fetch->tries == CONFIRM_TRIES)
        return false;
    fetch->start_at = clock_monotonic_ms() + pauses_ms[fetch->tries];
    return true;
}

static struct errand *end_confirmation(struct fetch *fetch, enum reply_meaning meaning, const struct error *error)
{
    struct errand *errand = fetch->errand, **place = &fetch->provider->waiting;
    struct text host = fetch_host(text_of(fetch->url));
    if (meaning == REPLY_GOOD)
        log_info("confirmed a subscription at %.*s", TEXT_ARGS(host));
    else
        log_warn("could not confirm a subscription at %.*s: %s", TEXT_ARGS(host), error->message);
    if (errand == NULL)
        return NULL;
    while (*place != errand)
        place = &(*place)->next;
    errand_unlink(fetch->provider, place)->next = NULL;
    if (meaning != REPLY_GOOD)
        errand_fail(errand, false, "the subscription could not be confirmed: %s", error->message);
    return errand;
}

static void call_done(struct http_call *call)
{
    struct fetch *fetch = call->user;
    struct provider *provider = fetch->provider;
    struct error error = {0};
    struct errand *errands = NULL;
    struct key_set *set = NULL;
    enum reply_meaning meaning = fetch_read(fetch, &error);
    bool more = fetch->document != NULL ? next_step(fetch, meaning, &error) : confirms_again(fetch, meaning);
    if (fetch->document != NULL && !more && error.code == ERROR_NONE)
        set = key_set_read(&fetch->document->wanted, call->response_body, provider->trusted, clock_now_ms(), &error);
    pthread_mutex_lock(&provider->lock);
    unlink_running(provider, fetch);
    more = more && !provider->stopping;
    if (more)
        fetch_push(provider, fetch);
    else if (fetch->document != NULL)
        errands = end_document(fetch, set, &error, meaning == REPLY_NONE);
    else
        errands = end_confirmation(fetch, meaning, &error);
    pthread_mutex_unlock(&provider->lock);
    if (!more)
        fetch_free(fetch);
    errands_end(errands);
}

static size_t calls_to(const struct provider *provider, struct text host)
{
    size_t count = 0;
    for (const struct fetch *fetch = provider->running; fetch != NULL; fetch = fetch->next)
        count += text_equal(fetch_host(fetch_url(fetch)), host);
    return count;
}

/* Starts what may start; `*next` becomes when one of the others may. */
static void start_calls(struct provider *provider, int64_t now, int64_t *next)
{
    for (struct fetch **place = &provider->queue; *place != NULL;) {
        struct fetch *fetch = *place;
        if (fetch->start_at > now && fetch->start_at < *next)
            *next = fetch->start_at;
        if (fetch->start_at > now || (int64_t)provider->running_count >= limits.provider_calls ||
            (int64_t)calls_to(provider, fetch_host(fetch_url(fetch))) >= limits.provider_host_calls) {
            place = &fetch->next;
            continue;
        }
        *place = fetch->next;
        fetch->next = provider->running;
        provider->running = fetch;
        provider->running_count++;
        fetch_write(fetch);
        fetch->call.done = call_done;
        http_client_start(provider->client, &fetch->call);
    }
}

/* ---- the thread ---- */

static int64_t first_end(const struct provider *provider, int64_t otherwise)
{
    for (const struct errand *errand = provider->waiting; errand != NULL; errand = errand->next)
        otherwise = errand->until < otherwise ? errand->until : otherwise;
    return otherwise;
}

static void *run(void *context)
{
    struct provider *provider = context;
    bool stopping = false;
    while (!stopping) {
        int64_t now = clock_monotonic_ms(), next = INT64_MAX;
        pthread_mutex_lock(&provider->lock);
        stopping = provider->stopping;
        struct errand *expired = expire(provider, stopping ? INT64_MAX : now);
        if (!stopping)
            start_calls(provider, now, &next);
        next = first_end(provider, next);
        pthread_mutex_unlock(&provider->lock);
        errands_end(expired);
        if (!stopping)
            http_client_run(provider->client, next == INT64_MAX ? -1 : next > now ? (int)(next - now) : 0);
    }
    http_client_cancel_all(provider->client);
    return NULL;
}

/* ---- from other threads ---- */

/* A source whose requests name ever other keys makes no more calls than this. */
static bool is_within_budget(struct provider *provider, int64_t source_id, int64_t now)
{
    uint64_t mixed = (uint64_t)source_id * 0x9E3779B97F4A7C15u;
    struct source_budget *budget = &provider->budgets[mixed >> 56];
    if (budget->minute != now / 60000)
        *budget = (struct source_budget){now / 60000, 0};
    return budget->calls++ < limits.provider_source_calls;
}

static int64_t waiting_of(const struct provider *provider, int64_t source_id)
{
    int64_t count = 0;
    for (const struct errand *errand = provider->waiting; errand != NULL; errand = errand->next)
        count += errand->source_id == source_id;
    return count;
}

static bool is_full(const struct provider *provider, struct errand *errand)
{
    if (provider->stopping)
        errand_fail(errand, false, "the gateway stops");
    else if ((int64_t)provider->waiting_count >= limits.provider_waiting ||
             (int64_t)(provider->waiting_bytes + errand->bytes) > limits.provider_waiting_bytes)
        errand_fail(errand, false, "too many requests wait for keys of their senders");
    else if (waiting_of(provider, errand->source_id) >= limits.provider_source_waiting)
        errand_fail(errand, false, "too many requests of this source wait for keys of their senders");
    return errand->failed;
}

static void begin(struct provider *provider, struct fetch fetch)
{
    struct fetch *new = NEW(struct fetch);
    *new = fetch;
    new->provider = provider;
    if (fetch.errand != NULL)
        new->url = arena_copy_string(&new->arena, text_of(fetch.errand->url));
    fetch_push(provider, new);
    http_client_wake(provider->client);
}

static void begin_document(struct provider *provider, struct document *document)
{
    bool with_token = document->wanted.token_url.data != NULL;
    document->fetching = true;
    begin(provider, (struct fetch){.document = document, .step = with_token ? STEP_TOKEN : STEP_KEY});
}

static bool find_key(struct provider *provider, struct errand *errand)
{
    int64_t now = clock_monotonic_ms();
    struct document *document = document_find(provider, &errand->wanted, now);
    if ((document != NULL && document_answers(document, errand, now)) || is_full(provider, errand))
        return true;
    if ((document == NULL || !document->fetching) && !is_within_budget(provider, errand->source_id, now)) {
        errand_fail(errand, false, "this source's requests asked for too many keys within a minute");
        return true;
    }
    if (document == NULL && (document = document_make(provider, &errand->wanted, now)) == NULL) {
        errand_fail(errand, false, "too many keys are being fetched");
        return true;
    }
    if (!document->fetching)
        begin_document(provider, document);
    errand_wait(provider, errand, document);
    return false;
}

bool provider_get_key(struct provider *provider, struct errand *errand)
{
    errand->failed = false;
    errand->keys = NULL;
    pthread_mutex_lock(&provider->lock);
    bool answered = find_key(provider, errand);
    pthread_mutex_unlock(&provider->lock);
    return answered;
}

bool provider_confirm(struct provider *provider, struct errand *errand)
{
    errand->failed = false;
    errand->keys = NULL;
    pthread_mutex_lock(&provider->lock);
    bool failed = is_full(provider, errand);
    if (!failed && !is_within_budget(provider, errand->source_id, clock_monotonic_ms())) {
        errand_fail(errand, false, "this source's requests asked for too many confirmations within a minute");
        failed = true;
    }
    if (!failed) {
        errand_wait(provider, errand, NULL);
        begin(provider, (struct fetch){.errand = errand, .step = STEP_CONFIRM});
    }
    pthread_mutex_unlock(&provider->lock);
    return failed;
}

/* ---- start and stop ---- */

struct provider *provider_start(const struct provider_settings *settings, const struct egress *egress,
                                struct error *error)
{
    struct provider *provider = NEW(struct provider);
    pthread_mutex_init(&provider->lock, NULL);
    bool good = settings_read(provider, settings, error) &&
                (provider->client = http_client_create(egress, error)) != NULL;
    if (good && thread_start(&provider->thread, "provider", run, provider))
        return provider;
    if (good)
        error_set(error, ERROR_INTERNAL, "no thread for the calls to providers");
    provider->stopping = true; /* there is no thread to end */
    provider_stop(provider);
    return NULL;
}

void provider_quiesce(struct provider *provider)
{
    pthread_mutex_lock(&provider->lock);
    bool stopped = provider->stopping;
    provider->stopping = true;
    pthread_mutex_unlock(&provider->lock);
    if (stopped)
        return;
    http_client_wake(provider->client);
    pthread_join(provider->thread, NULL);
}

void provider_stop(struct provider *provider)
{
    provider_quiesce(provider);
    while (provider->queue != NULL) {
        struct fetch *next = provider->queue->next;
        fetch_free(provider->queue);
        provider->queue = next;
    }
    if (provider->client != NULL)
        http_client_free(provider->client);
    documents_free(provider);
    X509_STORE_free(provider->trusted);
    pthread_mutex_destroy(&provider->lock);
    arena_free(&provider->arena);
    free(provider);
}
