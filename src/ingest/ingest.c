#include "ingest/ingest.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/access.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/answer.h"
#include "ingest/routed.h"
#include "ingest/screen.h"

struct ingest {
    struct store *store;
    struct catalog *catalog;
    struct deliver *deliver;
    struct issues *issues;
    struct passages *passages;
    struct provider *provider;
    const char *public_url;
    pthread_mutex_t keys_lock; /* guards the reader that looks up keys of publish calls */
    struct store_reader *keys;
    _Atomic int64_t waiting, accepted, failed;
};

/* One webhook on its way to the disk. Lives in the exchange's arena; the exchange outlives it. */
struct arrival {
    struct store_job job;
    struct ingest *ingest;
    struct http_exchange *exchange;
    struct catalog_source *source;
    struct screened subject;
    struct text path; /* behind the source's own */
    struct screening screening;
    struct errand errand; /* for what it waits, before it is a request */
    struct request request;
    struct buffer headers;
    struct routed *routed;
    struct delivery_place *leased; /* reserved for each; destination 0: none is */
    size_t routed_count;
    struct acknowledgement_reply *acknowledgement; /* what its sender needs as the answer; NULL: nothing of its own */
    struct payload *payload; /* shared by leased events and passages, NULL without any */
};

static const struct text INGEST_PREFIX = {"/e/", 3};
static const struct text PUBLISH_PREFIXES[] = {{"/v1/publish", 11}, {"/publish", 8}}; /* @hookdeck/vercel has the short one */

/* What follows the publish call's own path; without data when it is another path. */
static struct text behind_publish(struct text path)
{
    for (size_t i = 0; i < sizeof PUBLISH_PREFIXES / sizeof PUBLISH_PREFIXES[0]; i++) {
        size_t size = PUBLISH_PREFIXES[i].size;
        if (text_starts_with(path, PUBLISH_PREFIXES[i]) && (path.size == size || path.data[size] == '/'))
            return text_slice(path, size, path.size);
    }
    return TEXT_NONE;
}

/* The project of the custom domain that the request came by; 0: it came by another host. */
static int64_t domain_project(const struct ingest *ingest, const struct http_exchange *exchange)
{
    if (!catalog_has_hosts(ingest->catalog))
        return 0;
    return catalog_project_of_host(ingest->catalog, http_headers_get(&exchange->headers, TEXT("host")));
}

bool ingest_wants(const struct ingest *ingest, const struct http_exchange *exchange)
{
    struct text path = exchange->path;
    return text_starts_with(path, INGEST_PREFIX) || behind_publish(path).data != NULL ||
           (!text_equal(path, TEXT("/healthz")) && domain_project(ingest, exchange) != 0);
}

/* ---- on the writer's thread ---- */

/* Which duplicates there are is known only here, and the counts with it. */
static bool settle_arrival(struct store_transaction *transaction, struct arrival *arrival, struct error *error)
{
    struct request *request = &arrival->request;
    for (size_t i = 0; i < arrival->routed_count; i++) {
        struct routed *routed = &arrival->routed[i];
        if (!routed_settle(transaction, routed, request->ingested_at, error))
            return false;
        request->events_count += routed->end == ROUTED_EVENT;
        request->ignored_count += routed->end == ROUTED_IGNORED;
    }
    return true;
}

static bool store_arrival(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct arrival *arrival = (struct arrival *)job;
    if (!settle_arrival(transaction, arrival, error) || !store_insert_request(transaction, &arrival->request, error) ||
        (arrival->request.rejection_cause != REJECTION_NONE &&
         !issues_rejected(arrival->ingest->issues, transaction, &arrival->request, error)))
        return false;
    for (size_t i = 0; i < arrival->routed_count; i++) {
        const struct routed *routed = &arrival->routed[i];
        bool leased = arrival->leased[i].destination_id != 0 && routed->end == ROUTED_EVENT;
        if (!routed_insert(transaction, routed, leased, error))
            return false;
    }
    return true;
}

static void give_back(struct arrival *arrival, size_t i)
{
    deliver_unreserve(arrival->ingest->deliver, arrival->leased[i], arrival->payload->bytes);
}

