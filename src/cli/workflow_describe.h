/*
 * workflow_describe.h - what is in a document, for who wants to use it.
 */
#pragma once

#include "arazzo/document.h"

/* The workflows and their inputs, a line each. */
void workflow_list_print(const struct document *document);
/* Of one workflow (NULL: of all) the inputs, steps and outputs. False when there is no such workflow. */
bool workflow_describe_print(const struct document *document, const char *id);
