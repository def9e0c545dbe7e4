/*
 * The delivery loop's thread: starts what may be started, runs the HTTP client, turns what ended into outcomes and
 * hands those of one turn to the store together.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "deliver/engine.h"
#include "deliver/envelope.h"
#include "deliver/mock.h"

enum { STARTS_AT_ONCE = 64, UNKNOWN_PAUSE_MS = 1000, STOP_POLL_MS = 20 };

/* One running delivery. Pooled. */
struct delivery {
    struct http_call call;
    struct deliver *deliver;
    struct lane *lane;
    struct lane_item *item;
    struct arena arena;
    struct envelope envelope;
    enum attempt_trigger trigger;
    struct catalog_connection *connection;
    struct catalog_destination *destination;
    struct catalog_source *source;
    struct delivery *next;
};

static const enum attempt_error failure_codes[] = {
    [HTTP_OK] = ATTEMPT_ERROR_NONE,
    [HTTP_TIMEOUT] = ATTEMPT_ERROR_TIMEOUT,
    [HTTP_CONNECTION_REFUSED] = ATTEMPT_ERROR_CONNECTION_REFUSED,
    [HTTP_CONNECTION_RESET] = ATTEMPT_ERROR_CONNECTION_RESET,
    [HTTP_DNS_LOOKUP_FAILED] = ATTEMPT_ERROR_DNS_LOOKUP_FAILED,
    [HTTP_NOT_FOUND] = ATTEMPT_ERROR_NOT_FOUND,
    [HTTP_HOST_UNREACHABLE] = ATTEMPT_ERROR_HOST_UNREACHABLE,
    [HTTP_NETWORK_UNREACHABLE] = ATTEMPT_ERROR_NETWORK_UNREACHABLE,
    [HTTP_NETWORK_ERROR] = ATTEMPT_ERROR_NETWORK_ERROR,
    [HTTP_SOCKET_CLOSED] = ATTEMPT_ERROR_SOCKET_CLOSED,
    [HTTP_BAD_RESPONSE] = ATTEMPT_ERROR_BAD_RESPONSE,
    [HTTP_PROTOCOL_ERROR] = ATTEMPT_ERROR_PROTOCOL_ERROR,
    [HTTP_BAD_ENCODING] = ATTEMPT_ERROR_Z_DATA_ERROR,
    [HTTP_TOO_MANY_REDIRECTS] = ATTEMPT_ERROR_TOO_MANY_REDIRECTS,
    [HTTP_INVALID_URL] = ATTEMPT_ERROR_INVALID_URL,
    [HTTP_SELF_SIGNED_CERT] = ATTEMPT_ERROR_SELF_SIGNED_CERT,
    [HTTP_CERT_NAME_INVALID] = ATTEMPT_ERROR_ERR_TLS_CERT_ALTNAME_INVALID,
    [HTTP_CERT_EXPIRED] = ATTEMPT_ERROR_SSL_CERT_EXPIRED,
    [HTTP_CERT_UNKNOWN_AUTHORITY] = ATTEMPT_ERROR_SSL_ERROR_CA_UNKNOWN,
    [HTTP_CERT_ISSUER_UNKNOWN] = ATTEMPT_ERROR_UNABLE_TO_GET_ISSUER_CERT,
    [HTTP_NOT_TLS] = ATTEMPT_ERROR_ERR_SSL_WRONG_VERSION_NUMBER,
    [HTTP_CANCELLED] = ATTEMPT_ERROR_NETWORK_REQUEST_CANCELED,
    [HTTP_FAILED] = ATTEMPT_ERROR_UNKNOWN,
};

/* ---- the end of a delivery ---- */

static void delivery_free(struct delivery *delivery)
{
    struct deliver *deliver = delivery->deliver;
    size_t bytes = delivery->item->payload != NULL ? delivery->item->payload->bytes : 0;
    pthread_mutex_lock(&deliver->lock);
    lane_finished(&deliver->lanes, delivery->lane, bytes);
    if (deliver->lanes.hungry.first != NULL)
        pthread_cond_signal(&deliver->feeder_turn);
    pthread_mutex_unlock(&deliver->lock);
    catalog_connection_release(delivery->connection);
    catalog_destination_release(delivery->destination);
    catalog_source_release(delivery->source);
    payload_release(delivery->item->payload);
    free(delivery->item);
    arena_free(&delivery->arena);
    *delivery = (struct delivery){.deliver = deliver, .next = deliver->idle};
    deliver->idle = delivery;
}