/* It is all on disk: hand it on. */
static void pass_on(struct arrival *arrival)
{
    struct ingest *ingest = arrival->ingest;
    for (size_t i = 0; i < arrival->routed_count; i++) {
        const struct routed *routed = &arrival->routed[i];
        if (arrival->leased[i].destination_id != 0 && routed->end != ROUTED_EVENT)
            give_back(arrival, i); /* a duplicate */
        else if (arrival->leased[i].destination_id != 0)
            deliver_push(ingest->deliver, &routed->event, payload_reference(arrival->payload));
        else if (routed->end == ROUTED_PASSAGE && arrival->payload != NULL)
            passages_push(ingest->passages, &routed->passage, payload_reference(arrival->payload));
        else
            routed_hand_on(ingest->deliver, ingest->passages, routed);
    }
}

static void give_all_back(struct arrival *arrival)
{
    for (size_t i = 0; i < arrival->routed_count; i++) {
        if (arrival->leased[i].destination_id != 0)
            give_back(arrival, i);
    }
}

/* Frees what the arena does not hold, and answers; the exchange and the arrival are gone afterwards. */
static void finish(struct arrival *arrival, const struct error *error)
{
    struct ingest *ingest = arrival->ingest;
    struct catalog_source *source = arrival->source;
    payload_release(arrival->payload);
    buffer_free(&arrival->headers);
    if (error->code == ERROR_NONE)
        answer_recorded(arrival->exchange, source, &arrival->screening, arrival->acknowledgement, arrival->request.id,
                        ingest->public_url);
    else
        answer_failed(arrival->exchange, error);
    catalog_source_release(source);
    atomic_fetch_sub(&ingest->waiting, 1);
}

static void arrival_stored(struct store_job *job, const struct error *error)
{
    struct arrival *arrival = (struct arrival *)job;
    if (error->code == ERROR_NONE) {
        atomic_fetch_add_explicit(&arrival->ingest->accepted, 1, memory_order_relaxed);
        pass_on(arrival);
    } else {
        atomic_fetch_add_explicit(&arrival->ingest->failed, 1, memory_order_relaxed);
        issues_forget(arrival->ingest->issues);
        give_all_back(arrival);
    }
    finish(arrival, error);
}

/* ---- on the server's loops ---- */

/* Kept: everything but the host and what only the publish call reads. Added: the sender's address. */
static bool keep_headers(struct arrival *arrival, bool published)
{
    static const char *const reserved[] = {"authorization", "x-hookdeck-source-id", "x-hookdeck-source-name"};
    const struct http_headers *all = &arrival->exchange->headers;
    struct http_headers kept = {
        ARENA_ARRAY(&arrival->exchange->arena, struct http_header, all->count + 1), 0};
    for (size_t i = 0; i < all->count; i++) {
        struct text name = all->items[i].name;
        bool drop = text_equal_ignoring_case(name, TEXT("host")) ||
                    text_equal_ignoring_case(name, TEXT("x-hookdeck-original-ip"));
        for (size_t k = 0; published && k < sizeof reserved / sizeof reserved[0]; k++)
            drop |= text_equal_ignoring_case(name, text_of(reserved[k]));
        if (!drop)
            kept.items[kept.count++] = all->items[i];
    }
    kept.items[kept.count++] =
        (struct http_header){TEXT("x-hookdeck-original-ip"), arrival->exchange->peer};
    return http_headers_write(&arrival->headers, &kept);
}

static void route_all(struct arrival *arrival)
{
    struct catalog_source *source = arrival->source;
    struct arena *arena = &arrival->exchange->arena;
    size_t count = arrival->screening.cause == REJECTION_NONE ? source->connection_count : 0;
    arrival->routed = ARENA_ARRAY(arena, struct routed, count);
    arrival->leased = ARENA_ARRAY(arena, struct delivery_place, count);
    arrival->routed_count = count;
    struct route route = {.request = &arrival->request, .arena = arena, .now = arrival->request.ingested_at,
                          .content = count > 0 && route_source_looks(source) ? content_of(&arrival->request) : NULL};
    for (size_t i = 0; i < count; i++) {
        route.connection = source->connections[i];
        route.destination = source->destinations[i];
        route_connection(&route, &arrival->routed[i]);
    }
}

