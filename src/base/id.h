/*
 * id.h - the integer keys of everything that is stored, and their public text form.
 *
 * A key is a positive 64-bit integer that sorts by time and needs no coordination:
 *
 *   41 bits  milliseconds since 2024-01-01 UTC   (enough until 2093)
 *    8 bits  node, so that several gateways on one store never collide
 *   14 bits  sequence within the millisecond; when it runs over, the next millisecond is borrowed
 *
 * The public form is the kind's prefix, "_", and the key in base 62 (0-9A-Za-z, always 11 digits), so it
 * sorts as the key does and turns back into it. Keys say when something was made and are guessable;
 * whatever must not be guessed is made by random.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum id_kind {
    ID_PROJECT,     /* tm_  */
    ID_SOURCE,      /* src_ */
    ID_DESTINATION, /* des_ */
    ID_CONNECTION,  /* web_, conn_ also read */
    ID_REQUEST,     /* req_ */
    ID_EVENT,       /* evt_ */
    ID_EVENT_DATA,  /* edt_ */
    ID_ATTEMPT,     /* atm_ */
    ID_API_KEY,     /* key_ */
    ID_TRANSFORMATION, /* trs_ */
    ID_EXECUTION,   /* exe_ of a transformation */
    ID_BOOKMARK,    /* bmk_ */
    ID_INTEGRATION, /* int_ */
    ID_ISSUE,       /* iss_ */
    ID_DOMAIN,      /* dom_ */
    ID_ISSUE_TRIGGER, /* it_ */
    ID_NOTIFICATION, /* ntf_ */
    ID_BULK,        /* bch_ */
};

enum { ID_TEXT_SIZE = 20 }; /* the longest prefix, "_", 11 digits and the NUL */

/* Call once before the first id_new; 0 to 255. */
void id_set_node(unsigned node);
/* A new key, larger than every key that this process made before. Thread-safe. */
int64_t id_new(void);
/* Keys made from now on are larger than `key`: for a clock that was set back since the last run. */
void id_raise_above(int64_t key);
/* The moment in a key, and the smallest key of a moment (for ranges by time). */
int64_t id_moment_ms(int64_t key);
int64_t id_at_moment(int64_t moment_ms);

void id_format(enum id_kind kind, int64_t key, char out[ID_TEXT_SIZE]);
/* False when the text is no public id of that kind. */
bool id_parse(enum id_kind kind, struct text text, int64_t *key);
