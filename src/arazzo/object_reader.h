/*
 * object_reader.h - reading the members of one object of a document, with a problem for whatever does not fit.
 *
 * All functions add their findings to reader->document->problems; what they return for a faulty member is what an
 * absent one would give, so that reading goes on and finds further faults.
 */
#pragma once

#include "arazzo/document.h"

/* An object at a place of the document. */
struct object_reader {
    struct document *document;
    const json_t *object; /* NULL when it is none: every member is absent then */
    const struct place *place;
};

/* Begins to read; an error when `value` is no object. `members` (ends with NULL) are those that may be there. */
struct object_reader object_begin(struct document *document, const json_t *value, const struct place *place,
                                  const char *const *members);
/* Adds a problem at a member (NULL: at the object itself). */
void object_error(const struct object_reader *reader, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void object_warning(const struct object_reader *reader, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The text of a member; NULL when absent, which is an error when it is required. */
const char *object_text(const struct object_reader *reader, const char *member, bool required);
/* The index of the member's text in `names` (ends with NULL), -1 when absent or none of them (an error). */
int object_choice(const struct object_reader *reader, const char *member, bool required, const char *const *names);
/* The member when it is a list or an object; NULL when absent. */
const json_t *object_list(const struct object_reader *reader, const char *member, bool required);
const json_t *object_object(const struct object_reader *reader, const char *member);
/* A number not below 0; `otherwise` when absent. */
double object_number(const struct object_reader *reader, const char *member, double otherwise);
int object_line(const struct object_reader *reader);
