/*
 * junit.h - what happened in a run, as JUnit XML for build servers.
 *
 * A run of a workflow is a test suite and every attempt at a step a test case in it, with the workflow as its class;
 * a step that failed has the reason and the criteria that did not hold. An attempt that was retried, or whose failure
 * an action took care of, is shown as skipped, because it did not fail its workflow. Secrets are masked.
 */
#pragma once

#include "arazzo/mask.h"
#include "arazzo/runner.h"

struct junit;

/* `mask` is borrowed and may grow until junit_write. */
struct junit *junit_create(const char *document_path, const struct mask *mask);
struct run_observer junit_observer(struct junit *junit);
void junit_write(struct junit *junit, struct buffer *out);
void junit_free(struct junit *junit);
