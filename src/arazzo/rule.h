/*
 * rule.h - the rules that documents are held against, by name, each with a hint for whoever broke it.
 *
 * Most rules are about one member of one kind of object, and are named after them: "step.stepId". A rule about an
 * object as a whole has the name of its kind: "step". Those about names that lead nowhere, names that stand twice
 * and the like go across kinds: "reference", "unique".
 */
#pragma once

struct rule {
    const char *name, *hint;
};

struct place;

/* The rule named like that, never NULL: what has no row of its own counts as "document". */
const struct rule *rule_named(const char *name);
/* The rule of what stands at a place; `member` (NULL: none) is a member of it that is not there. Never NULL. */
const struct rule *rule_at(const struct place *place, const char *member);
