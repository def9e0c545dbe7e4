/*
 * document_names.h - the names that a document gives, and whether other places may refer to them.
 *
 * Works on the document as it was written, so that it can be asked also when parts of it are faulty.
 */
#pragma once

#include "arazzo/object_reader.h"

struct document_names {
    struct document *document;
    json_t *workflows; /* owned; workflowId to the workflow */
    json_t *sources;   /* owned; name to the source description */
};

void document_names_collect(struct document_names *names, struct document *document);
void document_names_free(struct document_names *names);

/* The items of a list, by the text of `member` in them; what has no such text is left out. Owned by the caller. */
json_t *names_of(const json_t *list, const char *member);
/* An error at each item whose name an earlier one has. `what`: "workflow". */
void names_want_unique(struct document *document, const json_t *list, const struct place *list_place,
                       const char *member, const char *what);
/*
 * The entry whose key is `name` or stands before a dot in it ("make.outputs.id" finds "make"); *rest (NULL: not
 * wanted) is what follows the dot. NULL when there is none.
 */
const json_t *names_find(const json_t *names, struct text name, struct text *rest);

/* Errors at the member when there is no workflow (also of a source), or no step in `steps`, of that id (NULL: fine). */
void names_want_workflow(const struct document_names *names, const struct object_reader *reader, const char *member,
                         const char *id);
void names_want_step(const json_t *steps, const struct object_reader *reader, const char *member, const char *id);
