/* One delivery: from a queued event to its recorded outcome. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/seal.h"
#include "deliver/auth.h"
#include "deliver/engine.h"
#include "deliver/mock.h"
#include "deliver/outcome.h"
#include "deliver/token.h"

enum { OFFER_AGAIN_MS = 500 };

/* ---- the end ---- */

/* Lets go of the event. The delivery itself stays. */
static void release(struct delivery *delivery)
{
    payload_release(delivery->queued->payload);
    free(delivery->queued);
    catalog_connection_release(delivery->connection);
    delivery->queued = NULL;
    delivery->connection = NULL;
}

/* The lock is held. Takes a released one. */
static void put_back(struct deliver *deliver, struct delivery *delivery)
{
    if (deliver->spares < MOST_SPARE) {
        arena_clear(&delivery->arena);
        delivery->next = deliver->spare;
        deliver->spare = delivery;
        deliver->spares++;
    } else {
        arena_free(&delivery->arena);
        free(delivery);
    }
}

static struct delivery *take_delivery(struct deliver *deliver)
{
    pthread_mutex_lock(&deliver->lock);
    struct delivery *delivery = deliver->spare;
    if (delivery != NULL) {
        deliver->spare = delivery->next;
        deliver->spares--;
    }
    pthread_mutex_unlock(&deliver->lock);
    if (delivery == NULL)
        return NEW(struct delivery);
    *delivery = (struct delivery){.arena = delivery->arena};
    return delivery;
}

void courier_free(struct delivery *deliveries)
{
    while (deliveries != NULL) {
        struct delivery *next = deliveries->next;
        if (deliveries->queued != NULL)
            release(deliveries);
        arena_free(&deliveries->arena);
        free(deliveries);
        deliveries = next;
    }
}

/* Is the connection, as of this transaction, still in the state that keeps the event from being delivered? */
static bool still_wanted(struct store_transaction *transaction, const struct delivery *delivery)
{
    struct arena arena = {0};
    struct connection connection;
    bool known = store_read_connection(store_transaction_reader(transaction), &arena, 0,
                                       delivery->queued->event.connection_id, &connection, NULL);
    bool paused = known && connection.paused_at != 0;
    arena_free(&arena);
    return delivery->settle == SETTLE_CANCEL || paused;
}

/* On the writer's thread: applies the attempt to the event as it was claimed, if it is still so, which it mostly is. */
static bool record_as_claimed(struct store_transaction *transaction, struct delivery *delivery, int64_t now,
                              bool *changed, struct error *error)
{
    const struct event *claimed = &delivery->queued->event;
    struct event *after = &delivery->after;
    *after = *claimed;
    outcome_apply(after, claimed, &delivery->attempt, &delivery->connection->retry, delivery->retry_after, now);
    return store_record_outcome(transaction, &delivery->attempt, claimed, after, changed, error) &&
           (*changed || issues_attempt(delivery->deliver->issues, transaction, &delivery->attempt, after, error));
}

/* On the writer's thread: applies what happened to the event as the store has it now. */
static bool record(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct delivery *delivery = (struct delivery *)job;
    const struct event *claimed = &delivery->queued->event;
    struct event *after = &delivery->after;
    int64_t now = clock_now_ms();
    bool changed = true;
    delivery->gone = false;
    if (delivery->settle == SETTLE_ATTEMPT && !record_as_claimed(transaction, delivery, now, &changed, error))
        return false;
    if (!changed)
        return true;
    if (!store_read_event(store_transaction_reader(transaction), NULL, 0, claimed->id, after, error))
        return error->code == ERROR_NOT_FOUND && (delivery->gone = true); /* the other jobs must not suffer */
    if (delivery->settle == SETTLE_ATTEMPT) {
        outcome_apply(after, claimed, &delivery->attempt, &delivery->connection->retry, delivery->retry_after, now);
        return issues_attempt(delivery->deliver->issues, transaction, &delivery->attempt, after, error) &&
               store_record_attempt(transaction, &delivery->attempt, after, error);
    }
    if (after->due_at == 0 || !still_wanted(transaction, delivery))
        return true; /* settled by somebody else meanwhile, or its connection came back */
    after->status = delivery->settle == SETTLE_HOLD ? EVENT_HOLD : EVENT_CANCELLED;
    after->due_at = 0;
    after->updated_at = now;
    if (delivery->settle == SETTLE_CANCEL) {
        after->error_code = ATTEMPT_ERROR_CANCELLED;
        after->next_attempt_at = 0;
    }
    return store_update_event(transaction, after, error);
}

