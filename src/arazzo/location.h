/*
 * location.h - where documents and descriptions lie: paths of files, and addresses that begin with http or https.
 *
 * What was loaded from an address may lead to other addresses only, never to files of this machine.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "http/client.h"

bool location_is_address(const char *location);
/*
 * The location that `reference` means inside of what lies at `base`: of URLs by RFC 3986, section 5.2, of files
 * relative to the folder. "file://" is taken off. It lies in the arena. A base of NULL is the current folder.
 */
const char *location_resolve(struct arena *arena, const char *base, const char *reference);
/* "http://host:port" of a URL. */
struct text location_origin(struct text url);
/*
 * Reads what lies there, at most limits.workflow_document_bytes and one byte. ERROR_NOT_FOUND when there is nothing,
 * ERROR_UNREACHABLE when the server gives no answer; both mean that it may be looked for elsewhere.
 */
bool location_read(const char *location, struct http_client *client, struct buffer *out, struct error *error);
