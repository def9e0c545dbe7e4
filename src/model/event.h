/*
 * event.h - what a user or a bulk operation can ask of an event. Pure; the store and the engine are told by the caller.
 */
#pragma once

#include "model/model.h"

/* Delivers it again, whatever came of it before. The planned automatic retry stays where it is. */
void event_ask_again(struct event *event, enum attempt_trigger trigger, int64_t now);
/* Is there something to cancel? */
bool event_is_waiting(const struct event *event);
void event_set_cancelled(struct event *event, int64_t now);
