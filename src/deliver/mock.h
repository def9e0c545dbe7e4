/*
 * mock.h - the answer of a MOCK_API destination, made inside the process: a JSON object with the method, path, query,
 * headers and body that it was sent. "status=NNN" (200 to 599) in the query sets the status, otherwise it is 200.
 */
#pragma once

#include "base/buffer.h"
#include "deliver/envelope.h"

/* Appends the reply's body and returns its status. */
int mock_answer(const struct envelope *envelope, struct text body, struct buffer *reply);
