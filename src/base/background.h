/*
 * background.h - threads that work behind the others.
 *
 * Meant for whoever answers questions or tidies up beside the way of webhooks: such a thread gets what the others leave,
 * and one of them that wakes up waits for it a tenth of a millisecond at most.
 */
#pragma once

/* From now on the calling thread is one. Where the system does not let it, it stays as it is. */
void background_enter(void);
