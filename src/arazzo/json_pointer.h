/*
 * json_pointer.h - JSON Pointer (RFC 6901): "/models/0/id".
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

/* Empty, or begins with "/" and has only the escapes ~0 and ~1. */
bool json_pointer_is_valid(struct text pointer);
/* One part of a pointer, between slashes, as the name that it stands for. */
void json_pointer_unescape(struct buffer *out, struct text part);
/* The value it names inside `root`, borrowed; NULL when there is none or the pointer is malformed. */
json_t *json_pointer_get(const json_t *root, struct text pointer);
/*
 * Puts `value` (a new reference is taken) where the pointer says: an existing or new member, an existing item,
 * or "-" for a new last item; the empty pointer replaces *root. What lies on the way must exist.
 */
bool json_pointer_set(json_t **root, struct text pointer, json_t *value, struct error *error);
