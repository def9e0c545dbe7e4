/*
 * source_check.h - does a document fit the descriptions of its sources?
 *
 * Every step must lead to an operation; parameters and bodies that the operation requires must be given, which are
 * errors; parameters, bodies and content types that the description does not know are warnings.
 */
#pragma once

#include "arazzo/sources.h"

/* Adds to document->problems, also when there are some already. */
void source_check(struct document *document, const struct workflow_sources *sources);
