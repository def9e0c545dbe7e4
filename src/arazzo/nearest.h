/*
 * nearest.h - the name that was probably meant: at most two slips of the pen away.
 */
#pragma once

#include "base/json.h"

/* NULL when none is near. `names` ends with NULL. */
const char *nearest_name(const char *name, const char *const *names);
const char *nearest_key(const char *name, const json_t *object); /* among the keys; borrowed */
/* "is "NAME" meant?", or NULL when there is nothing near; `hint` has room for it. */
const char *nearest_hint(char *hint, size_t size, const char *nearest);
