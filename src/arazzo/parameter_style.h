/*
 * parameter_style.h - how OpenAPI writes a value as a parameter: style and explode (OpenAPI 3.0.3, section 4.7.12.2).
 *
 * Styles: simple, label and matrix for paths; form, spaceDelimited, pipeDelimited and deepObject for queries; simple
 * for headers; form for cookies. Members and items that are no plain values are written as JSON.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/json.h"

/* `declaration` is the OpenAPI parameter object, NULL for the defaults of its place. */
void style_write_path(struct buffer *out, const json_t *declaration, const char *name, const json_t *value);
/* "name=value&..." with everything percent-encoded; nothing for an empty list or object. */
void style_write_query(struct buffer *out, const json_t *declaration, const char *name, const json_t *value);
void style_write_header(struct buffer *out, const json_t *declaration, const json_t *value);
void style_write_cookie(struct buffer *out, const json_t *declaration, const char *name, const json_t *value);
