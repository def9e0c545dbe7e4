/*
 * origin.h - where providers publish their keys, and which URLs are theirs.
 *
 * A location says which URLs may be called: "sns.*.amazonaws.com/SimpleNotificationService-*.pem". "*" stands for letters,
 * digits, "-" and "_"; "**" also for what may stand between them (dots in a host; dots, slashes and a query's signs behind
 * it). A URL fits when it is "https://", a host in small letters without user, port or dot at its end, and a path
 * without empty or dotted parts, and host and path each fit. So what a request says can choose among the provider's keys,
 * and nothing else. See docs/decisions/0010.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

enum document_form {
    DOCUMENT_JWKS,         /* RFC 7517: keys, each with an id */
    DOCUMENT_CERTIFICATES, /* PEM: the one of the key first, then those that lead to an authority */
    DOCUMENT_KEY,          /* JSON with one public key */
};

enum { ORIGIN_URLS_MOST = 4 };

struct origin_url {
    const char *environment; /* config.auth.environment that it is for; NULL: any */
    const char *url;         /* template, see template.h */
    const char *token_url;   /* an access token is asked for there first; NULL: none is needed */
};

struct key_origin {
    enum document_form form;
    struct origin_url urls[ORIGIN_URLS_MOST];
    const char *other_url;        /* template: asked when the first has no such key; NULL: none */
    const char *const *locations; /* all of the URLs lie in these; ends with NULL */
    const char *url_member;       /* the user enters the URL, as this member of config.auth */
    const char *id;               /* where the request names the key: a place; NULL: in the token's head, "kid" */
    const char *member;           /* DOCUMENT_KEY: where the key is, "data.publicKey" */
    const char *const *names;     /* DOCUMENT_CERTIFICATES: locations of host names, one of which it must be for */
    bool alone;                   /* DOCUMENT_CERTIFICATES: it is published without those that lead to an authority */
    const char *authorization;    /* template of a header's value; NULL: none */
    const char *token_id, *token_secret; /* members of config.auth: the client's credentials at token_url */
    const char *token_form;       /* what is posted there */
};

enum { ORIGIN_URL_BYTES_MOST = 1024 };

bool origin_takes(const char *const *locations, struct text url);
/* Is it one of these host names? */
bool origin_has_name(const char *const *names, struct text name);
