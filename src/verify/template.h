/*
 * template.h - texts with places to be filled from a request: what a provider signs, and what a handshake answers.
 *
 *   {body} {method} {url} {endpoint} {path_query} {secret}
 *   {h:Name} {q:name} {f:name} {j:a.b} {raw:name} {php:name}
 *                      header, query, form, JSON body; raw and php: the JSON text of a member (reading.h)
 *   {sig.t}            a named part of the signature's header
 *   {cfg.app_key}      a member of config.auth
 *   {form}             a form's parameters by name, each name followed by its value
 *   {headers(X)}       the values of the headers that X names, joined by "."
 *   {sha256hex(X)} {hmachex(X)} {hmacbase64(X)}   of the text X, which is one of the above or several joined by "+"
 *   {base64url(X)}     without padding
 *   {lines(X)}         of each member of the JSON body that is there: its name and its value, each with a line's end
 *   {crc32(X)}         the CRC-32 of X, in decimal
 *   {json(X)}          X as the inside of a JSON string
 *   {now} {now_text} {reply} {signed}
 *                      of answers: the time in seconds and in ISO 8601, the answer's body, and its signature (scheme.h)
 *
 * {url} is the gateway's public URL with path and query as they were sent, {endpoint} the same without query. A brace
 * that no small letter follows is a brace.
 *
 * A header or a member of the config that is missing, a doubled header, or a form that cannot be read makes the
 * writing fail; a JSON member, query parameter or form field that is absent is an empty text. Numbers are written as
 * JavaScript writes them; very large and very small ones are no members of any signed text.
 */
#pragma once

#include "base/json.h"
#include "verify/reading.h"

struct template_item;

struct template {
    struct template_item *items; /* in the arena */
    size_t count;
};

struct template_sink {
    void (*take)(void *context, struct text piece);
    void *context;
};

/* `auth` gives the values of "cfg."; the pieces of `text` are kept. False: it is no template. */
bool template_read(struct arena *arena, const char *text, const json_t *auth, struct template *template);
bool template_write(const struct template *template, struct reading *reading, struct template_sink sink);
/* The same into a buffer. */
bool template_append(const struct template *template, struct reading *reading, struct buffer *out);