/* The store did not take it: it is offered again. The lock is held. Frees nothing. */
static void keep(struct deliver *deliver, struct delivery *delivery)
{
    delivery->next = deliver->refused;
    deliver->refused = delivery;
    deliver->offer_again_at = clock_monotonic_ms() + OFFER_AGAIN_MS;
}

/*
 * What its lane does next. In an ordered one nothing goes out before an event that is to be delivered once more, or is on
 * hold: the store then says what comes first. The lock is held.
 */
static void go_on(struct deliver *deliver, const struct delivery *delivery, int64_t due_at)
{
    struct lane *lane = delivery->lane;
    bool ended = delivery->settle == SETTLE_ATTEMPT && due_at == 0;
    if (lane_is_ordered(lane)) {
        if (!ended) {
            lane_comes_again(lane, delivery->after.id);
            engine_drop(deliver, lane, lane_remove(lane, 0, 0));
        }
        if (!ended && due_at == 0)
            due_at = clock_now_ms();
        engine_list(deliver, lane);
        engine_feed(deliver, lane);
    }
    if (due_at != 0)
        engine_due(deliver, lane, due_at);
}

/* On the writer's thread. After the lock is given back the engine may be gone. */
static void recorded(struct store_job *job, const struct error *error)
{
    struct delivery *delivery = (struct delivery *)job;
    struct deliver *deliver = delivery->deliver;
    bool done = error->code == ERROR_NONE;
    int64_t due_at = delivery->gone ? 0 : delivery->after.due_at;
    if (!done)
        issues_forget(deliver->issues);
    if (done && (delivery->settle != SETTLE_ATTEMPT || delivery->gone))
        store_release(deliver->store, &delivery->queued->event.id, 1);
    if (done)
        release(delivery);
    pthread_mutex_lock(&deliver->lock);
    deliver->in_store--;
    if (!done) {
        keep(deliver, delivery);
    } else {
        deliver->unrecorded--;
        delivery->lane->unrecorded--;
        go_on(deliver, delivery, due_at);
        put_back(deliver, delivery);
        if (deliver->blocked && deliver->unrecorded < limits.unrecorded_outcomes) {
            deliver->blocked = false;
            engine_wake(deliver);
        }
    }
    pthread_mutex_unlock(&deliver->lock);
}

/* One message to the store for all: it takes all or none. */
void courier_submit(struct deliver *deliver, struct delivery *deliveries)
{
    int64_t count = 0;
    if (deliveries == NULL)
        return;
    for (struct delivery *delivery = deliveries; delivery != NULL; delivery = delivery->next) {
        delivery->job = (struct store_job){.run = record, .done = recorded, .patient = true,
                                           .next = delivery->next ? &delivery->next->job : NULL};
        count++;
    }
    pthread_mutex_lock(&deliver->lock);
    deliver->in_store += count;
    pthread_mutex_unlock(&deliver->lock);
    if (store_submit(deliver->store, &deliveries->job, NULL))
        return;
    pthread_mutex_lock(&deliver->lock);
    deliver->in_store -= count;
    for (struct delivery *delivery = deliveries, *next; delivery != NULL; delivery = next) {
        next = delivery->next;
        keep(deliver, delivery);
    }
    pthread_mutex_unlock(&deliver->lock);
}

