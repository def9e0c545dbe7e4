/*
 * components.h - are the reusable parts of a document well formed, also those that nobody uses?
 */
#pragma once

#include "arazzo/object_reader.h"

void components_check(struct document *document);
