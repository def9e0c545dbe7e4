/*
 * json_schema.h - JSON Schema (2020-12): is a value what a schema says?
 *
 * All assertions and applicators of the core, applicator and validation vocabularies, but for "unevaluated..." and
 * dynamic references. "$ref" leads to places of the same schema ("#", "#/$defs/x", "#name" of an "$anchor"). Of
 * "format" are looked at: date, date-time, time, email, uri, uuid, ipv4, ipv6, hostname; others pass. Schemas may be
 * hostile: references and nesting are bounded.
 *
 * Defaults of properties are filled in, where a schema is certain to apply: not below anyOf, oneOf, not, if.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

/*
 * False with a sentence that begins with `name` and the place inside of it ("input order.items[0]: ..."). `schema` is
 * the root that references are looked up in. The value may get members from defaults.
 */
bool json_schema_check(const json_t *schema, const char *name, json_t *value, struct error *error);
/* The schema that is meant, references followed; NULL when they lead nowhere. */
const json_t *json_schema_follow(const json_t *root, const json_t *schema);
