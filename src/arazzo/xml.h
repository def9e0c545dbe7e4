/*
 * xml.h - XML texts: XPath 1.0 over them, and values put into them, on libxml2.
 *
 * Prefixes in an expression are those that the text itself declares, the first declaration of each. Texts and
 * expressions may be hostile: nothing outside is loaded, entities are not expanded, the work of an evaluation is bounded.
 */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"

/*
 * What the expression gives: true or false, a number, a text, or for nodes the list of their texts. A new reference;
 * NULL with ERROR_INVALID when the text is no XML or the expression is malformed.
 */
json_t *xml_select(struct text xml, struct text expression, struct error *error);
/* The effective boolean value: of nodes whether there are any, of numbers and texts as XPath says. */
bool xml_holds(struct text xml, struct text expression, bool *holds, struct error *error);
/* Writes the XML with the content of each node that was found replaced by the text. Finding none is an error. */
bool xml_replace(struct buffer *out, struct text xml, struct text expression, struct text content, struct error *error);
/* Is the expression well formed? */
bool xml_check_expression(struct text expression, struct error *error);