/* Asks for places in the delivery queues, so that the common case never reads the store again. */
static void reserve_places(struct arrival *arrival)
{
    for (size_t i = 0; i < arrival->routed_count; i++) {
        const struct routed *routed = &arrival->routed[i];
        if (!routed->immediate && routed->end != ROUTED_PASSAGE)
            continue;
        if (arrival->payload == NULL && (arrival->payload = payload_create(&arrival->request, 0)) == NULL)
            return;
        struct delivery_place place = delivery_place_of(&routed->event);
        if (routed->immediate && deliver_reserve(arrival->ingest->deliver, place, arrival->payload->bytes))
            arrival->leased[i] = place;
    }
}

/* What the sender's URL begins with: signatures may be over it. */
static const char *origin_of(const struct ingest *ingest, struct http_exchange *exchange)
{
    if (domain_project(ingest, exchange) == 0)
        return ingest->public_url;
    struct text host = http_headers_get(&exchange->headers, TEXT("host"));
    bool plain = text_starts_with(text_of(ingest->public_url), TEXT("http:"));
    return arena_printf(&exchange->arena, "%s://%.*s", plain ? "http" : "https", TEXT_ARGS(host));
}

/* Signatures take their time: here, not on the thread that commits. */
static void acknowledge(struct arrival *arrival)
{
    struct http_exchange *exchange = arrival->exchange;
    struct acknowledgement_reply reply;
    enum rejection_cause cause = arrival->screening.cause;
    bool is_taken = cause == REJECTION_NONE || cause == REJECTION_NO_CONNECTION;
    if (!is_taken || arrival->source->settings.response_body.data != NULL || arrival->subject.published)
        return;
    struct verify_input input = screen_verify_input(exchange, arrival->subject.origin);
    if (!verify_acknowledge(arrival->source->verifier, &input, &exchange->arena, &reply))
        return;
    arrival->acknowledgement = ARENA_NEW(&exchange->arena, struct acknowledgement_reply);
    *arrival->acknowledgement = reply;
}

/* What was decided is recorded, and answered then. */
static void record(struct arrival *arrival)
{
    struct error error = {0};
    struct ingest *ingest = arrival->ingest;
    const struct http_exchange *exchange = arrival->exchange;
    if (!keep_headers(arrival, arrival->subject.published)) {
        error_set(&error, ERROR_BUSY, "no memory for the headers");
        finish(arrival, &error);
        return;
    }
    arrival->request = (struct request){
        .id = id_new(),
        .project_id = arrival->source->record.project_id,
        .source_id = arrival->source->record.id,
        .ingested_at = exchange->received_ms,
        .verified = arrival->screening.verified,
        .rejection_cause = arrival->screening.cause,
        .rejection_detail = text_of(arrival->screening.detail),
        .updated_at = exchange->received_ms,
        .method = exchange->method,
        .path = arrival->path,
        .query = exchange->query.data ? exchange->query : TEXT(""),
        .headers = buffer_text(&arrival->headers),
        .body = exchange->body.data ? exchange->body : TEXT(""),
    };
    route_all(arrival);
    acknowledge(arrival);
    reserve_places(arrival);
    if (!store_submit(ingest->store, &arrival->job, &error)) {
        atomic_fetch_add(&ingest->failed, 1);
        give_all_back(arrival);
        finish(arrival, &error);
    }
}

/* ---- what has to wait; from here on also on the provider's thread ---- */

static void confirmation_done(struct errand *errand)
{
    struct arrival *arrival = (struct arrival *)((char *)errand - offsetof(struct arrival, errand));
    if (errand->failed) {
        arrival->screening = screen_without_key(&arrival->subject, false, errand->failure);
        record(arrival);
        return;
    }
    struct ingest *ingest = arrival->ingest;
    struct catalog_source *source = arrival->source;
    log_info("source %.*s: the subscription that its sender asked about is confirmed", TEXT_ARGS(source->record.name));
    answer_confirmed(arrival->exchange); /* the arrival is gone with it */
    catalog_source_release(source);
    atomic_fetch_sub(&ingest->waiting, 1);
}

