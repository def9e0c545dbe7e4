/*
 * Gives the store of a stopped gateway a past, by the store's own functions, so that all it keeps beside the records is
 * kept too.
 *
 *     fill DIRECTORY [--events N] [--days D] [--destinations K]
 *
 * N events (1,000,000), spread evenly over the last D days (7), to K destinations (16) by a connection each, of a quarter
 * as many sources. Of a hundred events 94 were delivered at the first attempt, 2 at the second, 3 failed and 1 was
 * cancelled; with every hundredth event comes a request that was rejected. The store gets a project if it has none.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/project.h"
#include "store/store.h"

enum { MOST_DESTINATIONS = 4096, SLICE = 5000, KEYS = 4, KEY_ROUNDS = 4096, MINUTE_MS = 60000, DAY_MINUTES = 1440 };

struct fill {
    struct store_job job; /* first: the store hands it back */
    struct arena arena;
    int64_t project_id;
    int64_t sources[MOST_DESTINATIONS], destinations[MOST_DESTINATIONS], connections[MOST_DESTINATIONS];
    int64_t source_count, destination_count;
    int64_t events, start, span; /* ms */
    int64_t first;               /* event of the slice that is written */
};

static int64_t key_at(int64_t moment, int64_t i, int64_t part)
{
    return id_at_moment(moment) + i % KEY_ROUNDS * KEYS + part;
}

/* ---- what the events belong to ---- */

static bool find_project(struct store_transaction *transaction, struct fill *fill, struct error *error)
{
    struct project *projects;
    size_t count;
    if (!store_read_projects(store_transaction_reader(transaction), &fill->arena, &projects, &count, error))
        return false;
    if (count > 0) {
        fill->project_id = projects[0].id;
        return true;
    }
    struct project project = {.id = id_new(), .name = TEXT("default"), .signing_secret = TEXT("secret"),
                              .created_at = fill->start, .updated_at = fill->start};
    fill->project_id = project.id;
    return store_put_project(transaction, &project, error);
}

static struct text name_of(struct fill *fill, const char *what, int64_t i)
{
    return text_of(arena_printf(&fill->arena, "%s-%lld-%lld", what, (long long)fill->start, (long long)i));
}

static bool put_source(struct store_transaction *transaction, struct fill *fill, int64_t i, struct error *error)
{
    struct source source = {.id = fill->sources[i] = id_new(), .project_id = fill->project_id,
                            .token = name_of(fill, "token", i), .name = name_of(fill, "source", i),
                            .type = TEXT("WEBHOOK"), .config = TEXT("{}"), .created_at = fill->start,
                            .updated_at = fill->start};
    return store_put_source(transaction, &source, error);
}

static bool put_connection(struct store_transaction *transaction, struct fill *fill, int64_t i, struct error *error)
{
    struct destination destination = {.id = fill->destinations[i] = id_new(), .project_id = fill->project_id,
                                      .name = name_of(fill, "destination", i), .type = DESTINATION_MOCK_API,
                                      .config = TEXT("{}"), .created_at = fill->start, .updated_at = fill->start};
    struct connection connection = {.id = fill->connections[i] = id_new(), .project_id = fill->project_id,
                                    .source_id = fill->sources[i % fill->source_count],
                                    .destination_id = destination.id, .name = name_of(fill, "connection", i),
                                    .rules = TEXT("[]"), .created_at = fill->start, .updated_at = fill->start};
    return store_put_destination(transaction, &destination, error) &&
           store_put_connection(transaction, &connection, error);
}

static bool prepare(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct fill *fill = (struct fill *)job;
    bool done = find_project(transaction, fill, error);
    for (int64_t i = 0; done && i < fill->source_count; i++)
        done = put_source(transaction, fill, i, error);
    for (int64_t i = 0; done && i < fill->destination_count; i++)
        done = put_connection(transaction, fill, i, error);
    return done;
}

/* ---- the events ---- */

/* What became of event number `i`. */
static void set_outcome(struct event *event, int64_t i)
{
    int64_t share = i * 37 % 100;
    event->status = EVENT_SUCCESSFUL;
    event->attempts = 1;
    event->response_status = 200;
    if (share < 3) {
        event->status = EVENT_FAILED;
        event->response_status = share < 2 ? 500 : 0;
        event->error_code = share < 2 ? ATTEMPT_ERROR_NONE : ATTEMPT_ERROR_TIMEOUT;
    } else if (share < 4) {
        event->status = EVENT_CANCELLED;
        event->attempts = event->response_status = 0;
        event->error_code = ATTEMPT_ERROR_CANCELLED;
    } else if (share < 6) {
        event->attempts = 2;
        event->automatic_retries = 1;
    }
}

