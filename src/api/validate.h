/* validate.h - checks a call's body against its operation's field rows. */
#pragma once

#include "api/call.h"

/* Reads call->body: 400 for malformed JSON, 422 naming every field that does not fit. */
bool validate_body(struct call *call);
/* Notes in the call what does not fit in `object`; `where` is put in front of names ("config."). */
void validate_object(struct call *call, const json_t *object, const struct field_row *fields, const char *where);