/* Without an outcome: the event is due as it was, and is claimed again from `due_at` on. */
static void give_back(struct delivery *delivery, int64_t due_at)
{
    const struct event *event = &delivery->item->event;
    store_release(delivery->deliver->store, &event->id, 1);
    deliver_wake(delivery->deliver, event->destination_id, due_at);
    delivery_free(delivery);
}

static void keep_outcome(struct delivery *delivery, struct outcome *outcome)
{
    struct deliver *deliver = delivery->deliver;
    if (deliver->finished_last != NULL)
        deliver->finished_last->job.next = &outcome->job;
    else
        deliver->finished = outcome;
    deliver->finished_last = outcome;
    pthread_mutex_lock(&deliver->lock);
    deliver->unrecorded++;
    deliver->delivered += outcome->attempted && outcome->attempt.successful;
    deliver->failed += outcome->attempted && !outcome->attempt.successful;
    pthread_mutex_unlock(&deliver->lock);
    delivery_free(delivery);
}

static struct failed_attempt failure_of(const struct delivery *delivery, int64_t started_at, int status,
                                        struct text retry_after)
{
    const struct event *event = &delivery->item->event;
    return (struct failed_attempt){
        .started_at = started_at,
        .event_created_at = event->created_at,
        .automatic_retries = event->automatic_retries + (delivery->trigger == TRIGGER_AUTOMATIC),
        .status = status,
        .retry_after = retry_after,
        .now = clock_now_ms(),
    };
}

/* The attempt ended: `call` holds the reply, or `error` says why there was none. */
static void conclude(struct delivery *delivery, enum attempt_error error)
{
    struct deliver *deliver = delivery->deliver;
    const struct http_call *call = &delivery->call;
    const struct event *event = &delivery->item->event;
    const struct payload *payload = delivery->item->payload;
    bool first = event->attempts == 0 && payload != NULL, reply = error == ATTEMPT_ERROR_NONE;
    struct attempt attempt = {
        .id = id_new(),
        .project_id = event->project_id,
        .event_id = event->id,
        .destination_id = event->destination_id,
        .successful = reply && call->status >= 200 && call->status <= 299,
        .trigger = delivery->trigger,
        .response_status = reply ? call->status : 0,
        .error_code = error,
        .requested_url = text_of(delivery->envelope.url != NULL ? delivery->envelope.url : ""),
        .method = text_of(delivery->envelope.method != NULL ? delivery->envelope.method : ""),
        .body = reply ? call->response_body : TEXT_NONE,
        .content_type = reply ? call->content_type : TEXT_NONE,
        .delivered_at = call->started_ms,
        .responded_at = reply ? call->ended_ms : 0,
        .delivery_latency_ms = first ? call->started_ms - payload->request.ingested_at : -1,
        .response_latency_ms = reply ? call->ended_ms - call->started_ms : -1,
    };
    struct outcome *outcome = outcome_create(deliver, event, &attempt);
    if (outcome == NULL) { /* better without the reply's body than not at all */
        attempt.body = TEXT_NONE;
        outcome = outcome_create(deliver, event, &attempt);
    }
    if (outcome == NULL) {
        log_warn("no memory to record an attempt, it is made again");
        give_back(delivery, clock_now_ms() + UNKNOWN_PAUSE_MS);
        return;
    }
    if (!attempt.successful) {
        struct text asked = reply ? call->retry_after : TEXT_NONE;
        struct failed_attempt failed = failure_of(delivery, attempt.delivered_at, (int)attempt.response_status, asked);
        outcome->planned_at = retry_next_at(&delivery->connection->retry, &failed);
        outcome->retries_stopped = text_equal(text_trim(asked), TEXT("-1"));
    }
    keep_outcome(delivery, outcome);
}