/* True: it is a question of its sender, which is answered by a call. */
static bool asks_for_confirmation(struct arrival *arrival)
{
    struct text url;
    const struct screened *subject = &arrival->subject;
    if (!arrival->screening.verified || subject->published)
        return false;
    struct verify_input input = screen_verify_input(arrival->exchange, subject->origin);
    switch (verify_confirmation(arrival->source->verifier, &input, &arrival->exchange->arena, &url)) {
    case CONFIRMATION_NONE: return false;
    case CONFIRMATION_ELSEWHERE:
        arrival->screening = screen_without_key(subject, true, "the URL for the confirmation is not the sender's");
        return false;
    case CONFIRMATION_WANTED: break;
    }
    arrival->errand = (struct errand){.source_id = arrival->source->record.id, .bytes = arrival->exchange->body.size,
                                      .url = url.data, .done = confirmation_done};
    if (provider_confirm(arrival->ingest->provider, &arrival->errand))
        confirmation_done(&arrival->errand);
    return true;
}

static void key_done(struct errand *errand)
{
    struct arrival *arrival = (struct arrival *)((char *)errand - offsetof(struct arrival, errand));
    struct key_set *keys = errand->keys;
    if (errand->failed) {
        arrival->screening = screen_without_key(&arrival->subject, errand->is_final, errand->failure);
    } else {
        arrival->subject.key = key_set_find(keys, errand->wanted.id);
        arrival->screening = screen_request(&arrival->subject);
    }
    if (!asks_for_confirmation(arrival))
        record(arrival);
    key_set_release(keys);
}

static void take_in(struct ingest *ingest, struct http_exchange *exchange, struct catalog_source *source,
                    struct text path, enum http_refusal refusal, bool published)
{
    struct arrival *arrival = ARENA_NEW(&exchange->arena, struct arrival);
    *arrival = (struct arrival){.job = {.run = store_arrival, .done = arrival_stored},
                                .ingest = ingest, .exchange = exchange, .source = source, .path = path,
                                .subject = {source, exchange, origin_of(ingest, exchange), refusal, published, NULL}};
    atomic_fetch_add(&ingest->waiting, 1);
    arrival->screening = screen_request(&arrival->subject);
    if (!arrival->screening.wants_key) {
        record(arrival);
        return;
    }
    arrival->errand = (struct errand){.source_id = source->record.id, .bytes = exchange->body.size, .wanted = arrival->screening.wanted,
                                      .done = key_done};
    if (provider_get_key(ingest->provider, &arrival->errand))
        key_done(&arrival->errand);
}

/* The project that the call acts in; refuses the call without one. */
static bool publishing_project(struct ingest *ingest, struct http_exchange *exchange, int64_t *project_id)
{
    struct access access = {0};
    struct error error = {0};
    pthread_mutex_lock(&ingest->keys_lock); /* a row or two by their keys: some microseconds */
    bool known = access_find(ingest->keys, &exchange->arena, &exchange->headers, &access, &error);
    pthread_mutex_unlock(&ingest->keys_lock);
    *project_id = access.project_id;
    if (known)
        return true;
    switch (error.code) {
    case ERROR_UNAUTHORIZED:
        answer_refused(exchange, 401, "UNAUTHORIZED", "publishing needs the project's API key");
        break;
    case ERROR_FORBIDDEN: answer_refused(exchange, 403, "FORBIDDEN", error.message); break;
    case ERROR_INVALID: answer_refused(exchange, 422, "UNPROCESSABLE_ENTITY", error.message); break;
    case ERROR_NOT_FOUND: answer_refused(exchange, 404, "NOT_FOUND", error.message); break;
    default: answer_failed(exchange, &error);
    }
    return false;
}

