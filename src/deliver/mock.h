/*
 * mock.h - the MOCK_API destination: answers inside the process, without network, with an echo of the request as
 * JSON, with its secrets hidden. "?status=NNN" in the query makes it answer that status. Pure.
 */
#pragma once

#include "base/buffer.h"
#include "deliver/envelope.h"

/* Fills *body and returns the status. */
int mock_answer(const struct destination_settings *settings, const struct envelope *envelope,
                const struct request *request, struct buffer *body);
