/*
 * accept.h - new connections: how many, and to which loop. Internal to http/. On the first loop's thread.
 */
#pragma once

#include "http/loop.h"

/* Accepts what waits, up to limits.connections: then the longest idle connection makes room, or accepting pauses. */
void accept_waiting(struct http_server *server);
/* Takes the listener into or out of the first loop's epoll set. */
void accept_watch(struct http_server *server, bool on);
/* Ends a pause whose time has come. */
void accept_resume(struct http_server *server);