static void call_done(struct http_call *call)
{
    struct delivery *delivery = call->user;
    if (call->failure == HTTP_CANCELLED) /* the engine stops: nothing is recorded, the event stays due */
        give_back(delivery, delivery->item->event.due_at);
    else
        conclude(delivery, failure_codes[call->failure]);
}

/* ---- the start of a delivery ---- */

static void answer_mock(struct delivery *delivery)
{
    struct http_call *call = &delivery->call;
    struct buffer reply = {0};
    call->status = mock_answer(&delivery->envelope, delivery->item->payload->request.body, &reply);
    call->response_body = text_slice(buffer_text(&reply), 0, (size_t)limits.response_body_bytes);
    call->content_type = TEXT("application/json");
    call->ended_ms = clock_now_ms();
    conclude(delivery, ATTEMPT_ERROR_NONE);
    buffer_free(&reply);
}

static bool sends_empty_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static void send_call(struct delivery *delivery)
{
    const struct envelope *envelope = &delivery->envelope;
    struct text body = delivery->item->payload->request.body;
    delivery->call = (struct http_call){
        .method = envelope->method,
        .url = envelope->url,
        .headers = envelope->headers.items,
        .header_count = envelope->headers.count,
        .body = body,
        .has_body = body.size > 0 || sends_empty_body(envelope->method),
        .timeout_ms = limits.delivery_timeout_ms,
        .connect_timeout_ms = limits.delivery_connect_timeout_ms,
        .response_keep_bytes = limits.response_body_bytes,
        .response_read_bytes = limits.response_read_bytes,
        .redirects = (int)limits.delivery_redirects,
        .done = call_done,
        .user = delivery,
    };
    http_client_start(delivery->deliver->client, &delivery->call);
}

static enum attempt_error make_envelope(struct delivery *delivery)
{
    struct deliver *deliver = delivery->deliver;
    const struct event *event = &delivery->item->event;
    const struct catalog_project *project = catalog_find_project(deliver->catalog, event->project_id);
    int64_t now = clock_now_ms();
    struct failed_attempt failed = failure_of(delivery, now, 0, TEXT_NONE);
    int64_t retry_at = retry_next_at(&delivery->connection->retry, &failed);
    if (delivery->item->payload == NULL)
        return ATTEMPT_ERROR_PAYLOAD_MISSING;
    struct envelope_input input = {
        .event = event,
        .request = &delivery->item->payload->request,
        .type = delivery->destination->record.type,
        .settings = &delivery->destination->settings,
        .source_name = delivery->source != NULL ? delivery->source->record.name : TEXT_NONE,
        .connection_name = delivery->connection->record.name,
        .destination_name = delivery->destination->record.name,
        .signing_secret = project != NULL ? project->record.signing_secret : TEXT_NONE,
        .public_url = deliver->public_url,
        .attempt_number = event->attempts + 1,
        .trigger = delivery->trigger,
        .will_retry_after_ms = retry_at != 0 ? retry_at - now : -1,
    };
    return envelope_make(&delivery->arena, &input, &delivery->envelope);
}

static void begin(struct delivery *delivery)
{
    struct deliver *deliver = delivery->deliver;
    const struct event *event = &delivery->item->event;
    delivery->trigger = event->next_trigger != 0 ? event->next_trigger : TRIGGER_INITIAL;
    delivery->connection = catalog_find_connection(deliver->catalog, event->connection_id);
    delivery->destination = catalog_find_destination(deliver->catalog, event->destination_id);
    delivery->source = catalog_find_source(deliver->catalog, event->source_id);
    if (delivery->connection == NULL || delivery->destination == NULL) {
        give_back(delivery, clock_now_ms() + UNKNOWN_PAUSE_MS); /* made by another process, not yet seen here */
        return;
    }
    const struct connection *connection = &delivery->connection->record;
    if (connection->paused_at != 0 || connection->disabled_at != 0 || connection->deleted_at != 0) {
        struct outcome *outcome = outcome_create(deliver, event, NULL);
        if (outcome != NULL)
            keep_outcome(delivery, outcome);
        else
            give_back(delivery, clock_now_ms() + UNKNOWN_PAUSE_MS);
        return;
    }
    delivery->call.started_ms = clock_now_ms();
    enum attempt_error refused = make_envelope(delivery);
    if (refused != ATTEMPT_ERROR_NONE)
        conclude(delivery, refused);
    else if (delivery->destination->record.type == DESTINATION_MOCK_API)
        answer_mock(delivery);
    else
        send_call(delivery);
}

