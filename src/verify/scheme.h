/*
 * scheme.h - how each kind of sender proves who it is: one row a source type, and a few more that only auth_type names.
 *
 * A row holds facts only: where the signature stands, what is signed, with what, by which key, what the user enters.
 * verifier.h makes something of it that checks requests; the API reads from the same rows what config.auth takes, and
 * docs/sources.md is printed from them. A provider is added by a row. Rows are constant and live as long as the
 * process.
 *
 * Where a value stands is told by a letter: "h:Name" a header, "q:name" a parameter of the query, "f:name" a field of a
 * form in the body, "j:a.b" a member of a JSON body, "body" the body itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "verify/origin.h"

enum scheme_method {
    METHOD_NONE,    /* the sender signs nothing that this version can check: requests are taken as they come */
    METHOD_CHOSEN,  /* WEBHOOK and HTTP: auth_type names another row */
    METHOD_PUBLISH, /* fed by the publish call only */
    METHOD_HMAC,
    METHOD_HASH,    /* a digest of a text that holds the secret */
    METHOD_TOKEN,   /* the secret itself is sent */
    METHOD_BASIC,
    METHOD_API_KEY, /* the secret itself, in a header or query parameter that the user names */
    METHOD_RSA,     /* PKCS #1 v1.5 */
    METHOD_RSA_PSS,
    METHOD_ECDSA,   /* P-256, ASN.1 form */
    METHOD_ED25519,
    METHOD_JWT,     /* the algorithm follows from the row and the key, never from the token */
};

enum digest { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGESTS };
enum { DIGEST_BYTES_MOST = 64 };

/* Decoding takes either case of hexadecimal, either alphabet of base64, and padding or none. */
enum signature_encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_BASE64URL, ENCODING_BASE64_OF_HEX };

enum key_form {
    KEY_RAW,            /* the text's bytes */
    KEY_BASE64,
    KEY_HEX,
    KEY_WHSEC,          /* "whsec_" and base64; the prefix may be missing */
    KEY_RAW_OR_BASE64,  /* providers disagree with themselves: either reading of the secret may have signed */
    KEY_PEM,            /* a public key (or a certificate) in PEM, or the base64 inside of it */
    KEY_ED25519,        /* 32 bytes in hexadecimal or base64, or as KEY_PEM */
    KEY_RAW_OR_PEM,     /* of JWTs: a text is the key of an HMAC, PEM a public key */
};

/* How the value at `signature` is made up. {0}: the value is the signature. */
struct signature_form {
    const char *prefix;     /* in front of each signature: "sha256=" */
    bool prefix_optional;
    const char *separators; /* bytes between the parts: "," */
    const char *named;      /* parts are name=value; signatures are those of this name ("v1"), the others are {sig.NAME} */
    bool first_is_other;    /* parts have no names: the first one is {sig.0}, the rest are signatures */
    bool numbered;          /* the header's name is only a beginning: any header that begins so holds a signature */
    bool percent_encoded;
    bool base64_json;       /* base64 of a JSON object, whose members are the named parts */
};

enum time_unit { TIME_SECONDS, TIME_MILLISECONDS, TIME_RFC3339 };

/* A member of config.auth. Tables end with a row without a name. */
struct auth_field {
    const char *name;
    bool optional;
    bool header_name;         /* the name of a header */
    const char *const *names; /* the texts that are allowed; NULL: any */
    int64_t most;             /* characters */
};

/* Tables end with a row without `when`. See handshake.c. */
struct handshake {
    const char *when;   /* conditions, all to be met: "GET q:hub.challenge", "j:type=url_verification" */
    bool is_signed;     /* only answered when the request's signature passes */
    int status;
    const char *type;   /* content type; NULL: no body */
    const char *body;   /* template */
    const char *header; /* "Name: template"; NULL: none */
};

enum confidence {
    SCHEME_CHECKED, /* documented by the provider; requests that do not fit are refused */
    SCHEME_WEAK,    /* known from hearsay or not at all: not checked */
    SCHEME_OPEN,    /* the sender offers nothing to check */
};

