/*
 * plain.h - calls over plain HTTP/1.1 without libcurl: what most deliveries inside of a network are, for much less
 * (docs/decisions/0009-plain-http.md). Internal to the client's files.
 *
 * It takes a call that asks for nothing special (http, no proxy, no source address, a URL with one reading only), and
 * of it only what goes as it should: whatever fails before the request was sent, libcurl does again and says what is
 * wrong. So libcurl also looks names up, and tries one address after the other: the address that it came to is
 * remembered for limits.delivery_lookup_cache_ms. A redirect that is to be followed is libcurl's from there on, too.
 *
 * Connections are kept by host and port, so many to a host and so many in all; calls beyond that wait. A request on a
 * kept connection that is closed before any byte of a reply is sent anew, once, on a new one. Sockets are in the
 * client's epoll, edge-triggered, from their beginning to their end; their events carry PLAIN_EVENT.
 */
#pragma once

#include <sys/epoll.h>

#include "http/client.h"

struct plain;

/* In epoll_event.data.u64, beside a pointer, which has not this bit. */
#define PLAIN_EVENT (UINT64_C(1) << 63)

struct plain *plain_create(struct http_client *client);
/* False: the call is nothing for it. `done` comes later, never inside. */
bool plain_start(struct plain *plain, struct http_call *call);
void plain_take_event(struct plain *plain, const struct epoll_event *event);
int64_t plain_next_us(const struct plain *plain); /* when it wants plain_turn, monotonic; -1: never */
void plain_turn(struct plain *plain); /* after the events of a turn: what is overdue */
size_t plain_running(const struct plain *plain);
/* libcurl has made a connection for that URL to that address. */
void plain_learn(struct plain *plain, const char *url, const char *address);
void plain_cancel_all(struct plain *plain);
void plain_free(struct plain *plain);
