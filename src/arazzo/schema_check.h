/*
 * schema_check.h - is a JSON Schema of inputs well formed, as far as the runner reads it?
 */
#pragma once

#include "arazzo/object_reader.h"

/* Adds an error for each keyword that has the wrong form, at any depth. */
void schema_check(struct document *document, const json_t *schema, const struct place *place);
