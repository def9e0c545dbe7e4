/*
 * mask.h - secrets are not shown: in reports, archives and on the terminal they become "***".
 *
 * Masked are the key, the inputs that the workflow declares as passwords and what requests and replies name a secret
 * (secret_members.h), wherever their text stands, and the values of headers that carry credentials.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/json.h"
#include "http/message.h"

enum { MASK_SECRETS_MOST = 128, MASK_SHORTEST = 4 /* bytes; shorter ones would blacken everything */ };

struct mask {
    char *secrets[MASK_SECRETS_MOST];
    size_t count;
};

/* Copies the secret; those that are too short or too many are only masked by the names of their headers. */
void mask_add(struct mask *mask, struct text secret);
/* Adds the inputs that the schema declares as passwords. */
void mask_add_inputs(struct mask *mask, const json_t *schema, const json_t *inputs);
void mask_write(struct buffer *out, const struct mask *mask, struct text text);
/* A new value in which every text is masked. */
json_t *mask_json(const struct mask *mask, const json_t *value);
/* A new list of {"name", "value"}; the values of headers that carry credentials are masked. */
json_t *mask_headers(const struct http_header *headers, size_t count);
void mask_free(struct mask *mask);
