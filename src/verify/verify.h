/*
 * verify.h - did the one who knows the secret send this? Pure: no I/O, and the time is passed in.
 *
 * A source's type and config (scheme.h) are read once into a verifier, which does not change any more and is used by
 * any number of threads. A verification compares in constant time, takes time bounded by the sizes of body and head,
 * and refuses a signature's header that is doubled (but for schemes that have several headers), longer than
 * SIGNATURE_MOST, or in any way not as its scheme has it.
 *
 * Each thread keeps its OpenSSL contexts and a JSON reader, freed when the thread ends.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "http/message.h"
#include "verify/scheme.h"

enum { SIGNATURE_MOST = 8192 }; /* bytes of the header or member that holds it */

enum verdict {
    VERDICT_UNCHECKED, /* nothing is checked: no authentication is set, or nothing is known that could be checked */
    VERDICT_PASSED,
    VERDICT_FAILED,
};

struct verify_key;

struct verify_input {
    struct text method;
    struct text origin; /* "https://gateway.example.com": what the sender's URL begins with */
    struct text path;   /* as sent, from the first slash on */
    struct text query;  /* as sent, without "?" */
    const struct http_headers *headers;
    struct text body;
    int64_t now_ms;
    const struct verify_key *key; /* that the sender publishes, see fetch.h; NULL: none was fetched */
};

struct verifier;

/*
 * Never NULL: on an error, which names the member of `config` that is wrong, it refuses every request.
 * `config` is the source's, of a checked form (model/settings.h); it is not kept.
 */
struct verifier *verifier_new(struct text source_type, struct text config, struct error *error);
/* One more owner of the same, and one less. */
struct verifier *verifier_share(struct verifier *verifier);
void verifier_free(struct verifier *verifier);
/* Before it is shared: leaves out the checks, the handshakes, or both. */
void verifier_restrict(struct verifier *verifier, bool with_checks, bool with_handshakes);
/* What stands behind it: the row of its auth_type or type. */
const struct scheme *verifier_scheme(const struct verifier *verifier);
/* The row that a config asks for; NULL, with an error that names the member, when there is none. */
const struct scheme *verifier_scheme_of(struct text source_type, const json_t *config, struct error *error);
/* Would its verifier check anything? */
bool verifier_would_check(struct text source_type, const json_t *config);
/* False: every verdict is VERDICT_UNCHECKED. */
bool verifier_checks(const struct verifier *verifier);
/* It refuses everything, since its config was wrong. */
bool verifier_is_broken(const struct verifier *verifier);
/* What the sender is answered after VERDICT_FAILED. */
int verifier_refused_status(const struct verifier *verifier);

enum verdict verify_request(const struct verifier *verifier, const struct verify_input *input);

/*
 * Is this a question that a provider asks of a URL before it sends there, and not a webhook? Then *reply is the answer.
 * Its texts are in the arena.
 */
struct handshake_reply {
    int status;
    const char *type; /* content type, NULL: none */
    struct text body;
    struct http_header header; /* name TEXT_NONE: none */
};
bool verify_handshake(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                      struct handshake_reply *reply);

/*
 * What the sender of a request that was taken needs as the answer, where its type has one that is made for each request.
 * Its texts are in the arena.
 */
struct acknowledgement_reply {
    const char *type;
    struct text body;
    struct http_header headers[ACKNOWLEDGEMENT_HEADERS];
    size_t header_count;
};
bool verify_acknowledge(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                        struct acknowledgement_reply *reply);

/* The value of a query parameter as sent, still percent-encoded; TEXT_NONE when absent. */
struct text verify_query_parameter(struct text query, struct text name);
