#include "deliver/pace.h"

#include <stdlib.h>

#include "base/memory.h"

enum {
    CATCH_UP_US = 20000,   /* how much later than even the next one may be, and not be even later */
    MARGIN_US = 2000,      /* on top of the period, for clocks that count in milliseconds */
    STALL_PART = 5,        /* who was asked for again late is even later by no more than this part of the period, */
    STALL_MOST_US = 500000, /* and this */
    UNKNOWN_US = 60000,    /* on top of the first distance: what those before may have caught up, and been late */
    SPAN_US = 10000000,    /* the quickest reply is that of this span and the one before */
    REPLIES_LEAST = 4,     /* fewer say nothing about how quick replies are */
    DOUBT = 200,           /* nor does what is quicker than this part of the period */
    UNANSWERED_PERIODS = 2, /* a delivery without a reply counts as answered after these */
    MARKS = 256,
};

static bool is_timed(const struct pace *pace)
{
    return pace->period_us > 0;
}

/* What a stall may take and still be made up for. */
static int64_t stall_us(const struct pace *pace)
{
    int64_t part = pace->period_us / STALL_PART;
    return part < STALL_MOST_US ? part : STALL_MOST_US;
}

/* From the end of the process before until the first delivery of this one. */
static int64_t first_gap_us(const struct pace *pace)
{
    return pace->distance_us + stall_us(pace) + UNKNOWN_US;
}

void pace_set(struct pace *pace, struct rate rate, int64_t now_us)
{
    bool was_timed = is_timed(pace);
    int64_t distance_before_us = pace->distance_us;
    pace->rate = rate;
    pace->period_us = rate.limit > 0 ? rate_period_ms(rate.period) * 1000 : 0;
    pace->distance_us = is_timed(pace) ? pace->period_us / rate.limit : 0;
    if (!is_timed(pace)) {
        pace->unknown_us = 0;
        return;
    }
    if (!was_timed) {
        pace->even_us = pace->unknown_us > 0 ? pace->unknown_us + first_gap_us(pace) : now_us;
        pace->span_began_us = now_us;
    } else {
        pace->even_us += pace->distance_us - distance_before_us;
    }
    pace->unknown_us = 0;
}

/* ---- the window ---- */

static void drop_ticket(struct pace *pace, struct pace_ticket *ticket)
{
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        pace->oldest = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        pace->newest = ticket->previous;
    *ticket = (struct pace_ticket){.began_us = ticket->began_us};
    pace->open--;
}

/* Marks come in the order of their moments. */
static void add_mark(struct pace *pace, int64_t ended_us)
{
    if (pace->marks == NULL)
        pace->marks = memory_allocate(MARKS * sizeof *pace->marks);
    struct pace_mark *last = pace->size > 0 ? &pace->marks[(pace->first + pace->size - 1) % MARKS] : NULL;
    if (last != NULL && ended_us < last->ended_us)
        ended_us = last->ended_us;
    int64_t share = (pace->rate.limit + MARKS - 2) / (MARKS - 1);
    if (last != NULL && (last->count < share || pace->size == MARKS)) {
        last->ended_us = ended_us;
        last->count++;
    } else {
        pace->marks[(pace->first + pace->size++) % MARKS] = (struct pace_mark){ended_us, 1};
    }
    pace->marked++;
}

/* The quickest reply of late: so long before it came back each reply's delivery had arrived. */
static int64_t quickest_us(const struct pace *pace)
{
    int64_t count = 0, least_us = INT64_MAX;
    for (int i = 0; i < 2; i++) {
        count += pace->replies[i].count;
        if (pace->replies[i].count > 0 && pace->replies[i].least_us < least_us)
            least_us = pace->replies[i].least_us;
    }
    least_us -= pace->period_us / DOUBT;
    return count >= REPLIES_LEAST && least_us > 0 ? least_us : 0;
}

static int64_t counts_until(const struct pace *pace, int64_t ended_us)
{
    return ended_us - quickest_us(pace) + pace->period_us + MARGIN_US;
}

static int64_t unanswered_at(const struct pace *pace)
{
    return pace->oldest->began_us + UNANSWERED_PERIODS * pace->period_us;
}

static void turn_spans(struct pace *pace, int64_t now_us)
{
    while (now_us - pace->span_began_us >= SPAN_US) {
        int64_t spans = (now_us - pace->span_began_us) / SPAN_US;
        pace->replies[1] = spans == 1 ? pace->replies[0] : (struct pace_replies){0};
        pace->replies[0] = (struct pace_replies){0};
        pace->span_began_us += spans * SPAN_US;
    }
}

static void forget_old(struct pace *pace, int64_t now_us)
{
    turn_spans(pace, now_us);
    while (pace->oldest != NULL && unanswered_at(pace) <= now_us) {
        add_mark(pace, unanswered_at(pace));
        drop_ticket(pace, pace->oldest);
    }
    while (pace->size > 0 && counts_until(pace, pace->marks[pace->first].ended_us) <= now_us) {
        pace->marked -= pace->marks[pace->first].count;
        pace->first = (pace->first + 1) % MARKS;
        pace->size--;
    }
}

/* When the window has room for another one, or something changes in it. */
static int64_t window_at(struct pace *pace, int64_t now_us)
{
    int64_t at = INT64_MAX;
    forget_old(pace, now_us);
    if (pace->open + pace->marked < pace->rate.limit)
        return now_us;
    if (pace->size > 0)
        at = counts_until(pace, pace->marks[pace->first].ended_us);
    if (pace->oldest != NULL && unanswered_at(pace) < at)
        at = unanswered_at(pace);
    return at;
}

/* ---- */

int64_t pace_next_at(struct pace *pace, int64_t now_us)
{
    if (!is_timed(pace))
        return now_us;
    int64_t even_at = pace->even_us - CATCH_UP_US, at = window_at(pace, now_us);
    if (at < even_at)
        at = even_at;
    pace->waits |= at > now_us;
    return at;
}

void pace_begin(struct pace *pace, struct pace_ticket *ticket, int64_t now_us)
{
    *ticket = (struct pace_ticket){.began_us = now_us};
    if (!is_timed(pace))
        return;
    int64_t least_us = pace->waits ? now_us - stall_us(pace) : now_us;
    if (pace->even_us < least_us)
        pace->even_us = least_us;
    pace->waits = pace->even_us < now_us;
    pace->even_us += pace->distance_us;
    ticket->open = true;
    ticket->previous = pace->newest;
    if (pace->newest != NULL)
        pace->newest->next = ticket;
    else
        pace->oldest = ticket;
    pace->newest = ticket;
    pace->open++;
}

void pace_end(struct pace *pace, struct pace_ticket *ticket, int64_t now_us)
{
    if (ticket->began_us == 0 || !is_timed(pace)) {
        if (ticket->open)
            drop_ticket(pace, ticket);
        return;
    }
    turn_spans(pace, now_us);
    int64_t took_us = now_us - ticket->began_us;
    if (pace->replies[0].count++ == 0 || took_us < pace->replies[0].least_us)
        pace->replies[0].least_us = took_us;
    if (!ticket->open)
        return; /* it counts as answered already, or began before there was a rate */
    drop_ticket(pace, ticket);
    add_mark(pace, now_us);
}

bool pace_is_idle(struct pace *pace, int64_t now_us)
{
    if (!is_timed(pace))
        return pace->oldest == NULL;
    forget_old(pace, now_us);
    return pace->oldest == NULL && pace->size == 0 && pace->even_us + first_gap_us(pace) <= now_us;
}

void pace_free(struct pace *pace)
{
    free(pace->marks);
    pace->marks = NULL;
}
