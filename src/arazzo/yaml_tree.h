/*
 * yaml_tree.h - a YAML or JSON document as a JSON value that still knows its lines.
 *
 * Scalars follow the core schema of YAML 1.2: null, booleans, integers (also 0o and 0x) and decimal numbers are
 * typed, everything else is text. Keys are taken as text. Refused, with line and column: duplicate keys, keys that
 * are no scalars, unknown tags, numbers that JSON cannot hold (.inf, .nan), a second document, and what is above
 * limits.workflow_document_bytes, _document_depth or _aliases.
 *
 * A node that aliases name is shared, not copied: treat documents as read-only.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/hash_map.h"
#include "base/json.h"
#include "base/text.h"

struct yaml_tree {
    json_t *root;          /* owned; NULL: nothing was read */
    int error_line;        /* where reading failed; 0: not known */
    struct hash_map lines; /* address of a value, or of a key inside its object, to its line */
};

/* Fills *document, which is freed by yaml_tree_free also after an error. */
bool yaml_tree_read(struct yaml_tree *document, struct text text, struct error *error);
void yaml_tree_free(struct yaml_tree *document); /* back to {0} */

/* The line, from 1, where a value or a member of an object begins; 0 when that is not known. */
int yaml_tree_line(const struct yaml_tree *document, const json_t *value);
int yaml_tree_line_of_member(const struct yaml_tree *document, const json_t *object, const char *name);