static bool write_attempt(struct store_transaction *transaction, const struct event *event, int64_t i, int64_t number,
                          struct error *error)
{
    bool successful = event->status == EVENT_SUCCESSFUL && number == event->attempts;
    int64_t latency = 5 + i * 7919 % 400, delivered_at = event->created_at + 10 + (number - 1) * MINUTE_MS;
    bool replied = successful || event->response_status == 500;
    struct attempt attempt = {
        .id = key_at(delivered_at, i, number - 1), .project_id = event->project_id, .event_id = event->id,
        .destination_id = event->destination_id, .successful = successful, .attempt_number = number,
        .trigger = number == 1 ? TRIGGER_INITIAL : TRIGGER_AUTOMATIC, .response_status = replied ? event->response_status : 0,
        .error_code = replied ? ATTEMPT_ERROR_NONE : ATTEMPT_ERROR_TIMEOUT,
        .requested_url = TEXT("https://example.com/webhooks"), .method = TEXT("POST"), .body = TEXT("{\"ok\":true}"),
        .content_type = TEXT("application/json"), .delivered_at = delivered_at,
        .responded_at = replied ? delivered_at + latency : 0, .delivery_latency_ms = number == 1 ? 10 : -1,
        .response_latency_ms = replied ? latency : -1};
    return store_record_attempt(transaction, &attempt, event, error);
}

static bool write_request(struct store_transaction *transaction, const struct fill *fill, int64_t id, int64_t i,
                          int64_t moment, enum rejection_cause cause, struct error *error)
{
    char body[256];
    snprintf(body, sizeof body, "{\"id\":%lld,\"type\":\"order.%s\",\"amount\":%lld,\"customer\":{\"id\":\"c-%lld\"}}",
             (long long)i, i % 3 ? "paid" : "made", (long long)(i % 977), (long long)(i % 100003));
    struct request request = {
        .id = id, .project_id = fill->project_id, .source_id = fill->sources[i % fill->destination_count % fill->source_count],
        .ingested_at = moment, .rejection_cause = cause, .events_count = cause == REJECTION_NONE, .updated_at = moment,
        .method = TEXT("POST"), .path = i % 50 ? TEXT("/orders") : TEXT("/refunds"), .query = TEXT(""),
        .headers = TEXT("content-type: application/json\nuser-agent: fill/1\n"), .body = text_of(body)};
    return store_insert_request(transaction, &request, error);
}

static bool write_event(struct store_transaction *transaction, const struct fill *fill, int64_t i, struct error *error)
{
    int64_t moment = fill->start + (int64_t)((double)i / (double)fill->events * (double)fill->span);
    int64_t place = i % fill->destination_count;
    struct event event = {
        .id = key_at(moment, i, 0), .project_id = fill->project_id, .request_id = key_at(moment, i, 0),
        .connection_id = fill->connections[place], .source_id = fill->sources[place % fill->source_count],
        .destination_id = fill->destinations[place], .next_trigger = TRIGGER_INITIAL, .created_at = moment,
        .updated_at = moment};
    set_outcome(&event, i);
    event.last_attempt_at = event.attempts > 0 ? moment + 10 : 0;
    event.successful_at = event.status == EVENT_SUCCESSFUL ? moment + 20 : 0;
    bool done = write_request(transaction, fill, event.request_id, i, moment, REJECTION_NONE, error) &&
                store_insert_event(transaction, &event, false, error);
    for (int64_t number = 1; done && number <= event.attempts; number++)
        done = write_attempt(transaction, &event, i, number, error);
    if (done && i % 100 == 0)
        done = write_request(transaction, fill, key_at(moment, i, 1), i, moment, REJECTION_UNPARSABLE_JSON, error);
    return done;
}

static bool write_slice(struct store_transaction *transaction, struct store_job *job, struct error *error)
{
    struct fill *fill = (struct fill *)job;
    bool done = true;
    for (int64_t i = fill->first; done && i < fill->first + SLICE && i < fill->events; i++)
        done = write_event(transaction, fill, i, error);
    return done;
}

static bool write_all(struct fill *fill, struct store *store, struct error *error)
{
    fill->job = (struct store_job){.run = prepare};
    if (!store_write(store, &fill->job, error))
        return false;
    for (fill->first = 0; fill->first < fill->events; fill->first += SLICE) {
        fill->job = (struct store_job){.run = write_slice};
        if (!store_write(store, &fill->job, error))
            return false;
    }
    return true;
}

/* ---- the command ---- */

static bool read_options(struct fill *fill, int count, char **arguments)
{
    static const struct option options[] = {{"events", required_argument, NULL, 'e'}, {"days", required_argument, NULL, 'd'},
                                            {"destinations", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
    int64_t days = 7;
    int option;
    fill->events = 1000000;
    fill->destination_count = 16;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        int64_t *value = option == 'e' ? &fill->events : option == 'd' ? &days : &fill->destination_count;
        if (option == '?' || !text_to_integer(text_of(optarg), value) || *value < 1)
            return false;
    }
    fill->span = days * DAY_MINUTES * MINUTE_MS;
    fill->start = clock_now_ms() - fill->span;
    fill->source_count = (fill->destination_count + 3) / 4;
    return optind == count - 1 && fill->destination_count <= MOST_DESTINATIONS;
}

int main(int count, char **arguments)
{
    static struct fill fill;
    struct error error = {0};
    if (!read_options(&fill, count, arguments)) {
        fprintf(stderr, "usage: fill DIRECTORY [--events N] [--days D] [--destinations K]\n");
        return 2;
    }
    struct store *store = store_open(arguments[optind], &error);
    bool done = store != NULL && write_all(&fill, store, &error);
    if (store != NULL)
        store_close(store);
    arena_free(&fill.arena);
    if (!done)
        fprintf(stderr, "fill: %s\n", error.message);
    return done ? 0 : 1;
}
