#ifndef BENCH_ADDRESS_H
#define BENCH_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

/*
 * Where something listens. The bench measures on one machine, so an address is an IPv4 address or
 * "localhost" with a port; no names are looked up.
 */

#define ADDRESS_PATH_MAX 1024

struct address {
    struct sockaddr_in socket;
    char authority[64];          /* "127.0.0.1:8420", for the Host header */
    char path[ADDRESS_PATH_MAX]; /* "/e/abc?x=1", at least "/" */
};

/* "HOST:PORT"; port 0 is allowed and asks the kernel for a free one. */
bool address_parse(struct address *address, const char *text, struct fault *fault);

/* "http://HOST:PORT/PATH" */
bool address_parse_url(struct address *address, const char *url, struct fault *fault);

/*
 * A listening, non-blocking socket, or -1. The port the kernel chose is written back into
 * `address`.
 */
int address_listen(struct address *address, struct fault *fault);

/*
 * A non-blocking socket whose connect was started, or -1 with errno set. Writability tells the
 * outcome.
 */
int address_connect(const struct address *address);

/* Accepts one waiting connection, ready for use, or -1 when none waits. */
int address_accept(int listener);

#endif
