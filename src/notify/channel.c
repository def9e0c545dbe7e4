#include "notify/channel.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "http/client.h"
#include "http/mail.h"
#include "model/issue.h"

enum { FIRST_WAIT_MS = 1000, WAIT_FACTOR = 4, REPLY_BYTES = 4096 };

/* ---- settings ------------------------------------------------------------------------------------ */

#define SETTING(name) {#name, offsetof(struct channel_settings, name), sizeof((struct channel_settings *)0)->name}
#define URL_SETTING(name, setting) SETTING(setting),
static const struct {
    const char *name;
    size_t offset, room;
} SETTINGS[] = {SETTING(smtp_url), SETTING(smtp_from), SETTING(smtp_to), SETTING(smtp_user), SETTING(smtp_password),
                CHANNELS(URL_SETTING)};
#define SETTING_NAME(name, setting) #setting,
const char *const channel_setting_names[] = {"smtp_url", "smtp_from", "smtp_to", "smtp_user", "smtp_password",
                                             CHANNELS(SETTING_NAME) NULL};
#define CHANNEL_ROW(name, setting) {#name, offsetof(struct channel_settings, setting)},
static const struct {
    const char *name;
    size_t offset;
} URLS[] = {CHANNELS(CHANNEL_ROW)};

static bool is_url(const char *name, struct text value)
{
    if (strcmp(name, "smtp_url") == 0)
        return text_starts_with(value, TEXT("smtp://")) || text_starts_with(value, TEXT("smtps://"));
    return !text_ends_with(text_of(name), TEXT("_url")) || text_starts_with(value, TEXT("http://")) ||
           text_starts_with(value, TEXT("https://"));
}

bool channel_settings_set(struct channel_settings *settings, struct text name, struct text value, struct error *error)
{
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        if (!text_equal(name, text_of(SETTINGS[i].name)))
            continue;
        if (value.size >= SETTINGS[i].room)
            return error_set(error, ERROR_INVALID, "%s is longer than %zu characters", SETTINGS[i].name,
                             SETTINGS[i].room - 1);
        if (value.size > 0 && !is_url(SETTINGS[i].name, value))
            return error_set(error, ERROR_INVALID, "%s is no URL of the kind that is wanted there", SETTINGS[i].name);
        for (size_t k = 0; k < value.size; k++) {
            if ((unsigned char)value.data[k] < ' ')
                return error_set(error, ERROR_INVALID, "%s holds a control character", SETTINGS[i].name);
        }
        char *field = (char *)settings + SETTINGS[i].offset;
        memcpy(field, value.data, value.size);
        field[value.size] = '\0';
        return true;
    }
    return false;
}

/* ---- messages ------------------------------------------------------------------------------------ */

struct message {
    const char *channel;
    const char *url;       /* NULL: a mail */
    char *subject, *body;  /* the body is JSON for a URL */
    int tries;
    int64_t next_at;       /* monotonic ms */
    struct message *next;
};

struct channels {
    const struct channel_settings *settings;
    struct http_client *client; /* the thread's */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed; /* monotonic */
    struct message *first, **last;
    int64_t count;
    bool stopping;
};

static void free_message(struct message *message)
{
    free(message->subject);
    free(message->body);
    free(message);
}

static void enqueue(struct channels *channels, struct message *message)
{
    message->next = NULL;
    pthread_mutex_lock(&channels->lock);
    bool room = channels->count < limits.channel_queue;
    if (room) {
        *channels->last = message;
        channels->last = &message->next;
        channels->count++;
        pthread_cond_signal(&channels->changed);
    }
    pthread_mutex_unlock(&channels->lock);
    if (room)
        return;
    log_warn("too many messages wait for the channels: one to %s is dropped", message->channel);
    free_message(message);
}

static char *copy(struct text text)
{
    char *string = memory_allocate(text.size + 1);
    memcpy(string, text.data, text.size);
    string[text.size] = '\0';
    return string;
}

static void send_mail(struct channels *channels, struct text subject, struct text text)
{
    struct message *message = NEW(struct message);
    *message = (struct message){.channel = "email", .subject = copy(subject), .body = copy(text)};
    enqueue(channels, message);
}

static void send_post(struct channels *channels, const char *channel, const char *url, json_t *wanted, struct text text,
                      json_t *issue)
{
    json_t *body = json_pack("{s:o, s:o, s:s, s:O, s:O}", "text", json_text(text), "content", json_text(text), "topic",
                             topic_name(TOPIC_ISSUE_OPENED), "channel", wanted, "issue", issue);
    struct message *message = NEW(struct message);
    *message = (struct message){.channel = channel, .url = url, .body = json_to_string(body)};
    json_decref(body);
    if (message->body != NULL)
        enqueue(channels, message);
    else
        free_message(message);
}

