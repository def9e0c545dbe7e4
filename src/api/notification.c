#include "api/contract_rows.h"
#include "api/nouns.h"

#include "store/notification.h"

static json_t *topics_json(unsigned topics)
{
    json_t *array = json_array();
    for (int topic = 0; topic_names[topic] != NULL; topic++) {
        if (topics & 1u << topic)
            json_array_append_new(array, json_string(topic_names[topic]));
    }
    return array;
}

/* The names fit the contract already. */
static unsigned read_topics(const json_t *names)
{
    unsigned topics = 0;
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        int64_t topic;
        if (topic_parse((struct text){json_string_value(name), json_string_length(name)}, &topic))
            topics |= 1u << topic;
    }
    return topics;
}

static bool change_notification(struct call *call)
{
    struct error error = {0};
    struct source source;
    if (!source_find(call, json_member_text(call->body, "source_id"), &source))
        return false;
    struct notification notification = {call->project_id, source.id, json_member_true(call->body, "enabled"),
                                        read_topics(json_member(call->body, "topics")), call->now};
    call->changed_id = source.id;
    return store_put_notification(call->transaction, &notification, &error) || call_fail_error(call, &error);
}

static bool notification_toggle(struct call *call)
{
    return call_write(call, change_notification) &&
           call_reply(call, json_pack("{s:b, s:o, s:o}", "enabled", json_member_true(call->body, "enabled"), "topics",
                                      topics_json(read_topics(json_member(call->body, "topics"))), "source_id",
                                      call_id(ID_SOURCE, call->changed_id)));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row topic_item = {"", VALUE_TEXT, .names = topic_names};
static const struct field_row notification_fields[] = {
    {.name = "enabled", VALUE_BOOLEAN, .required = true},
    {"topics", VALUE_ARRAY, .required = true, .item = &topic_item},
    {"source_id", VALUE_TEXT, .required = true, .most = TEXT_MOST}, END,
};
static const struct shape shapes[] = {{"ToggleWebhookNotifications", notification_fields}, END};

static const struct operation operations[] = {
    {"PUT", "/notifications/webhooks", "toggleWebhookNotifications", "Say what is told by webhook, and into which source",
     notification_toggle, NULL, notification_fields, "ToggleWebhookNotifications"},
};
OPERATIONS(notification_operations, operations, shapes);
