/*
 * trigger.h - which trigger of a project decides about something that went wrong. Pure.
 *
 * A trigger names what it is for by ids, or by a pattern for names in which "*" stands for anything. Of those that fit
 * the most specific decides alone, even when it then opens nothing:
 *   ids, before a whole name, before a pattern (the more letters it has the better), before "*";
 *   among equals the one with the higher log level, or with listed rejection causes before all but some before all;
 *   among equals the newest.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/issue.h"

struct trigger_rule {
    int64_t id;
    enum issue_type type;
    bool first_attempt;     /* delivery: a failure counts even if a retry is planned */
    int64_t log_level;      /* transformation: the least that counts */
    int64_t delay_ms;       /* backpressure */
    unsigned causes;        /* request: bits, 1 << enum rejection_cause */
    int cause_rank;         /* 0 all, 1 all but some, 2 listed */
    struct text pattern;    /* TEXT_NONE: by ids */
    const int64_t *ids;
    size_t id_count;
};

/* The member of the configs that says what the trigger is for: "connections", ... */
const char *trigger_scope_member(enum issue_type type);
/* Reads stored configs; texts and ids in the arena. ERROR_INVALID when they are no such configs. */
bool trigger_rule_read(struct arena *arena, const struct issue_trigger *trigger, struct trigger_rule *rule,
                       struct error *error);
/*
 * The rule that decides about the subject of that id and name (a connection, transformation, destination or source).
 * `detail`: the log level, or the rejection cause; else 0. NULL: none fits.
 */
const struct trigger_rule *trigger_choose(const struct trigger_rule *rules, size_t count, enum issue_type type,
                                          int64_t id, struct text name, int64_t detail);
bool trigger_pattern_fits(struct text pattern, struct text name);
