/*
 * engine.h - what the parts of issue/ share. Internal to issue/.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash_map.h"
#include "issue/issues.h"

/* A key, the trigger that decides about it and the issue that there is. */
struct known {
    int64_t words[4];     /* the key, as the map's text */
    struct issue issue;   /* id 0: none yet */
    int64_t trigger_id;   /* 0: none fits */
    bool first_attempt;
    int64_t seen_at;      /* beyond issue.last_seen_at: still to be written */
};

/* A connection with open issues. */
struct failing {
    int64_t connection_id;
    int64_t failed_at;     /* the last failure that counted */
    int64_t succeeded_at;  /* when a delivery began after it that succeeded; 0: none */
};

struct issues {
    struct store *store;
    struct catalog *catalog;
    /* the writer's thread's */
    struct trigger_set *triggers;
    struct hash_map known;   /* struct known by its words */
    struct hash_map failing; /* struct failing by connection */
    size_t evict_position;
    bool stale; /* what is in memory may not be what the store says */
    /* what the check has to do */
    atomic_bool unwritten, recovering;
    /* the check's */
    struct store_reader *reader;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic */
    bool stopping;
};

/* Something went wrong. */
struct occurrence {
    struct issue_key key;
    int64_t project_id, reference_id, attempt_id;
    int64_t event_id; /* to link; 0: none */
    bool first_only;  /* a retry is planned: it counts for triggers of the strategy first_attempt only */
    int64_t now;
};

/* On the writer's thread: brings memory up to date with the triggers and, if need be, the store. */
bool engine_prepare(struct issues *issues, struct store_transaction *, struct error *error);
/* *issue_id: which it belongs to, 0: none. */
bool engine_observe(struct issues *issues, struct store_transaction *, const struct occurrence *, int64_t *issue_id,
                    struct error *error);
bool engine_resolve(struct issues *issues, struct store_transaction *, struct issue *issue, int64_t now,
                    struct error *error);
/* Writes what was seen since it was last written. */
bool engine_write_seen(struct issues *issues, struct store_transaction *, struct error *error);
/* Tells the project, and with `always` the channels of the issue's trigger. `source_id` 0: of no source. */
bool engine_tell(struct issues *issues, struct store_transaction *, int64_t project_id, enum topic topic,
                 int64_t object_id, int64_t source_id, bool always, struct error *error);

/* watch.c */
void *watch_run(void *issues);
