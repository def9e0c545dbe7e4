/*
 * deduplicate.h - what of a request a deduplicate rule looks at, as a key. Pure.
 *
 * A rule is {type: "deduplicate", window (ms), include_fields | exclude_fields}. A field is a path: headers, body, query
 * or path, then names behind dots, [n] for one item of an array and [*] for each; what stands in brackets is followed
 * by a name: "body.items[*].sku". Names of headers count in any letter case.
 *
 * include_fields chooses those values. What is not there counts as an empty text; arrays and objects count as their JSON,
 * with the order of keys; numbers, booleans, null and texts differ from one another. A body that is no JSON is one text
 * without fields.
 *
 * Without include_fields body, query and path count, less what exclude_fields names. Headers do not: some of them differ
 * each time that a sender repeats itself. They count when exclude_fields names one of them, but not all: then all others do.
 *
 * A compiled rule never changes: threads may share it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "rules/steps.h"

enum {
    DEDUPLICATE_LEAST_MS = 1000, DEDUPLICATE_MOST_MS = 3600000,
    DEDUPLICATE_FIELDS = 50, /* of one rule */
};

struct deduplicate;

/*
 * `earlier`: how many rules of the same text stand before it in the connection; each has keys of its own. ERROR_INVALID
 * with a sentence that begins with the member: "include_fields[0]: must begin with ...".
 */
struct deduplicate *deduplicate_compile(const json_t *rule, size_t earlier, struct error *error);
void deduplicate_free(struct deduplicate *rule); /* NULL is fine */
/* False without memory. Takes constant memory, and time in proportion to the request. */
bool deduplicate_key(const struct deduplicate *rule, struct content *content, struct deduplicate_key *key);
