/*
 * workflow_document.h - a workflow document from a file, and what is wrong with it on standard error.
 */
#pragma once

#include "arazzo/document.h"

/* NULL, with everything said, when there is no such file. "-" is standard input. */
struct document *workflow_document_open(const char *path);
/* The same, and NULL also when the document has errors; its problems are printed. */
struct document *workflow_document_load(const char *path);
/* Each with its place and rule, and a hint below it. */
void workflow_problems_print(const char *path, const struct problems *problems);
