/*
 * exchange.h - a request as a transformation takes it, and what came of a run as it is stored.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "model/execution.h"
#include "rules/content.h"
#include "transform/pool.h"

/*
 * Sets head and body of the input, which point into `head` and the request. `content` is set to the request. A body whose
 * content-type says JSON goes as the value that it is, any other as a text.
 */
void exchange_give(struct transform_input *input, struct content *content, const struct request *request,
                   struct buffer *head);

/*
 * Log level, lines (cut so that they can be stored) and result of the run, in the arena and in the result's own memory.
 * The result has the data of a request only.
 */
void exchange_take(struct arena *arena, const struct transform_result *result, struct execution *execution);
/* The lines of a run, cut to what is kept: the last one, which may say why it failed, always is. A new reference. */
json_t *exchange_lines(const json_t *console);