/* The delivery is over: its slot and the payload's place become free at the end of the loop's turn. */
static void end(struct delivery *delivery)
{
    struct deliver *deliver = delivery->deliver;
    delivery->next = NULL;
    if (deliver->ended == NULL)
        deliver->ended = delivery;
    else
        deliver->last_ended->next = delivery;
    deliver->last_ended = delivery;
}

bool courier_finish(struct deliver *deliver)
{
    struct delivery *ended = deliver->ended;
    if (ended == NULL)
        return false;
    deliver->ended = deliver->last_ended = NULL;
    int64_t now_us = clock_monotonic_us();
    pthread_mutex_lock(&deliver->lock);
    bool abandoned = deliver->abandoned;
    for (struct delivery *delivery = ended; delivery != NULL; delivery = delivery->next) {
        struct lane *lane = delivery->lane;
        bool attempted = delivery->settle == SETTLE_ATTEMPT;
        outage_end(deliver, delivery, now_us);
        pace_end(&lane->pace, &delivery->queued->of_lane, now_us);
        pace_end(&lane->outlet->pace, &delivery->queued->of_outlet, now_us);
        lane->running--;
        lane->outlet->running--;
        lane->unrecorded += !abandoned;
        lane->bytes -= delivery->queued->payload->bytes;
        lane->outlet->bytes -= delivery->queued->payload->bytes;
        deliver->queued_bytes -= (int64_t)delivery->queued->payload->bytes;
        deliver->running--;
        deliver->unrecorded += !abandoned;
        deliver->delivered += attempted && delivery->attempt.successful;
        deliver->failed += attempted && !delivery->attempt.successful;
        engine_feed(deliver, lane);
        engine_list_outlet(deliver, lane->outlet);
    }
    pthread_mutex_unlock(&deliver->lock);
    if (abandoned)
        courier_free(ended);
    else
        courier_submit(deliver, ended);
    return true;
}

static struct text keep_text(struct delivery *delivery, struct text text)
{
    return text.data ? arena_copy_text(&delivery->arena, text) : TEXT_NONE;
}

static void finish_attempt(struct delivery *delivery, int status, enum attempt_error failure, struct text body,
                           struct text content_type, struct text retry_after)
{
    struct attempt *attempt = &delivery->attempt;
    int64_t now = clock_now_ms();
    attempt->successful = status >= 200 && status <= 299;
    attempt->response_status = status;
    attempt->error_code = failure;
    attempt->responded_at = status != 0 ? now : 0;
    attempt->response_latency_ms = status != 0 ? now - attempt->delivered_at : -1;
    attempt->body = keep_text(delivery, body);
    attempt->content_type = keep_text(delivery, content_type);
    delivery->retry_after = keep_text(delivery, retry_after);
    if (delivery->token != 0 && status != 0)
        tokens_replied(delivery->deliver->tokens, delivery, status);
    end(delivery);
}

static void replied(struct http_call *call)
{
    struct delivery *delivery = call->user;
    struct text body = call->status != 0 ? call->response_body : text_of(call->failure_text);
    delivery->attempt.response_headers = keep_text(delivery, call->status != 0 ? call->response_head : TEXT_NONE);
    finish_attempt(delivery, call->status, outcome_error(call->failure), body,
                   call->status != 0 ? call->content_type : TEXT_NONE, call->retry_after);
}

/* ---- the beginning ---- */

static int64_t planned_wait_s(const struct delivery *delivery, int64_t now)
{
    const struct event *event = &delivery->queued->event;
    struct failed_attempt failed = {now, event->created_at,
                                    event->automatic_retries + (event->next_trigger == TRIGGER_AUTOMATIC), 0, TEXT_NONE,
                                    now, event->id};
    int64_t next = retry_next_at(&delivery->connection->retry, &failed);
    return next == 0 ? -1 : (next - now) / 1000;
}

