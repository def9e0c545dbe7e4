#include "api/api.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/query.h"
#include "api/validate.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "base/memory.h"

struct waiting_call {
    struct http_exchange *exchange;
    struct waiting_call *next;
};

struct worker {
    struct api *api;
    struct store_reader *reader;
    pthread_t thread;
};

struct api {
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct issues *issues;
    char *public_url;
    struct worker *workers;
    size_t worker_count; /* that run */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct waiting_call *first, **last;
    int64_t waiting;
    bool stopping;
};

/* ---- the path ------------------------------------------------------------------------------------ */

/* Takes "/YYYY-MM-DD" off; what is left begins with "/" or is empty. */
static bool take_version(struct text *path)
{
    static const char form[] = "0000-00-00";
    size_t start = 0;
    while (start < path->size && path->data[start] == '/')
        start++;
    if (start == 0 || path->size < start + sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = path->data[start + i];
        if (form[i] == '-' ? c != '-' : c < '0' || c > '9')
            return false;
    }
    *path = text_slice(*path, start + sizeof form - 1, path->size);
    return path->size == 0 || path->data[0] == '/';
}

bool api_wants(struct text path)
{
    return take_version(&path);
}

static struct text collapse_slashes(struct arena *arena, struct text path)
{
    char *out = arena_allocate(arena, path.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] != '/' || size == 0 || out[size - 1] != '/')
            out[size++] = path.data[i];
    }
    if (size > 1 && out[size - 1] == '/')
        size--;
    return (struct text){out, size};
}

