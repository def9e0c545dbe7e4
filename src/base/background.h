/*
 * background.h - threads that work behind the others.
 *
 * Meant for whoever answers questions or tidies up beside the way of webhooks: such a thread gets what the others leave,
 * and one of them that wakes up waits for it a tenth of a millisecond at most.
 */
#pragma once

/* From now on the calling thread is one. Where the system does not let it, it stays as it is. */
void background_enter(void);
/*
 * The same for one that only reads, for long: it runs where nothing else wants to (SCHED_IDLE), and a thread that wakes
 * up takes its processor at once. On a busy machine it hardly comes to its work, so it must hold no lock that others
 * need, and others must take over what waits for it too long.
 */
void background_enter_idle(void);
/*
 * To be called now and then by such a thread: whoever waits for its processor goes first. The scheduler (EEVDF, Linux 6.6)
 * prefers one of idle priority to one that has had more than its share of the last moments, until its next tick.
 */
void background_give_way(void);
