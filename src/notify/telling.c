#include "notify/telling.h"

#include "api/nouns.h"
#include "http/message.h"
#include "store/issue.h"
#include "store/issue_trigger.h"
#include "store/notification.h"

/* ---- for people ---------------------------------------------------------------------------------- */

static const char *name_of(struct call *call, enum issue_type type, int64_t id)
{
    const char *name = "";
    if (type == ISSUE_DELIVERY) {
        struct catalog_connection *connection = catalog_find_connection(call->catalog, id);
        if (connection != NULL && connection->record.name.data != NULL)
            name = arena_copy_string(call->arena, connection->record.name);
        catalog_connection_release(connection);
    } else if (type == ISSUE_BACKPRESSURE) {
        struct catalog_destination *destination = catalog_find_destination(call->catalog, id);
        if (destination != NULL)
            name = arena_copy_string(call->arena, destination->record.name);
        catalog_destination_release(destination);
    } else if (type == ISSUE_REQUEST) {
        struct catalog_source *source = catalog_find_source(call->catalog, id);
        if (source != NULL)
            name = arena_copy_string(call->arena, source->record.name);
        catalog_source_release(source);
    }
    return name;
}

/* One sentence: what goes wrong where. */
static struct text describe(struct call *call, const struct issue *issue)
{
    static const enum id_kind kinds[] = {
        [ISSUE_DELIVERY] = ID_CONNECTION, [ISSUE_TRANSFORMATION] = ID_TRANSFORMATION,
        [ISSUE_BACKPRESSURE] = ID_DESTINATION, [ISSUE_REQUEST] = ID_SOURCE};
    const struct issue_key *key = &issue->key;
    const char *name = name_of(call, key->type, key->subject_id);
    char id[ID_TEXT_SIZE];
    id_format(kinds[key->type], key->subject_id, id);
    switch (key->type) {
    case ISSUE_DELIVERY:
        if (key->first != 0)
            return text_of(arena_printf(call->arena, "Deliveries of the connection %s (%s) fail with status %lld", name,
                                        id, (long long)key->first));
        return text_of(arena_printf(call->arena, "Deliveries of the connection %s (%s) fail: %s", name, id,
                                    attempt_error_name((enum attempt_error)key->second)));
    case ISSUE_TRANSFORMATION:
        return text_of(arena_printf(call->arena, "The transformation %s reports: %s", id,
                                    execution_log_level_name((enum execution_log_level)key->first)));
    case ISSUE_BACKPRESSURE:
        if (key->first == 0)
            return text_of(arena_printf(call->arena, "The destination %s (%s) is down; its events wait", name, id));
        return text_of(arena_printf(call->arena, "Events for the destination %s (%s) wait longer than %lld seconds",
                                    name, id, (long long)key->first / 1000));
    case ISSUE_REQUEST: break;
    }
    return text_of(arena_printf(call->arena, "Requests to the source %s (%s) are rejected: %s", name, id,
                                rejection_cause_name((enum rejection_cause)key->first)));
}

static void prepare_channels(struct call *call, const struct issue *issue, struct telling *telling)
{
    struct issue_trigger trigger;
    char id[ID_TEXT_SIZE];
    if (!store_read_issue_trigger(call->reader, call->arena, issue->project_id, issue->trigger_id, &trigger, NULL) ||
        trigger.channels.size == 0)
        return;
    telling->wanted = json_parse(trigger.channels, NULL);
    struct text what = describe(call, issue);
    id_format(ID_ISSUE, issue->id, id);
    telling->subject = text_of(arena_printf(call->arena, "Issue opened: %.*s", TEXT_ARGS(what)));
    telling->text = text_of(arena_printf(call->arena, "%.*s.\nIssue %s was opened at %s.\n", TEXT_ARGS(what), id,
                                         call->public_url));
}

/* ---- for the project ----------------------------------------------------------------------------- */