void channels_send(struct channels *channels, const json_t *wanted, struct text subject, struct text text, json_t *issue)
{
    const struct channel_settings *settings = channels->settings;
    if (json_member(wanted, "email") != NULL && settings->smtp_url[0] && settings->smtp_from[0] && settings->smtp_to[0])
        send_mail(channels, subject, text);
    for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
        json_t *channel = json_member(wanted, URLS[i].name);
        const char *url = (const char *)settings + URLS[i].offset;
        if (channel != NULL && url[0] != '\0')
            send_post(channels, URLS[i].name, url, channel, text, issue);
    }
}

/* ---- the thread ---------------------------------------------------------------------------------- */

static bool post(struct channels *channels, const struct message *message, struct error *error)
{
    const struct http_header type = {TEXT("content-type"), TEXT("application/json")};
    struct http_call call = {
        .method = "POST", .url = message->url, .headers = &type, .header_count = 1, .body = text_of(message->body),
        .has_body = true, .timeout_ms = CHANNEL_TIMEOUT_MS, .connect_timeout_ms = CHANNEL_TIMEOUT_MS,
        .response_keep_bytes = 0, .response_read_bytes = REPLY_BYTES};
    http_client_perform(channels->client, &call);
    if (call.failure != HTTP_OK)
        return error_set(error, ERROR_UNREACHABLE, "%s", call.failure_text);
    return (call.status >= 200 && call.status <= 299) ||
           error_set(error, ERROR_UNREACHABLE, "it answered with %d", call.status);
}

static bool try_message(struct channels *channels, const struct message *message, struct error *error)
{
    const struct channel_settings *settings = channels->settings;
    if (message->url != NULL)
        return post(channels, message, error);
    const struct mail mail = {settings->smtp_url, settings->smtp_user, settings->smtp_password, settings->smtp_from,
                              settings->smtp_to, text_of(message->subject), text_of(message->body), CHANNEL_TIMEOUT_MS};
    return mail_send(&mail, error);
}

/* The first whose moment has come, taken out; else NULL, and when to look again (0: when something comes). */
static struct message *take_due(struct channels *channels, int64_t *look_at)
{
    int64_t now = clock_monotonic_ms();
    *look_at = 0;
    for (struct message **place = &channels->first; *place != NULL; place = &(*place)->next) {
        struct message *message = *place;
        if (message->next_at > now) {
            if (*look_at == 0 || message->next_at < *look_at)
                *look_at = message->next_at;
            continue;
        }
        *place = message->next;
        if (channels->last == &message->next)
            channels->last = place;
        channels->count--;
        return message;
    }
    return NULL;
}

static struct message *next_message(struct channels *channels)
{
    struct message *message = NULL;
    int64_t look_at;
    pthread_mutex_lock(&channels->lock);
    while (!channels->stopping && (message = take_due(channels, &look_at)) == NULL) {
        if (look_at == 0)
            pthread_cond_wait(&channels->changed, &channels->lock);
        else
            condition_wait_until(&channels->changed, &channels->lock, look_at * 1000);
    }
    pthread_mutex_unlock(&channels->lock);
    return message;
}

static void *run(void *argument)
{
    struct channels *channels = argument;
    struct message *message;
    while ((message = next_message(channels)) != NULL) {
        struct error error = {0};
        if (try_message(channels, message, &error)) {
            free_message(message);
            continue;
        }
        bool again = ++message->tries < CHANNEL_TRIES;
        log_warn("a message to %s could not be sent%s: %s", message->channel, again ? " yet" : "", error.message);
        int64_t wait = FIRST_WAIT_MS;
        for (int i = 1; i < message->tries; i++)
            wait *= WAIT_FACTOR;
        message->next_at = clock_monotonic_ms() + wait;
        if (again)
            enqueue(channels, message);
        else
            free_message(message);
    }
    return NULL;
}

struct channels *channels_start(const struct channel_settings *settings, const struct egress *egress,
                                struct error *error)
{
    struct channels *channels = NEW(struct channels);
    channels->settings = settings;
    channels->last = &channels->first;
    pthread_mutex_init(&channels->lock, NULL);
    condition_init(&channels->changed);
    channels->client = http_client_create(egress, error);
    if (channels->client != NULL) {
        channels->started = thread_start(&channels->thread, "channels", run, channels);
        if (channels->started)
            return channels;
        error_set(error, ERROR_INTERNAL, "no thread for the channels of issues");
    }
    channels_stop(channels);
    return NULL;
}

void channels_stop(struct channels *channels)
{
    pthread_mutex_lock(&channels->lock);
    channels->stopping = true;
    pthread_cond_signal(&channels->changed);
    pthread_mutex_unlock(&channels->lock);
    if (channels->started)
        pthread_join(channels->thread, NULL);
    if (channels->count > 0)
        log_warn("%lld messages to the channels of issues were not sent", (long long)channels->count);
    while (channels->first != NULL) {
        struct message *message = channels->first;
        channels->first = message->next;
        free_message(message);
    }
    if (channels->client != NULL)
        http_client_free(channels->client);
    pthread_cond_destroy(&channels->changed);
    pthread_mutex_destroy(&channels->lock);
    free(channels);
}
