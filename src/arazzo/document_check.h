/*
 * document_check.h - do the names in a document lead somewhere?
 *
 * Called when every object has been read, whatever was found. Names of sources, workflows, steps and actions must be
 * unique; those that actions, dependencies, calls and expressions refer to must exist; dependencies must not go round
 * in a circle; reusable parts must be well formed, also those that are not used.
 */
#pragma once

#include "arazzo/document.h"

void document_check(struct document *document);
