/*
 * network.h - IP addresses and networks as values: read, written, compared, and what the registries say of them. Pure.
 *
 * Every address has 16 bytes; one of IPv4 stands in its mapped form (::ffff:a.b.c.d), so that both spellings of one
 * address are one value. The facts are of the IANA special-purpose registries (RFC 6890) and of cloud providers'
 * own documents for metadata addresses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/text.h"

enum { ADDRESS_BYTES = 16, ADDRESS_TEXT = 46, ADDRESS_FORMS = 4 };

struct address {
    uint8_t bytes[ADDRESS_BYTES];
};

struct network {
    struct address first; /* its bits beyond `bits` are 0 */
    unsigned bits;        /* of the 128: 96 more than one counts for IPv4 */
};

/* How far a packet to that address is meant to go. */
enum address_reach {
    REACH_PUBLIC = 0,
    REACH_PRIVATE,   /* this machine, this site, or a laboratory */
    REACH_FORBIDDEN, /* nothing that a webhook may be for: the network's own, metadata, many receivers, no receiver */
};

/* "10.1.2.3", "fd00::1". No other spelling, no zone. */
bool address_parse(struct text text, struct address *address);
/* False when it is of neither IPv4 nor IPv6. *port may be NULL. */
bool address_of_socket(const struct sockaddr *socket, struct address *address, uint16_t *port);
void address_write_text(const struct address *address, char text[ADDRESS_TEXT]);

/* "10.0.0.0/8", "fd00::/8", or an address alone. No bits beyond the length. */
bool network_read(struct text text, struct network *network);
bool network_holds(const struct network *network, const struct address *address);

/*
 * The addresses that a packet to this one may end at: first itself, then the IPv4 addresses that it has inside
 * (translated, NAT64, 6to4, Teredo, ISATAP). Returns how many.
 */
size_t address_forms(const struct address *address, struct address forms[ADDRESS_FORMS]);

/* The worst of its forms; *what says in words what it is ("a loopback address"), NULL for a public one. */
enum address_reach address_reach(const struct address *address, const char **what);
