/*
 * openapi_files.h - the files that a description refers to ("$ref": "./parameters.yml#/limit"), made a part of it.
 *
 * Each file becomes a member of "x-fairlead-files" at the root, and references lead there. Only what it takes to call
 * operations is followed: references inside of schemas, replies and examples stay as they are.
 */
#pragma once

#include "arazzo/openapi.h"
#include "http/client.h"

enum { OPENAPI_FILES_MOST = 64 };

/* What cannot be read becomes a line in `warnings` (NULL: not wanted), and its reference leads nowhere. */
void openapi_files_load(struct openapi *openapi, const char *location, struct http_client *client,
                        struct buffer *warnings);
