/*
 * group.h - in which of its destination's lanes an event waits: its delivery group, or what it must stay in order with. Pure.
 *
 * A group is the value at a place in what is delivered ("body.customer.id"): a scalar as it stands, other values as JSON,
 * "__unknown__" where there is none. Longer ones than limits.delivery_group_bytes are told apart by a hash.
 */
#pragma once

#include "base/arena.h"
#include "model/model.h"
#include "model/policy.h"
#include "rules/content.h"

/* TEXT_NONE when the destination has no groups. `content` is what is delivered. In the arena. */
struct text group_of(struct arena *arena, const struct delivery_policy *policy, struct content *content);

/*
 * Sets the event's lane and its delivery group. Does nothing, at no cost, for a destination with neither groups nor an
 * order. `content` may be NULL: then the request is looked at when it is needed.
 */
void group_assign(struct arena *arena, const struct delivery_policy *policy, const struct request *request,
                  struct content *content, struct event *event);
