/*
 * document_check.h - do the names in a document lead somewhere?
 *
 * Called when every object is well formed. Names of sources, workflows and steps must be unique; those that actions,
 * dependencies, calls and expressions refer to must exist; dependencies must not go round in a circle.
 */
#pragma once

#include "arazzo/document.h"

void document_check(struct document *document);
