/*
 * body_form.h - objects as forms, in the body of a request.
 */
#pragma once

#include "arazzo/request_parts.h"

/* "a=1&b=2", each property by the style that the operation describes for it. */
bool body_write_form(struct request_parts *parts, struct text type, const json_t *payload);
/* multipart/form-data; *type gets the boundary when it has none. */
bool body_write_multipart(struct request_parts *parts, struct text *type, const json_t *payload);
