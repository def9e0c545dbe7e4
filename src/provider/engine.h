/* engine.h - what the files of provider/ share. */
#pragma once

#include <openssl/types.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/hash_map.h"
#include "http/client.h"
#include "provider/provider.h"

/* What a provider published at one URL, to one who had those credentials. */
struct document {
    struct arena arena;
    struct text name;         /* URL, and a digest of the credentials; in the arena */
    struct key_wanted wanted; /* texts in the arena */
    struct key_set *set;      /* NULL: none was ever fetched, or it was given up */
    int64_t fetched_at, good_until; /* of the set; times are monotonic ms */
    int64_t failed_until;     /* the last fetch failed, and none is made before this */
    bool is_final;            /* that failure */
    char failure[256];
    bool fetching;
    int64_t used_at;
};

enum step {
    STEP_TOKEN, /* asks for the access token that the document is asked for with */
    STEP_KEY,
    STEP_OTHER_KEY,
    STEP_CONFIRM,
};

/* Calls, one after another, of one purpose. */
struct fetch {
    struct provider *provider;
    struct document *document; /* of keys */
    struct errand *errand;     /* of a confirmation; NULL: it did not wait for it */
    const char *url;           /* of a confirmation; in the arena */
    enum step step;
    struct text token;         /* authorization by the token that was asked for first; in the arena */
    int tries;
    int64_t start_at;          /* monotonic ms: not before */
    struct arena arena;        /* of all its calls */
    struct http_call call;
    struct fetch *next;        /* in provider->queue or provider->running */
};

struct connection_row {
    struct text host;       /* "*": any */
    const char *connect_to; /* for http_call */
};

struct source_budget {
    int64_t minute;
    int64_t calls;
};
enum { SOURCE_BUDGETS = 256, CONFIRM_TRIES = 3 };

struct provider {
    pthread_t thread;
    struct http_client *client;
    struct arena arena;               /* of the settings */
    struct text authorities;          /* PEM; TEXT_NONE: the system's */
    X509_STORE *trusted;
    struct connection_row *connections;
    size_t connection_count;

    pthread_mutex_t lock;             /* guards what follows */
    bool stopping;
    struct hash_map documents;        /* by name */
    struct fetch *queue, *running;    /* the first is in order */
    size_t running_count;
    struct errand *waiting;
    size_t waiting_count, waiting_bytes;
    struct source_budget budgets[SOURCE_BUDGETS];
};

/* ---- provider.c; the lock is held, except for errands_end ---- */

/* Takes those that wait for the document (NULL: all whose time is over at `now`) off the list. */
struct errand *errands_take(struct provider *provider, const struct document *document, int64_t now);
void errand_fail(struct errand *errand, bool is_final, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Without the lock: tells them. */
void errands_end(struct errand *errands);
void fetch_push(struct provider *provider, struct fetch *fetch);

/* ---- document.c; the lock is held ---- */

/* The document that would have the key; NULL: it is not known. */
struct document *document_find(struct provider *provider, const struct key_wanted *wanted, int64_t now);
/* One more. NULL: there is no room. */
struct document *document_make(struct provider *provider, const struct key_wanted *wanted, int64_t now);
/* True: the errand has its outcome from what is known. */
bool document_answers(struct document *document, struct errand *errand, int64_t now);
/* The end of a fetch. `set` is taken over; NULL: it failed, as `error` says. `lifetime_ms`: -1 when nothing was said. */
void document_fetched(struct document *document, struct key_set *set, int64_t lifetime_ms, const struct error *error,
                      bool is_final);
void documents_free(struct provider *provider);

/* ---- fetch.c: on the provider's thread ---- */

/* What the fetch's step calls. */
struct text fetch_url(const struct fetch *fetch);
/* Fills the call of that step; it is not started. */
void fetch_write(struct fetch *fetch);
/* What the reply of a step means. */
enum reply_meaning {
    REPLY_GOOD,
    REPLY_NONE,   /* the provider has no such key */
    REPLY_FAILED,
};
enum reply_meaning fetch_read(const struct fetch *fetch, struct error *error);
/* The access token of a reply, in the arena; TEXT_NONE with a sentence in `error`. */
struct text fetch_token(const struct fetch *fetch, struct arena *arena, struct error *error);
/* How long the reply may be kept, in ms, as its head says; -1: it does not. */
int64_t fetch_lifetime_ms(const struct http_call *call);
/* "host" of "https://host/path". */
struct text fetch_host(struct text url);

/* ---- settings.c ---- */

/* Before the thread starts. False with an error that names the setting. */
bool settings_read(struct provider *provider, const struct provider_settings *settings, struct error *error);
