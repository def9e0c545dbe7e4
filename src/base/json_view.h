/*
 * json_view.h - a JSON document that is only looked at: bodies of webhooks, by the thousand. On simdjson.
 *
 * A reader holds one parsed document; views are small values that point into it and are good until the reader
 * parses the next one or is freed. Numbers are doubles, as in JavaScript; those beyond a double's range are taken as
 * the largest there is. A reader belongs to one thread at a time.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum json_view_type {
    JSON_VIEW_ABSENT = 0, /* no value at all: what is not there */
    JSON_VIEW_NULL, JSON_VIEW_BOOLEAN, JSON_VIEW_NUMBER, JSON_VIEW_TEXT, JSON_VIEW_ARRAY, JSON_VIEW_OBJECT,
};

struct json_view {
    enum json_view_type type;
    double number;      /* of numbers; 0 or 1 of booleans */
    struct text text;   /* of texts, escapes resolved */
    uintptr_t place[2]; /* of arrays, objects and numbers: json_view.cpp's */
};

struct json_reader;

struct json_reader *json_reader_new(void); /* NULL without memory */
/* For one document of that size, which stays: takes no more memory than that needs. */
struct json_reader *json_reader_for(size_t size);
void json_reader_free(struct json_reader *reader);
/*
 * True with the document's root in *root. False with what is wrong in *reason, which is valid until the process
 * ends; refused are the same documents as by json_scan_check.
 */
bool json_reader_parse(struct json_reader *reader, const char *bytes, size_t size, size_t depth,
                       struct json_view *root, const char **reason);

/* A text that is part of no document. */
static inline struct json_view json_view_of_text(struct text text)
{
    struct json_view view = {JSON_VIEW_TEXT, 0, text, {0, 0}};
    return view;
}

/*
 * A number without a fraction as its sign and digits: exactly if it has at most 64 bits, though a double has not so many.
 * False for other numbers, and for other values.
 */
bool json_view_integer(struct json_view number, bool *negative, uint64_t *magnitude);

/* The value of a key, of the last one when it is there more than once; absent in what is no object. */
struct json_view json_view_find(struct json_view object, struct text key);

/* How many items or members; 0 for other values. Counts up to 16 million. */
size_t json_view_size(struct json_view container);

/* Steps through the items of an array or the members of an object; through nothing in other values. */
struct json_walk {
    bool is_object;
    uintptr_t at[2], end[2];
};
struct json_walk json_view_walk(struct json_view container);
/* False at the end. *key is TEXT_NONE in arrays. */
bool json_walk_next(struct json_walk *walk, struct text *key, struct json_view *value);

#ifdef __cplusplus
}
#endif
