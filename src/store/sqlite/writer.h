/*
 * writer.h - the store itself: its directory, its writing thread, its queue of jobs. Internal to store/.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/sqlite/checkpoint.h"
#include "store/sqlite/database.h"
#include "store/sqlite/lease.h"
#include "store/sqlite/metrics_keep.h"
#include "store/sqlite/sealing.h"

/* What a running job sees. Only on the writer's thread. */
struct store_transaction {
    struct store *store;
    struct store_reader *database; /* the writing connection */
};

struct store_queue {
    struct store_job *first, *last;
    size_t count;
};

struct store {
    char directory[1024];
    char path[1100];
    int lock;                     /* of the directory */
    struct store_reader database; /* the writing connection: the writer's thread only, once it runs */
    struct store_transaction transaction;
    struct leases leases;
    struct deltas deltas; /* of the counts, until the commit */
    struct checkpoint checkpoint;
    struct seal_ring seal_ring; /* the keys of its secrets; any thread */
    atomic_bool rotating;
    atomic_bool writable;

    pthread_t thread;
    bool started;
    pthread_mutex_t mutex; /* guards the queue */
    pthread_cond_t arrived;
    struct store_queue urgent, patient; /* patient jobs go along with the urgent ones, or after a while by themselves */
    int64_t patient_since; /* monotonic us: since then there are patient jobs */
    bool closing, idle, dozing; /* waits for work; waits for more than the patient jobs it has */
};
