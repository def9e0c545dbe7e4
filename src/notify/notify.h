/*
 * notify.h - tells projects what happened: as webhooks into a source of their own, and people by channels.
 *
 * What is to be told was written with what it tells of (issue/issues.h). A thread of its own takes it from there, shows
 * the object as the API does at that moment, and makes a request of the project's notification source with an event for
 * each of its connections, as if a sender had sent it. The request, its events and the end of the notice are one
 * transaction, so that nothing is told twice or forgotten. Messages to the channels of a trigger follow the commit and
 * are in memory from then on.
 *
 * docs/issues.md describes the body of such a webhook.
 */
#pragma once

#include "catalog/catalog.h"
#include "deliver/deliver.h"
#include "ingest/passages.h"
#include "issue/issues.h"
#include "notify/channel.h"
#include "store/store.h"

struct notify;

/* The settings and the URL are kept by reference. */
struct notify *notify_start(struct store *store, struct catalog *catalog, struct deliver *deliver, struct issues *issues,
                            struct passages *passages, const char *public_url,
                            const struct channel_settings *settings, struct error *error);
/* Before the delivery engine is stopped; what is still to be told is told after the next start. Blocks. */
void notify_stop(struct notify *notify);
