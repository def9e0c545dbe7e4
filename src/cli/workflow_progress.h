/*
 * workflow_progress.h - one line at the bottom of a terminal that tells what is waited for, while it is waited for.
 *
 * A thread of its own repaints it, because the run blocks meanwhile. It begins to show after a moment, so that what
 * is quick does not flicker. All functions take NULL and do nothing then.
 */
#pragma once

#include <stdint.h>

struct workflow_progress;

struct workflow_progress *workflow_progress_create(void); /* NULL when standard error is no terminal */
/* Shows the text (copied) with the time that passed, or with what is left of `wait_ms` when that is above 0. */
void workflow_progress_show(struct workflow_progress *progress, const char *text, int64_t wait_ms);
/* Takes it away; afterwards lines may be printed until it is shown again. */
void workflow_progress_hide(struct workflow_progress *progress);
void workflow_progress_free(struct workflow_progress *progress);
