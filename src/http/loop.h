/*
 * loop.h - the server and its event loops. Internal to http/.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "http/connection.h"

struct http_loop {
    struct http_server *server;
    pthread_t thread;
    int epoll, wakeup;
    bool listening;               /* the listening socket is in the epoll set */
    int64_t listen_again;         /* monotonic ms: accepting was paused until then; 0: not */
    struct heap deadlines;
    struct http_connection *connections;

    pthread_mutex_t lock;         /* guards replied */
    struct http_connection *replied;
};

struct http_server {
    struct http_application application;
    int listener;
    uint16_t port;
    unsigned loop_count;
    struct http_loop *loops;
    atomic_bool quiescing, stopping;
    _Atomic int64_t connections, requests, refused, body_bytes, exchanges;
};

/* True when the calling thread is the loop's own. */
bool loop_is_own_thread(const struct http_loop *loop);
/* Hands a connection whose reply is ready to its loop. Any thread. */
void loop_push_replied(struct http_loop *loop, struct http_connection *connection);
