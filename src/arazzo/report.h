/*
 * report.h - what happened in a run, as JSON for programs.
 *
 *   {"document", "arazzo", "outcome", "startedAt", "durationMs",
 *    "workflows": [{"workflowId", "outcome", "reason", "inputs", "outputs", "startedAt", "durationMs",
 *                   "steps": [{"stepId", "outcome", "attempt", "operation", "reason", "request", "response",
 *                              "criteria": [{"condition", "type", "holds", "why"}], "outputs", "action",
 *                              "startedAt", "durationMs"}]}]}
 *
 * Outcomes are "success" and "failure", of steps that were not sent "rehearsed"; "unreachable" is a failure for want
 * of a server. A run that was refused before it began is a failure without workflows. Workflows stand in the order
 * in which they began, called ones behind their callers. Bodies are JSON where they are JSON and else texts, cut at
 * limits.workflow_report_body_bytes. Secrets are masked.
 */
#pragma once

#include "arazzo/mask.h"
#include "arazzo/runner.h"

struct report;

/* `mask` is borrowed and may grow until report_json. */
struct report *report_create(const struct document *document, const char *document_path, const struct mask *mask);
struct run_observer report_observer(struct report *report);
json_t *report_json(struct report *report); /* a new reference */
void report_free(struct report *report);