static void begin_attempt(struct delivery *delivery, const struct envelope *envelope, int64_t now)
{
    const struct event *event = &delivery->queued->event;
    const struct request *request = &delivery->queued->payload->request;
    delivery->attempt = (struct attempt){
        .id = id_new(),
        .project_id = event->project_id,
        .event_id = event->id,
        .destination_id = event->destination_id,
        .attempt_number = event->attempts + 1,
        .trigger = event->next_trigger,
        .requested_url = text_of(envelope->shown_url),
        .method = text_of(envelope->method),
        .delivered_at = now,
        .delivery_latency_ms = event->attempts == 0 ? now - request->ingested_at : -1,
        .response_latency_ms = -1,
        .bulk_id = event->next_trigger == TRIGGER_BULK_RETRY ? event->bulk_id : 0,
    };
}

static void call_destination(struct delivery *delivery, const struct catalog_destination *destination,
                             const struct envelope *envelope)
{
    const struct transport_settings *transport = &destination->settings.transport;
    delivery->call = (struct http_call){
        .method = envelope->method,
        .url = envelope->url,
        .headers = envelope->headers.items,
        .header_count = envelope->headers.count,
        .credentials_from = envelope->auth_from,
        .credentials_to = envelope->auth_to,
        .body = delivery->queued->payload->request.body,
        .has_body = strcmp(envelope->method, "GET") != 0 && strcmp(envelope->method, "HEAD") != 0,
        .timeouts = {limits.delivery_lookup_timeout_ms, limits.delivery_tls_timeout_ms,
                     limits.delivery_first_byte_timeout_ms, limits.delivery_idle_timeout_ms},
        .timeout_ms = transport->timeout_ms != 0 ? transport->timeout_ms : limits.delivery_timeout_ms,
        .connect_timeout_ms = limits.delivery_connect_timeout_ms,
        .version = transport->version,
        .without_proxy = transport->without_proxy,
        .response_head_keep_bytes = limits.response_headers_kept_bytes,
        .response_head_read_bytes = limits.response_headers_bytes,
        .response_keep_bytes = limits.response_body_bytes,
        .response_read_bytes = limits.response_read_bytes,
        .redirects = (int)limits.delivery_redirects,
        .tls = {destination->settings.tls.ca, destination->settings.tls.client_certificate,
                destination->settings.tls.client_key},
        .done = replied,
        .user = delivery,
    };
    http_client_start(delivery->deliver->client, &delivery->call);
}

/* Why it cannot be sent as it should be; TEXT_NONE: it can. */
static struct text unreadable_secret(const struct catalog_destination *destination, const struct catalog_project *project,
                                     int64_t now)
{
    if (destination->settings.unreadable)
        return TEXT("the gateway cannot read the destination's auth or tls: set it anew");
    if (destination->settings.auth == DESTINATION_AUTH_SIGNATURE && project != NULL &&
        (seal_is_sealed(project->record.signing_secret) ||
         (project->record.previous_until > now && seal_is_sealed(project->record.previous_secret))))
        return TEXT("the gateway cannot read the project's signing secret: rotate it");
    return TEXT_NONE;
}

