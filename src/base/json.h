/*
 * json.h - JSON documents of the API and of configuration, on jansson.
 *
 * For the bodies of webhooks, which come by the thousand and are only looked at, use json_scan.h.
 * References follow jansson: functions that return json_t * give a new reference unless they say
 * "borrowed".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/*
 * Reads a whole document (any value at the top). Refuses duplicate keys, NUL in keys, invalid UTF-8 and
 * nesting beyond jansson's 2048 levels; the error says line, column and reason. NULL on error.
 */
json_t *json_parse(struct text text, struct error *error);
/* Compact, keys in insertion order, "/" not escaped, UTF-8 as it is. False without memory. */
bool json_write(struct buffer *out, const json_t *value);
/* The same as a malloc'd string; NULL without memory. */
char *json_to_string(const json_t *value);

/* Borrowed member, or NULL when absent. `null` gives the json null. */
json_t *json_member(const json_t *object, const char *name);
/* The string member as a text borrowed from the document; TEXT_NONE when absent or no string. */
struct text json_member_text(const json_t *object, const char *name);
/* The integer member, or `otherwise` when absent or no integer. */
int64_t json_member_integer(const json_t *object, const char *name, int64_t otherwise);
bool json_member_true(const json_t *object, const char *name);

/* A JSON string; bytes that are not UTF-8 are replaced by U+FFFD. TEXT_NONE gives null. */
json_t *json_text(struct text text);
/* An RFC 3339 string, or null for moment 0. */
json_t *json_moment(int64_t moment_ms);
/* Text of JSON type for messages: "a string", "an object", ... */
const char *json_type_name(const json_t *value);