static struct text decode_id(struct arena *arena, struct text id)
{
    struct buffer out = {0};
    percent_decode(&out, id, false);
    struct text copy = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

/* The path behind the version. */
static struct text own_path(const struct call *call)
{
    struct text path = call->exchange->path;
    take_version(&path);
    return collapse_slashes(call->arena, path);
}

static void find_operation(struct call *call, char allow[OPERATION_ALLOW_SIZE])
{
    struct path_ids ids = {0};
    call->operation = operation_find(call->exchange->method, own_path(call), &ids, allow);
    call->id = ids.count > 0 ? decode_id(call->arena, ids.items[0]) : TEXT_NONE;
    call->second_id = ids.count > 1 ? decode_id(call->arena, ids.items[1]) : TEXT_NONE;
}

static bool has_operation(struct call *call, const char *allow)
{
    if (call->operation != NULL)
        return true;
    struct text path = text_slice(own_path(call), 0, 200);
    if (allow[0] == 0)
        return call_fail(call, 404, NULL, "there is nothing at %.*s", TEXT_ARGS(path.size ? path : TEXT("/")));
    call->allow = arena_copy_string(call->arena, text_of(allow));
    return call_fail(call, 405, NULL, "%.*s takes %s only", TEXT_ARGS(path), call->allow);
}

/* ---- who calls ----------------------------------------------------------------------------------- */

/* The key as Bearer token or as user name of Basic; TEXT_NONE without one. */
static struct text find_key(struct call *call)
{
    struct text value = http_headers_get(&call->exchange->headers, TEXT("authorization"));
    ptrdiff_t space = text_find_byte(value, ' ');
    if (space < 0)
        return TEXT_NONE;
    struct text scheme = text_slice(value, 0, (size_t)space);
    struct text rest = text_trim(text_slice(value, (size_t)space + 1, value.size));
    if (text_equal_ignoring_case(scheme, TEXT("bearer")))
        return rest;
    struct buffer decoded = {0};
    struct text key = TEXT_NONE;
    if (text_equal_ignoring_case(scheme, TEXT("basic")) && base64_decode(&decoded, rest)) {
        struct text pair = arena_copy_text(call->arena, buffer_text(&decoded));
        ptrdiff_t colon = text_find_byte(pair, ':');
        key = colon < 0 ? pair : text_slice(pair, 0, (size_t)colon);
    }
    buffer_free(&decoded);
    return key;
}

static bool find_project(struct call *call)
{
    struct text key = find_key(call);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (key.size == 0)
        return call_fail(call, 401, NULL,
                         "an API key is needed, as \"Authorization: Bearer KEY\" or as the user name of Basic");
    if (EVP_Digest(key.data, key.size, digest, &size, EVP_sha256(), NULL) != 1)
        return call_fail(call, 500, NULL, "the API key could not be hashed");
    struct buffer hex = {0};
    struct error error = {0};
    hex_encode(&hex, (struct text){(const char *)digest, size});
    bool found = store_read_api_key(call->reader, buffer_text(&hex), &call->project_id, &error);
    buffer_free(&hex);
    if (!found && error.code == ERROR_NOT_FOUND)
        return call_fail(call, 401, NULL, "the API key is not valid");
    return found || call_fail_error(call, &error);
}

/* Whoever has no key does not learn which paths there are, but for those that are open. */
static bool may_call(struct call *call)
{
    return (call->operation != NULL && operation_is_open(call->operation)) || find_project(call);
}

/* ---- the pool ------------------------------------------------------------------------------------ */

static void answer(struct worker *worker, struct http_exchange *exchange)
{
    struct api *api = worker->api;
    struct call call = {
        .store = api->store,
        .catalog = api->catalog,
        .deliver = api->deliver,
        .issues = api->issues,
        .public_url = api->public_url,
        .exchange = exchange,
        .arena = &exchange->arena,
        .reader = worker->reader,
        .now = clock_now_ms(),
    };
    char allow[OPERATION_ALLOW_SIZE];
    find_operation(&call, allow);
    if (may_call(&call) && has_operation(&call, allow) && query_read(&call) && validate_body(&call)) {
        bool done = call.operation->handle(&call);
        if (!done && call.status == 0)
            call_fail(&call, 500, NULL, "%s failed without a reason", call.operation->id);
    }
    call_send(&call);
}

static struct http_exchange *next_exchange(struct api *api)
{
    struct http_exchange *exchange = NULL;
    pthread_mutex_lock(&api->mutex);
    while (api->first == NULL && !api->stopping)
        pthread_cond_wait(&api->changed, &api->mutex);
    if (api->first != NULL) {
        exchange = api->first->exchange;
        api->first = api->first->next;
        if (api->first == NULL)
            api->last = &api->first;
        api->waiting--;
    }
    pthread_mutex_unlock(&api->mutex);
    return exchange;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct http_exchange *exchange;
    while ((exchange = next_exchange(worker->api)) != NULL)
        answer(worker, exchange);
    return NULL;
}

void api_handle(struct api *api, struct http_exchange *exchange)
{
    /* The node lies in the exchange, which outlives its wait. */
    struct waiting_call *call = ARENA_NEW(&exchange->arena, struct waiting_call);
    call->exchange = exchange;
    pthread_mutex_lock(&api->mutex);
    bool taken = !api->stopping && api->waiting < limits.api_queue;
    if (taken) {
        *api->last = call;
        api->last = &call->next;
        api->waiting++;
        pthread_cond_signal(&api->changed);
    }
    pthread_mutex_unlock(&api->mutex);
    if (!taken)
        api_refuse(exchange, 503, "too many API calls are waiting: try again later");
}

static bool start_worker(struct api *api, struct worker *worker, struct error *error)
{
    worker->api = api;
    worker->reader = store_reader_open(api->store, error);
    if (worker->reader == NULL)
        return false;
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        store_reader_close(worker->reader);
        return error_set(error, ERROR_INTERNAL, "a thread for API calls could not be started");
    }
    api->worker_count++;
    return true;
}

struct api *api_start(struct store *store, struct catalog *catalog, struct deliver *deliver, struct issues *issues,
                      const char *public_url, struct error *error)
{
    struct api *api = NEW(struct api);
    api->store = store;
    api->catalog = catalog;
    api->deliver = deliver;
    api->issues = issues;
    api->public_url = memory_copy_string(public_url);
    api->workers = memory_allocate_zeroed((size_t)limits.api_threads * sizeof *api->workers);
    api->last = &api->first;
    pthread_mutex_init(&api->mutex, NULL);
    pthread_cond_init(&api->changed, NULL);
    for (int64_t i = 0; i < limits.api_threads; i++) {
        if (!start_worker(api, &api->workers[i], error)) {
            api_stop(api);
            return NULL;
        }
    }
    return api;
}

void api_stop(struct api *api)
{
    pthread_mutex_lock(&api->mutex);
    api->stopping = true;
    pthread_cond_broadcast(&api->changed);
    pthread_mutex_unlock(&api->mutex);
    for (size_t i = 0; i < api->worker_count; i++) {
        pthread_join(api->workers[i].thread, NULL);
        store_reader_close(api->workers[i].reader);
    }
    pthread_cond_destroy(&api->changed);
    pthread_mutex_destroy(&api->mutex);
    free(api->workers);
    free(api->public_url);
    free(api);
}