/* no_token: why there is none, where one is needed. */
static void attempt(struct delivery *delivery, const struct catalog_destination *destination, struct text token,
                    struct text no_token)
{
    struct deliver *deliver = delivery->deliver;
    const struct event *event = &delivery->queued->event;
    const struct request *request = &delivery->queued->payload->request;
    struct catalog_source *source = catalog_find_source(deliver->catalog, event->source_id);
    struct catalog_project *project = catalog_find_project(deliver->catalog, event->project_id);
    struct envelope envelope;
    int64_t now = clock_now_ms();
    struct envelope_input input = {
        event, request, delivery->connection, destination, source, project, deliver->public_url, event->attempts + 1,
        event->next_trigger, planned_wait_s(delivery, now), now, token};
    enum attempt_error problem = envelope_write(&delivery->arena, &input, &envelope);
    /* The envelope may point into the source's and the destination's names. */
    for (size_t i = envelope.added_from; i < envelope.headers.count; i++)
        envelope.headers.items[i].value = arena_copy_text(&delivery->arena, envelope.headers.items[i].value);
    struct text unreadable = unreadable_secret(destination, project, now);
    catalog_source_release(source);
    catalog_project_release(project);
    begin_attempt(delivery, &envelope, now);
    if (problem != ATTEMPT_ERROR_NONE) {
        finish_attempt(delivery, 0, problem, TEXT_NONE, TEXT_NONE, TEXT_NONE);
    } else if (unreadable.data != NULL) {
        finish_attempt(delivery, 0, ATTEMPT_ERROR_INTERNAL_ERROR, unreadable, TEXT_NONE, TEXT_NONE);
    } else if (no_token.data != NULL) {
        finish_attempt(delivery, 0, ATTEMPT_ERROR_OAUTH2_HANDSHAKE_FAILED, no_token, TEXT_NONE, TEXT_NONE);
    } else if (destination->record.type == DESTINATION_MOCK_API) {
        struct buffer body = {0};
        int status = mock_answer(&destination->settings, &envelope, request, &body);
        finish_attempt(delivery, status, ATTEMPT_ERROR_NONE, buffer_text(&body), TEXT("application/json"), TEXT_NONE);
        buffer_free(&body);
    } else if (destination->record.type == DESTINATION_CLI) {
        finish_attempt(delivery, 0, ATTEMPT_ERROR_CLI_UNAVAILABLE, TEXT_NONE, TEXT_NONE, TEXT_NONE);
    } else {
        call_destination(delivery, destination, &envelope);
    }
}

/* There is nothing to send, and no URL or method to speak of. */
static void fail_without_payload(struct delivery *delivery)
{
    begin_attempt(delivery, &(struct envelope){0}, clock_now_ms());
    finish_attempt(delivery, 0, ATTEMPT_ERROR_PAYLOAD_MISSING, TEXT_NONE, TEXT_NONE, TEXT_NONE);
}

/* The first thing for many: the token that it is sent with. */
static void attempt_with_token(struct delivery *delivery, struct catalog_destination *destination)
{
    struct text token = TEXT_NONE;
    enum token_answer answer = TOKEN_HAD;
    if (auth_needs_token(destination->settings.auth) && !destination->settings.unreadable &&
        destination->record.type != DESTINATION_CLI)
        answer = tokens_get(delivery->deliver->tokens, delivery, destination, &token);
    if (answer == TOKEN_HAD)
        attempt(delivery, destination, token, TEXT_NONE);
    else if (answer == TOKEN_FAILED)
        attempt(delivery, destination, TEXT_NONE, token);
}

void courier_begin(struct delivery *delivery)
{
    const struct event *event = &delivery->queued->event;
    struct catalog *catalog = delivery->deliver->catalog;
    struct catalog_connection *connection = catalog_find_connection(catalog, event->connection_id);
    struct catalog_destination *destination = catalog_find_destination(catalog, event->destination_id);
    catalog_connection_release(delivery->connection);
    delivery->connection = connection;
    if (connection == NULL || destination == NULL || connection->record.deleted_at != 0 ||
        connection->record.disabled_at != 0 || destination->record.deleted_at != 0 ||
        destination->record.disabled_at != 0) {
        delivery->settle = SETTLE_CANCEL;
        end(delivery);
    } else if (connection->record.paused_at != 0) {
        delivery->settle = SETTLE_HOLD;
        end(delivery);
    } else if (delivery->queued->payload->missing) {
        fail_without_payload(delivery);
    } else {
        attempt_with_token(delivery, destination);
    }
    catalog_destination_release(destination);
}

void courier_start(struct deliver *deliver, struct lane *lane, struct queued *queued)
{
    struct delivery *delivery = take_delivery(deliver);
    delivery->deliver = deliver;
    delivery->lane = lane;
    delivery->queued = queued;
    courier_begin(delivery);
}