static void handle_publish(struct ingest *ingest, struct http_exchange *exchange, enum http_refusal refusal)
{
    int64_t project_id, id, domain = domain_project(ingest, exchange);
    struct catalog_source *source = NULL;
    struct text source_id = http_headers_get(&exchange->headers, TEXT("x-hookdeck-source-id"));
    struct text source_name = http_headers_get(&exchange->headers, TEXT("x-hookdeck-source-name"));
    if (!publishing_project(ingest, exchange, &project_id))
        return;
    if (source_id.size == 0 && source_name.size == 0) {
        answer_refused(exchange, 422, "MISSING_PARAMETER",
                       "name the source with the header X-Hookdeck-Source-Id or X-Hookdeck-Source-Name");
        return;
    }
    if (source_id.size > 0)
        source = id_parse(ID_SOURCE, source_id, &id) ? catalog_find_source(ingest->catalog, id) : NULL;
    else
        source = catalog_find_source_by_name(ingest->catalog, project_id, source_name);
    if (source == NULL || source->record.project_id != project_id || (domain != 0 && domain != project_id)) {
        catalog_source_release(source);
        answer_refused(exchange, 404, "NOT_FOUND", "this project has no such source");
    } else if (source->record.deleted_at != 0) {
        catalog_source_release(source);
        answer_deleted(exchange);
    } else {
        take_in(ingest, exchange, source, behind_publish(exchange->path), refusal, true);
    }
}

static void handle_webhook(struct ingest *ingest, struct http_exchange *exchange, enum http_refusal refusal)
{
    int64_t domain = domain_project(ingest, exchange);
    size_t prefix = text_starts_with(exchange->path, INGEST_PREFIX) ? INGEST_PREFIX.size : 1;
    struct text behind = text_slice(exchange->path, prefix, exchange->path.size);
    ptrdiff_t slash = text_find_byte(behind, '/');
    struct text token = slash < 0 ? behind : text_slice(behind, 0, (size_t)slash);
    struct text path = slash < 0 ? TEXT("") : text_slice(behind, (size_t)slash, behind.size);
    struct catalog_source *source = catalog_find_source_by_token(ingest->catalog, token);
    if (source == NULL || (domain != 0 && source->record.project_id != domain)) {
        catalog_source_release(source);
        answer_refused(exchange, 404, "NOT_FOUND", "there is no source at this URL");
    } else if (source->record.deleted_at != 0) {
        catalog_source_release(source);
        answer_deleted(exchange);
    } else if (text_equal(exchange->method, TEXT("OPTIONS"))) {
        catalog_source_release(source);
        answer_preflight(exchange);
    } else if (refusal == HTTP_ACCEPTED && answer_handshake(exchange, source, origin_of(ingest, exchange))) {
        catalog_source_release(source);
    } else {
        take_in(ingest, exchange, source, path, refusal, false);
    }
}

void ingest_handle(struct ingest *ingest, struct http_exchange *exchange, enum http_refusal refusal)
{
    struct error error = {0};
    if (refusal == HTTP_NO_MEMORY || atomic_load(&ingest->waiting) >= limits.ingest_queue) {
        atomic_fetch_add(&ingest->failed, 1);
        error_set(&error, ERROR_BUSY, "too many webhooks wait to be stored");
        answer_failed(exchange, &error);
    } else if (behind_publish(exchange->path).data != NULL) {
        handle_publish(ingest, exchange, refusal);
    } else {
        handle_webhook(ingest, exchange, refusal);
    }
}

/* ---- start and stop ---- */

struct ingest *ingest_start(struct store *store, struct catalog *catalog, struct deliver *deliver,
                            struct issues *issues, struct passages *passages, struct provider *provider,
                            const char *public_url, struct error *error)
{
    struct store_reader *keys = store_reader_open(store, error);
    if (keys == NULL)
        return NULL;
    struct ingest *ingest = NEW(struct ingest);
    ingest->store = store;
    ingest->catalog = catalog;
    ingest->deliver = deliver;
    ingest->issues = issues;
    ingest->passages = passages;
    ingest->provider = provider;
    ingest->public_url = public_url;
    ingest->keys = keys;
    pthread_mutex_init(&ingest->keys_lock, NULL);
    return ingest;
}

struct ingest_counts ingest_counts(struct ingest *ingest)
{
    return (struct ingest_counts){atomic_load(&ingest->waiting), atomic_load(&ingest->accepted),
                                  atomic_load(&ingest->failed)};
}

void ingest_stop(struct ingest *ingest)
{
    while (atomic_load(&ingest->waiting) > 0) /* the last touch of an arrival comes after its reply */
        usleep(1000);
    store_reader_close(ingest->keys);
    pthread_mutex_destroy(&ingest->keys_lock);
    free(ingest);
}