static json_t *object_of(struct call *call, struct telling *telling)
{
    const struct notice *notice = &telling->notice;
    struct issue issue;
    struct event event;
    struct attempt attempt;
    switch (notice->topic) {
    case TOPIC_ISSUE_OPENED:
    case TOPIC_ISSUE_UPDATED:
        if (!store_read_issue(call->reader, call->arena, notice->project_id, notice->object_id, &issue, NULL))
            return NULL;
        if (notice->topic == TOPIC_ISSUE_OPENED)
            prepare_channels(call, &issue, telling);
        return issue_json(call, &issue, true);
    case TOPIC_ATTEMPT_FAILED:
        return store_read_attempt(call->reader, call->arena, notice->project_id, notice->object_id, &attempt, NULL)
                   ? attempt_json(call, &attempt, true)
                   : NULL;
    case TOPIC_EVENT_SUCCESSFUL:
        return store_read_event(call->reader, call->arena, notice->project_id, notice->object_id, &event, NULL)
                   ? event_json(call, &event, false)
                   : NULL;
    }
    return NULL;
}

static struct text body_of(struct call *call, const struct telling *telling)
{
    json_t *body = json_pack("{s:o, s:o, s:s, s:o, s:O}", "id", call_id(ID_NOTIFICATION, telling->notice.id), "team_id",
                             call_id(ID_PROJECT, telling->notice.project_id), "topic", topic_name(telling->notice.topic),
                             "created_at", json_moment(id_moment_ms(telling->notice.id)), "data", telling->object);
    struct text text = config_text(call, body);
    json_decref(body);
    return text;
}

static struct text headers_of(struct call *call, enum topic topic)
{
    struct http_header items[] = {{TEXT("content-type"), TEXT("application/json")},
                                  {TEXT("x-fairlead-topic"), text_of(topic_name(topic))}};
    const struct http_headers headers = {items, sizeof items / sizeof items[0]};
    struct buffer out = {0};
    http_headers_write(&out, &headers);
    struct text text = arena_copy_text(call->arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

static void make_request(struct call *call, const struct catalog_source *source, struct telling *telling)
{
    struct request *request = &telling->request;
    size_t count = source->record.disabled_at == 0 ? source->connection_count : 0;
    *request = (struct request){
        .id = id_new(), .project_id = source->record.project_id, .source_id = source->record.id, .ingested_at = call->now,
        .verified = true, .updated_at = call->now, .method = TEXT("POST"), .path = TEXT(""), .query = TEXT(""),
        .headers = headers_of(call, telling->notice.topic), .body = body_of(call, telling)};
    if (count == 0)
        request->rejection_cause = source->record.disabled_at != 0 ? REJECTION_SOURCE_DISABLED : REJECTION_NO_CONNECTION;
    telling->routed = ARENA_ARRAY(call->arena, struct routed, count);
    telling->routed_count = count;
    struct route route = {.request = request, .arena = call->arena, .now = call->now,
                          .content = count > 0 && route_source_looks(source) ? content_of(request) : NULL};
    for (size_t i = 0; i < count; i++) {
        route.connection = source->connections[i];
        route.destination = source->destinations[i];
        route_connection(&route, &telling->routed[i]);
    }
    telling->to_source = true;
}

void telling_prepare(struct call *call, const struct trigger_set *set, const struct notice *notice,
                     struct telling *telling)
{
    const struct trigger_project *project = trigger_set_project(set, notice->project_id);
    *telling = (struct telling){.notice = *notice};
    call->project_id = notice->project_id;
    telling->object = object_of(call, telling);
    if (telling->object == NULL || !notice->to_source || (project->topics & 1u << notice->topic) == 0)
        return;
    struct catalog_source *source = catalog_find_source(call->catalog, project->source_id);
    if (source != NULL && source->record.deleted_at == 0)
        make_request(call, source, telling);
    catalog_source_release(source);
}

bool telling_store(struct store_transaction *transaction, struct telling *telling, struct error *error)
{
    struct request *request = &telling->request;
    request->events_count = request->ignored_count = 0;
    for (size_t i = 0; i < telling->routed_count; i++) {
        struct routed *routed = &telling->routed[i];
        if (!routed_settle(transaction, routed, request->ingested_at, error) ||
            !routed_insert(transaction, routed, false, error))
            return false;
        request->events_count += routed->end == ROUTED_EVENT;
        request->ignored_count += routed->end == ROUTED_IGNORED;
    }
    return (!telling->to_source || store_insert_request(transaction, request, error)) &&
           store_delete_notice(transaction, telling->notice.id, error);
}

void telling_free(struct telling *telling)
{
    json_decref(telling->wanted);
    json_decref(telling->object);
}
