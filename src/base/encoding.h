/*
 * encoding.h - bytes as text and back: base64 (RFC 4648), hexadecimal, percent (RFC 3986).
 *
 * Encoders append to a buffer. Decoders append too and return false on text that is not well formed,
 * in which case the buffer holds an undefined part.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

void base64_encode(struct buffer *out, struct text bytes);    /* with padding */
void base64url_encode(struct buffer *out, struct text bytes); /* without padding */
/* Either alphabet, padding complete or left out, no white space. */
bool base64_decode(struct buffer *out, struct text text);

void hex_encode(struct buffer *out, struct text bytes); /* lower case */
bool hex_decode(struct buffer *out, struct text text);  /* either case */

/* Everything but unreserved characters becomes %XX. */
void percent_encode(struct buffer *out, struct text bytes);
/* With plus_is_space as in HTML forms; a "%" that no two hex digits follow stays as it is. */
void percent_decode(struct buffer *out, struct text text, bool plus_is_space);