static struct delivery *take_delivery(struct deliver *deliver)
{
    struct delivery *delivery = deliver->idle;
    if (delivery == NULL)
        delivery = NEW(struct delivery);
    else
        deliver->idle = delivery->next;
    *delivery = (struct delivery){.deliver = deliver};
    return delivery;
}

/* With the lock held. While the store refuses, one delivery at a time finds out whether it takes outcomes again. */
static bool may_start(const struct deliver *deliver)
{
    if (deliver->stopping || deliver->unrecorded >= (size_t)limits.unrecorded_outcomes)
        return false;
    return store_is_writable(deliver->store) || deliver->unrecorded + deliver->lanes.running == 0;
}

/* Starts a batch; false when there was nothing that may start, and from then on the loop has to be woken. */
static bool dispatch(struct deliver *deliver)
{
    struct delivery *batch[STARTS_AT_ONCE];
    size_t count = 0;
    pthread_mutex_lock(&deliver->lock);
    deliver->loop_sleeps = false;
    while (count < STARTS_AT_ONCE && may_start(deliver)) {
        struct lane *lane;
        struct lane_item *item = lanes_start_next(&deliver->lanes, &lane);
        if (item == NULL)
            break;
        batch[count] = take_delivery(deliver);
        batch[count]->lane = lane;
        batch[count++]->item = item;
    }
    if (deliver->lanes.hungry.first != NULL)
        pthread_cond_signal(&deliver->feeder_turn);
    deliver->loop_sleeps = count == 0;
    pthread_mutex_unlock(&deliver->lock);
    for (size_t i = 0; i < count; i++)
        begin(batch[i]);
    return count > 0;
}

/* ---- the loop ---- */

static void submit_finished(struct deliver *deliver)
{
    struct outcome *finished = deliver->finished, *refused = NULL;
    deliver->finished = deliver->finished_last = NULL;
    pthread_mutex_lock(&deliver->lock);
    if (deliver->refused != NULL && clock_monotonic_ms() >= deliver->refused_until) {
        refused = deliver->refused;
        deliver->refused = NULL;
    }
    pthread_mutex_unlock(&deliver->lock);
    if (finished != NULL)
        outcomes_submit(deliver, finished);
    if (refused != NULL)
        outcomes_submit(deliver, refused);
}

/* How long to wait for something to happen; `done` when the loop may end. */
static int waiting_time(struct deliver *deliver, bool *done)
{
    int64_t now = clock_monotonic_ms(), wait = -1;
    pthread_mutex_lock(&deliver->lock);
    if (deliver->refused != NULL)
        wait = deliver->refused_until > now ? deliver->refused_until - now : 0;
    if (deliver->stopping && (wait < 0 || wait > STOP_POLL_MS))
        wait = STOP_POLL_MS;
    *done = deliver->stopping &&
            ((deliver->lanes.running == 0 && deliver->unrecorded == 0) || now >= deliver->stop_at);
    pthread_mutex_unlock(&deliver->lock);
    return (int)wait;
}

void *loop_thread(void *context)
{
    struct deliver *deliver = context;
    bool done = false;
    while (!done) {
        bool started = dispatch(deliver);
        submit_finished(deliver);
        int wait = waiting_time(deliver, &done);
        if (!done)
            http_client_run(deliver->client, started ? 0 : wait);
    }
    http_client_cancel_all(deliver->client);
    submit_finished(deliver);
    return NULL;
}

void loop_free(struct deliver *deliver)
{
    while (deliver->idle != NULL) {
        struct delivery *next = deliver->idle->next;
        free(deliver->idle);
        deliver->idle = next;
    }
    while (deliver->refused != NULL) {
        struct outcome *next = (struct outcome *)deliver->refused->job.next;
        free(deliver->refused);
        deliver->refused = next;
    }
    if (deliver->client != NULL)
        http_client_free(deliver->client);
}
