/*
 * access.h - who calls, and in which project: from the headers of a request.
 *
 * The key comes as Bearer token or as the user name of Basic. X-Project-ID, or X-Team-ID as older clients have it,
 * names the project by its id or its name; without it a call acts in the key's own. Only the operator's key may name
 * another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "http/message.h"
#include "model/api_key.h"
#include "store/store.h"

struct access {
    struct api_key key;
    struct text key_text; /* as sent */
    int64_t project_id;   /* that it acts in */
};

/* The key as sent; TEXT_NONE without one. */
struct text access_key(struct arena *arena, const struct http_headers *headers);
/* What the store knows of a key. ERROR_UNAUTHORIZED when it is none. */
bool access_find_key(struct store_reader *reader, struct arena *arena, struct text text, struct api_key *key,
                     struct error *error);
/*
 * ERROR_UNAUTHORIZED: no key or an unknown one; ERROR_INVALID: the headers name no project, or two;
 * ERROR_FORBIDDEN: not the key's project, whether there is such a one or not; ERROR_NOT_FOUND: the operator names
 * one that does not exist.
 */
bool access_find(struct store_reader *reader, struct arena *arena, const struct http_headers *headers,
                 struct access *access, struct error *error);
