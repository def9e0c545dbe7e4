/* One delivery: from a queued event to its recorded outcome. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/memory.h"
#include "deliver/engine.h"
#include "deliver/mock.h"
#include "deliver/outcome.h"

/* ---- the end ---- */

static void free_delivery(struct delivery *delivery)
{
    payload_release(delivery->queued->payload);
    free(delivery->queued);
    catalog_connection_release(delivery->connection);
    arena_free(&delivery->arena);
    free(delivery);
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

/* On the writer's thread: applies what happened to the event as the store has it now. */
static bool record(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct delivery *delivery = (struct delivery *)job;
    const struct event *claimed = &delivery->queued->event;
    struct event *after = &delivery->after;
    int64_t now = clock_now_ms();
    if (!store_read_event(store_transaction_reader(transaction), NULL, 0, claimed->id, after, error))
        return false;
    if (delivery->settle == SETTLE_ATTEMPT) {
        outcome_apply(after, claimed, &delivery->attempt, &delivery->connection->retry, delivery->retry_after, now);
        return store_record_attempt(transaction, &delivery->attempt, after, error);
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

/* The store did not take it: it is offered again. Frees nothing. */
static void keep(struct deliver *deliver, struct delivery *delivery)
{
    delivery->next = deliver->refused;
    deliver->refused = delivery;
    deliver->offer_again_at = clock_monotonic_ms() + 500;
}

static void recorded(struct store_job *job, const struct error *error)
{
    struct delivery *delivery = (struct delivery *)job;
    struct deliver *deliver = delivery->deliver;
    pthread_mutex_lock(&deliver->lock);
    if (error->code != ERROR_NONE && error->code != ERROR_NOT_FOUND) {
        keep(deliver, delivery);
        deliver->in_store--;
        pthread_mutex_unlock(&deliver->lock);
        return;
    }
    pthread_mutex_unlock(&deliver->lock);
    if (delivery->settle != SETTLE_ATTEMPT || error->code == ERROR_NOT_FOUND)
        store_release(deliver->store, &delivery->queued->event.id, 1);
    if (error->code == ERROR_NONE && delivery->after.due_at != 0)
        deliver_wake(deliver, delivery->after.destination_id, delivery->after.due_at);
    free_delivery(delivery);
    pthread_mutex_lock(&deliver->lock);
    deliver->unrecorded--;
    deliver->in_store--;
    pthread_mutex_unlock(&deliver->lock);
}

void courier_discard(struct delivery *deliveries)
{
    while (deliveries != NULL) {
        struct delivery *next = deliveries->next;
        free_delivery(deliveries);
        deliveries = next;
    }
}

void courier_submit(struct deliver *deliver, struct delivery *deliveries)
{
    while (deliveries != NULL) {
        struct delivery *next = deliveries->next;
        deliveries->job = (struct store_job){.run = record, .done = recorded};
        pthread_mutex_lock(&deliver->lock);
        deliver->in_store++;
        pthread_mutex_unlock(&deliver->lock);
        if (!store_submit(deliver->store, &deliveries->job, NULL)) {
            pthread_mutex_lock(&deliver->lock);
            deliver->in_store--;
            keep(deliver, deliveries);
            pthread_mutex_unlock(&deliver->lock);
        }
        deliveries = next;
    }
}

/* The slot and the payload's place are free; the outcome goes to the store. */
static void end(struct delivery *delivery)
{
    struct deliver *deliver = delivery->deliver;
    bool attempted = delivery->settle == SETTLE_ATTEMPT;
    pthread_mutex_lock(&deliver->lock);
    bool abandoned = deliver->abandoned;
    delivery->lane->running--;
    deliver->running--;
    delivery->lane->bytes -= delivery->queued->payload->bytes;
    deliver->queued_bytes -= (int64_t)delivery->queued->payload->bytes;
    if (!abandoned) {
        deliver->unrecorded++;
        deliver->delivered += attempted && delivery->attempt.successful;
        deliver->failed += attempted && !delivery->attempt.successful;
        if (delivery->lane->behind)
            pthread_cond_signal(&deliver->feed);
    }
    pthread_mutex_unlock(&deliver->lock);
    delivery->next = NULL;
    if (abandoned)
        free_delivery(delivery);
    else
        courier_submit(deliver, delivery);
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
    end(delivery);
}

static void replied(struct http_call *call)
{
    struct delivery *delivery = call->user;
    struct text body = call->status != 0 ? call->response_body : text_of(call->failure_text);
    finish_attempt(delivery, call->status, outcome_error(call->failure), body,
                   call->status != 0 ? call->content_type : TEXT_NONE, call->retry_after);
}

/* ---- the beginning ---- */

static int64_t planned_wait_s(const struct delivery *delivery, int64_t now)
{
    const struct event *event = &delivery->queued->event;
    struct failed_attempt failed = {now, event->created_at,
                                    event->automatic_retries + (event->next_trigger == TRIGGER_AUTOMATIC), 0, TEXT_NONE,
                                    now};
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
        .requested_url = text_of(envelope->url),
        .method = text_of(envelope->method),
        .delivered_at = now,
        .delivery_latency_ms = event->attempts == 0 ? now - request->ingested_at : -1,
        .response_latency_ms = -1,
    };
}

static void call_destination(struct delivery *delivery, const struct envelope *envelope)
{
    delivery->call = (struct http_call){
        .method = envelope->method,
        .url = envelope->url,
        .headers = envelope->headers.items,
        .header_count = envelope->headers.count,
        .body = delivery->queued->payload->request.body,
        .has_body = strcmp(envelope->method, "GET") != 0 && strcmp(envelope->method, "HEAD") != 0,
        .timeout_ms = limits.delivery_timeout_ms,
        .connect_timeout_ms = limits.delivery_connect_timeout_ms,
        .response_keep_bytes = limits.response_body_bytes,
        .response_read_bytes = limits.response_read_bytes,
        .redirects = (int)limits.delivery_redirects,
        .done = replied,
        .user = delivery,
    };
    http_client_start(delivery->deliver->client, &delivery->call);
}

static void attempt(struct delivery *delivery, const struct catalog_destination *destination)
{
    struct deliver *deliver = delivery->deliver;
    const struct event *event = &delivery->queued->event;
    const struct request *request = &delivery->queued->payload->request;
    struct catalog_source *source = catalog_find_source(deliver->catalog, event->source_id);
    struct envelope envelope;
    int64_t now = clock_now_ms();
    struct envelope_input input = {
        event, request, delivery->connection, destination, source,
        catalog_find_project(deliver->catalog, event->project_id), deliver->public_url, event->attempts + 1,
        event->next_trigger, planned_wait_s(delivery, now)};
    bool sendable = envelope_write(&delivery->arena, &input, &envelope);
    /* The envelope may point into the source's and the destination's names. */
    for (size_t i = envelope.added_from; i < envelope.headers.count; i++)
        envelope.headers.items[i].value = arena_copy_text(&delivery->arena, envelope.headers.items[i].value);
    catalog_source_release(source);
    begin_attempt(delivery, &envelope, now);
    if (!sendable) {
        finish_attempt(delivery, 0, ATTEMPT_ERROR_INVALID_CHARACTER, TEXT_NONE, TEXT_NONE, TEXT_NONE);
    } else if (destination->record.type == DESTINATION_MOCK_API) {
        struct buffer body = {0};
        int status = mock_answer(&envelope, request, &body);
        delivery->attempt.requested_url =
            text_of(arena_printf(&delivery->arena, "mock://fairlead%.*s", TEXT_ARGS(request->path)));
        finish_attempt(delivery, status, ATTEMPT_ERROR_NONE, buffer_text(&body), TEXT("application/json"), TEXT_NONE);
        buffer_free(&body);
    } else if (destination->record.type == DESTINATION_CLI) {
        finish_attempt(delivery, 0, ATTEMPT_ERROR_CLI_UNAVAILABLE, TEXT_NONE, TEXT_NONE, TEXT_NONE);
    } else {
        call_destination(delivery, &envelope);
    }
}

void courier_start(struct deliver *deliver, struct lane *lane, struct queued *queued)
{
    struct delivery *delivery = NEW(struct delivery);
    struct catalog_connection *connection = catalog_find_connection(deliver->catalog, queued->event.connection_id);
    struct catalog_destination *destination = catalog_find_destination(deliver->catalog, queued->event.destination_id);
    delivery->deliver = deliver;
    delivery->lane = lane;
    delivery->queued = queued;
    delivery->connection = connection;
    bool by_hand = queued->event.next_trigger == TRIGGER_MANUAL;
    if (connection == NULL || destination == NULL || connection->record.deleted_at != 0 ||
        connection->record.disabled_at != 0 || destination->record.deleted_at != 0 ||
        destination->record.disabled_at != 0) {
        delivery->settle = SETTLE_CANCEL;
        end(delivery);
    } else if (connection->record.paused_at != 0 && !by_hand) {
        delivery->settle = SETTLE_HOLD;
        end(delivery);
    } else {
        attempt(delivery, destination);
    }
    catalog_destination_release(destination);
}
