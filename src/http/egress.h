/*
 * egress.h - where the gateway may connect to on behalf of its users: the policy, as a value, and its decision.
 *
 * A decision is made in three places, by whoever opens connections:
 *   egress_name_is_allowed     before a name is looked up: what can be said from the URL alone
 *   egress_connect_is_allowed  before connect(), of the very address that is connected to, whatever name led there;
 *                              also for each further address of the name, and for each redirect's target
 *   egress_request_is_allowed  before each request on a connection that stands, new or kept: one that was opened for a
 *                              webhook must not carry a call of the gateway's own API
 *
 * In this order: the deny list refuses; addresses that nobody's webhook can be for are refused always (network.h,
 * REACH_FORBIDDEN); the gateway itself is refused but for its ingest paths, unless own_api_allowed; the allow list
 * allows; then what private_refused and public_refused say. An IPv6 address with an IPv4 address inside counts as both.
 *
 * {0} is the default policy. It does not change once clients have it, so every thread may read it.
 * The decision is pure but for one case: does an address belong to this machine, which is asked of the kernel when the
 * gateway listens on all addresses and the port is its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "http/network.h"

enum { EGRESS_REASON = 256, EGRESS_RULES = 1000, EGRESS_FACES = 8, EGRESS_NAME = 256 };

/* "10.0.0.0/8", "192.0.2.1", "hooks.example.com", "*.example.com" (every name below it, not itself). */
struct egress_rule {
    char *text;      /* as given, in lower case */
    bool is_network; /* else a name */
    struct network network;
};

struct egress_list {
    struct egress_rule *rules;
    size_t count, names; /* names: of these, those that are no networks */
};

/* Somewhere the gateway itself answers. */
struct egress_face {
    uint16_t port;
    char host[EGRESS_NAME]; /* of the public URL; "": it is an address */
    char path[EGRESS_NAME]; /* of the public URL, without a slash at its end */
    struct address address; /* all zeros: every address of this machine */
};

struct egress {
    bool private_refused, public_refused;
    bool own_api_allowed;
    bool other_hosts_refused; /* redirects are followed on the same host only */
    bool downgrade_allowed;   /* and from https to http */
    struct egress_list allow, deny;
    struct egress_face faces[EGRESS_FACES];
    size_t face_count;
};

/* The names of the settings; ends with NULL. */
extern const char *const egress_setting_names[];
/* False without an error when it is no setting of these. */
bool egress_set(struct egress *egress, struct text name, struct text value, struct error *error);
/* Separated by commas; replaces what the list held. */
bool egress_list_read(struct egress_list *list, const char *name, struct text value, struct error *error);
/* The gateway listens there; and its public URL. Beyond EGRESS_FACES they are left out. */
void egress_add_listener(struct egress *egress, const struct sockaddr *listener);
void egress_add_public_url(struct egress *egress, const char *url);
void egress_free(struct egress *egress);

/*
 * Each is true, or false with a sentence that says which rule refuses. `egress` may be NULL: everything is allowed. A URL
 * that cannot be read is refused. Any thread.
 */
bool egress_name_is_allowed(const struct egress *egress, const char *url, char reason[EGRESS_REASON]);
bool egress_connect_is_allowed(const struct egress *egress, const char *url, const struct sockaddr *address,
                               char reason[EGRESS_REASON]);
/* `address`: the text of the connection's other end, as getnameinfo gives it. */
bool egress_request_is_allowed(const struct egress *egress, const char *url, const char *address, uint16_t port,
                               char reason[EGRESS_REASON]);
