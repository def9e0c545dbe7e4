/*
 * secret_members.h - secrets that requests and replies carry in members that are named like one ("access_token").
 *
 * What stands in such a member is added to the mask, so that it is shown nowhere, also not where it is sent later.
 */
#pragma once

#include "arazzo/mask.h"
#include "arazzo/runner.h"

enum { SECRET_MEMBER_SHORTEST = 8 /* bytes; shorter values are words that stand elsewhere too */ };

/* Adds the values of all such members, at any depth. */
void secret_members_add(struct mask *mask, const json_t *value);
/* Looks at each request and reply; it has to stand before the observers that show something. */
struct run_observer secret_members_observer(struct mask *mask);
