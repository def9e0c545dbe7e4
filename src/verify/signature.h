/*
 * signature.h - the value that holds a signature, taken apart as its scheme has it, and its encodings undone.
 */
#pragma once

#include "verify/reading.h"

enum { CANDIDATES_MOST = 16, SIGNATURE_BYTES_MOST = 1024 };

/* A value may hold several signatures; each is a part of the request. */
struct candidates {
    struct text items[CANDIDATES_MOST];
    size_t count;
};

/*
 * Finds the signatures in `value`, and puts its other parts into the reading. False: there is none, there are too many,
 * or it is not of that form.
 */
bool signature_read(const struct signature_form *form, struct text value, struct reading *reading,
                    struct candidates *candidates);
/* The headers whose names begin with `name`. */
bool signature_read_numbered(struct text name, struct reading *reading, struct candidates *candidates);
/* False: not of that encoding, or longer than any signature. */
bool signature_decode(enum signature_encoding encoding, struct text text, unsigned char out[SIGNATURE_BYTES_MOST],
                      size_t *size);
