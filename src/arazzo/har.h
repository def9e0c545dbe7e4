/*
 * har.h - the requests of a run as an HTTP archive, for browsers' tools (HAR 1.2).
 *
 * Bodies are cut at limits.workflow_report_body_bytes and secrets are masked, as in reports.
 */
#pragma once

#include "arazzo/mask.h"
#include "arazzo/runner.h"

struct har;

struct har *har_create(const struct mask *mask); /* borrowed; it may grow until har_json */
struct run_observer har_observer(struct har *har);
json_t *har_json(struct har *har); /* a new reference */
void har_free(struct har *har);
