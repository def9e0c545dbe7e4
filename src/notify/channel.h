/*
 * channel.h - tells people of opened issues: by mail, and by POSTs to the URLs that chat and paging services give.
 *
 * A trigger says which channels it wants; the gateway's settings say how each is reached. A channel without its
 * setting is stored and not used. One row here and its row in docs/configuration.md add a channel.
 *
 * Messages wait in memory, limits.channel_queue at most (beyond it the newest is dropped, which is logged); each is tried
 * CHANNEL_TRIES times, longer and longer apart. A stop drops those that are not sent yet.
 *
 * Threads: one of its own sends. The other functions may be called from any thread and do not block, but for the stop.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* X(the trigger's word, the setting) */
#define CHANNELS(X)                                                                                     \
    X(slack, slack_url) X(microsoft_teams, microsoft_teams_url) X(discord, discord_url)                 \
    X(betteruptime, betteruptime_url) X(incidentio, incidentio_url) X(pagerduty, pagerduty_url)         \
    X(opsgenie, opsgenie_url)

enum { CHANNEL_TRIES = 5, CHANNEL_TIMEOUT_MS = 10000 };

struct channel_settings {
    char smtp_url[1024], smtp_from[256], smtp_to[1024], smtp_user[256], smtp_password[256];
#define CHANNEL_URL(name, setting) char setting[1024];
    CHANNELS(CHANNEL_URL)
#undef CHANNEL_URL
};

/* The names of the settings; ends with NULL. */
extern const char *const channel_setting_names[];
/* False without an error when it is no setting of these. */
bool channel_settings_set(struct channel_settings *settings, struct text name, struct text value, struct error *error);

struct channels;
struct egress;

/* The settings and the egress policy are kept by reference. The policy is not asked about the mail server. */
struct channels *channels_start(const struct channel_settings *settings, const struct egress *egress,
                                struct error *error);
/*
 * Sends to each channel of the object that has a setting: a mail with subject and text, or a POST of
 * {"text", "content", "topic", "channel", "issue"}. What is given stays the caller's.
 */
void channels_send(struct channels *channels, const json_t *wanted, struct text subject, struct text text,
                   json_t *issue);
void channels_stop(struct channels *channels);
