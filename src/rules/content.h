/*
 * content.h - filters on what a request holds: its headers, its body, its query and its path. Pure.
 *
 * Headers are an object of texts with names in lower case; those that came more than once are joined with ", ". The
 * query is an object of texts, and of arrays for names that came more than once. The body is JSON when its
 * content-type says so, else one text; the path is a text.
 */
#pragma once

#include "base/buffer.h"
#include "model/model.h"
#include "rules/filter.h"

enum content_part { CONTENT_HEADERS, CONTENT_BODY, CONTENT_QUERY, CONTENT_PATH, CONTENT_PARTS };

/* ---- a request as values ---- */

/* Holds the parts of one request after another; each is read when it is asked for. One thread at a time. */
struct content;

struct content *content_new(void);
void content_free(struct content *content); /* NULL is fine */
/* From here on it is this request, whose texts must stay until the next one is set. */
void content_set(struct content *content, const struct request *request);
struct json_view content_part(struct content *content, enum content_part part);
bool content_body_is_json(struct content *content);
/*
 * The calling thread's own, set to the request: for those who look at one after the other. Good until the next call on
 * this thread; freed with the thread.
 */
struct content *content_of(const struct request *request);
/* Headers or query as the JSON object that the part is made of. */
void content_write(struct content *content, enum content_part part, struct buffer *out);
void content_write_text(struct buffer *out, struct text text); /* as a JSON string; what is not UTF-8 is replaced */

/* ---- filters on parts ---- */

struct content_filter {
    const struct filter *parts[CONTENT_PARTS]; /* NULL: any */
    struct content *content;
};

/* `filter` is a struct content_filter. Whether all its parts match. */
bool content_matches(void *filter, const struct request *request);
