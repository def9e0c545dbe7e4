/*
 * pace.h - how often deliveries may begin: a rate that holds over every window of its period, as the destination counts
 * them. Pure: moments are passed in, in microseconds of one clock that never goes back.
 *
 * Two things make a delivery wait:
 *   - Evenness: deliveries begin period/limit apart; who is late by a little (CATCH_UP) may catch up. Where deliveries
 *     waited for their moment and were late because the process was held up, a fifth of the period is caught up.
 *   - The window: at most `limit` deliveries may have arrived within any period. When one arrives is not known, only that
 *     it is between its beginning and its reply. So a delivery counts from its beginning until a period after its reply,
 *     less the time that even the quickest reply took lately (but for a two-hundredth of the period, as way and answer may
 *     each have been quicker once): where replies come evenly little of the rate is lost, and where one of them was held
 *     up, it counts for as long as it may have been on its way. A delivery without a reply
 *     counts for three periods.
 *
 * After a start nothing is known of what the process before delivered, but that it was even, too. So the first delivery
 * begins a distance after the start, and the window holds across it.
 *
 * The memory of a pace is bounded whatever the limit: beyond MARKS replies of one window several share a mark, and
 * count until the last of them does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/policy.h"

/* One delivery that is under way; stays where it is until pace_end. {0} is one that did not begin. */
struct pace_ticket {
    int64_t began_us;
    struct pace_ticket *next, *previous;
    bool open; /* in the list of those under way */
};

struct pace_mark {
    int64_t ended_us; /* the last of its replies */
    int64_t count;
};

struct pace_replies {
    int64_t least_us, count;
};

struct pace {
    struct rate rate;            /* limit 0, or concurrent: nothing waits here */
    int64_t period_us, distance_us;
    int64_t even_us;             /* when the next one is to begin, so that they are even */
    bool waits;                  /* one was there, and had to wait: what makes it late now is no lack of deliveries */
    struct pace_ticket *oldest, *newest;
    int64_t open;                /* how many there are from `oldest` on */
    struct pace_mark *marks;     /* a ring; owned; NULL until the first reply */
    size_t first, size;
    int64_t marked;              /* the sum of their counts */
    struct pace_replies replies[2]; /* how quick they were: lately, and in the span before */
    int64_t span_began_us;
    int64_t unknown_us;          /* what was delivered before this is not known; 0: nothing was. Until the first pace_set */
};

/* Takes effect at once. What is known of the deliveries of before stays. */
void pace_set(struct pace *pace, struct rate rate, int64_t now_us);
/* When the next delivery may begin: not after now_us if at once. It may have to be asked again then. */
int64_t pace_next_at(struct pace *pace, int64_t now_us);
void pace_begin(struct pace *pace, struct pace_ticket *ticket, int64_t now_us);
void pace_end(struct pace *pace, struct pace_ticket *ticket, int64_t now_us);
/* True when a new one in its place, which knows of nothing before, would keep the window as well. */
bool pace_is_idle(struct pace *pace, int64_t now_us);
void pace_free(struct pace *pace);
