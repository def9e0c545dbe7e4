/*
 * workflow_validate.h - "fairlead workflow validate": a document against the specification and its descriptions.
 */
#pragma once

#include "cli/workflow_options.h"

/* Prints everything that is wrong; the exit status. */
int workflow_validate(const struct workflow_options *options);