enum { ACKNOWLEDGEMENT_HEADERS = 3 };

/*
 * The answer to a request that was taken, signed so that the sender knows who took it. Templates know {now}, in seconds,
 * {now_text}, {reply}, which is the body, and {signed}. See acknowledgement.c.
 */
struct acknowledgement {
    const char *type, *body;
    const char *content;         /* what is signed */
    enum scheme_method method;   /* METHOD_HASH with the source's own secret, or METHOD_RSA */
    enum digest digest;
    const char *private_key;     /* of METHOD_RSA: the member of config.auth that holds it, in PEM */
    enum signature_encoding encoding;
    bool percent_encoded;
    const char *headers[ACKNOWLEDGEMENT_HEADERS]; /* "Name: template"; left out where nothing can be signed */
};

/* The digest that a value of the request names; what is not in the table is refused. Tables end with a row without a name. */
struct named_digest {
    const char *name;
    enum digest digest;
};

/*
 * What a place of the request, or a claim of a JWT, must be: one of the names, or what config.auth has as `member` (when
 * it has none, nothing is required). Tables end with a row without `at`.
 */
struct requirement {
    const char *at;
    const char *const *names;
    const char *member;
};

/* A signed request that is only a question: is this subscription wanted? It is answered by a GET to the provider. */
struct subscription {
    const char *at, *equal_to;    /* such a request has this there */
    const char *url;              /* where the URL stands */
    const char *const *locations; /* which it must lie in, see origin.h */
};

struct scheme {
    const char *type; /* "STRIPE" */
    const char *name; /* "Stripe" */
    enum scheme_method method;
    enum confidence confidence;
    bool auth_type_only; /* no source has this type */
    enum digest digest;
    bool sha256_too;        /* of METHOD_HASH: a signature of that size was made with SHA-256 */
    bool detached;          /* of METHOD_JWT: the payload is the body, or what `content` makes */
    const char *digest_at;  /* where the request names the digest; NULL: it is `digest` */
    const struct named_digest *digests;
    const struct requirement *requirements, *claims;
    const struct key_origin *origin; /* the key is fetched, unless one is entered; NULL: it is entered */
    const struct subscription *subscription;
    bool digest_is_signed;  /* the signature is over the digest of the content, not over the content */
    enum signature_encoding encoding;
    const char *signature;  /* where it stands */
    struct signature_form form;
    const char *content;    /* what is signed: a template, see template.h */
    const char *other_when, *other_content; /* where a request has something there, this is signed instead */
    const char *each;       /* "notificationItems": every item of this array of the body is signed by itself, */
    const char *item;       /* and this member of it is what "j:" looks into */
    enum key_form key;
    const char *secret;     /* member of config.auth that holds the key */
    const char *time;       /* where the time of signing stands: as `signature`, or "sig.t"; NULL: nowhere */
    enum time_unit unit;
    int tolerance_s;        /* older or newer ones are refused; 0: not looked at */
    const struct auth_field *fields;
    int refused_status;     /* what the sender is answered when the check failed; 0: 200, as if all were well */
    const struct handshake *handshakes;
    const char *reply_type, *reply; /* what the sender needs as the answer, when the source has no custom response */
    const struct acknowledgement *acknowledgement; /* the same, when the answer is made for each request */
    const char *find;          /* what to enter, and where it is found at the provider */
    const char *documentation; /* the provider's page */
};

extern const struct scheme schemes_of_bodies[], schemes_with_times[], schemes_of_keys[], schemes_of_others[],
    schemes_of_fetched_keys[], schemes_unchecked[];

/* The row of a source type or auth_type; NULL: there is none. */
const struct scheme *scheme_find(struct text type);
/* All rows, NULL behind the last. */
const struct scheme *scheme_at(size_t index);
/* Does the row check anything? */
bool scheme_checks(const struct scheme *scheme);
/* Rows that check nothing by themselves take HMAC, BASIC_AUTH and API_KEY as auth_type, WEBHOOK takes every row's name. */
bool scheme_takes_auth_type(const struct scheme *type, const struct scheme *auth_type);
