/*
 * inputs.h - what a workflow is called with, against the JSON Schema that it declares.
 *
 * The whole of json_schema.h is checked and defaults are filled in; beyond it, a name that a plain schema (only
 * "properties") does not declare is refused, because it is most often a slip of the pen.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

/*
 * Text of a command line as the value that the schema asks for: integers, numbers, booleans, null, lists and objects
 * are read as JSON, everything else is a text. A new reference; NULL with an error that names the input.
 */
json_t *input_from_text(const json_t *schema, const char *name, struct text text, struct error *error);
/*
 * A new object of the given inputs (NULL: none) and the defaults; NULL when one is missing, wrong or not declared,
 * with an error that names it. `schema` may be NULL: everything passes.
 */
json_t *inputs_resolve(const json_t *schema, const json_t *given, struct error *error);
/* May it be given? A schema that does not tell all names takes any. */
bool input_is_declared(const json_t *schema, const char *name);
/* Is the input declared as a secret ("format": "password")? */
bool input_is_secret(const json_t *schema, const char *name);
