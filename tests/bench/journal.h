#ifndef BENCH_JOURNAL_H
#define BENCH_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/*
 * An append-only file that is synced in groups by a thread of its own: while one group is written,
 * what is appended gathers to the next, which is what makes the groups grow under load. One thread
 * appends.
 */
struct journal;

/*
 * The file is made in `directory` and has no name, so nothing is left behind however the program
 * ends. `done_fd` becomes readable (an eventfd) each time more is on disk.
 */
struct journal *journal_open(const char *directory, int *done_fd, struct fault *fault);

/* False when there is no memory. */
bool journal_append(struct journal *journal, const void *bytes, size_t length);

/*
 * Answers a readable done_fd: the number of appends, counted from the first one, that are on disk.
 * False when writing failed; the journal is of no further use then.
 */
bool journal_synced(struct journal *journal, uint64_t *appends);

void journal_close(struct journal *journal);

#endif
