/*
 * jsonpath_parser.h - what the parts of the JSONPath parser share: the place in the text, tokens, and each other.
 *
 * The grammar is that of RFC 9535, by recursive descent: jsonpath_parse.c reads queries, segments and selectors,
 * jsonpath_filter.c what stands behind "?", jsonpath_token.c names, texts and numbers.
 */
#pragma once

#include "arazzo/jsonpath_tree.h"

enum { PATH_NESTING_MOST = 64, PATH_TEXT_BYTES = 65536 };

struct path_parser {
    struct jsonpath *path;
    struct text text;
    size_t at;
    int depth; /* of filters, parentheses and functions inside each other */
    struct error *error;
};

bool path_refuse(struct path_parser *parser, const char *reason); /* false, with the place */
char path_peek(const struct path_parser *parser);                 /* NUL at the end */
bool path_take(struct path_parser *parser, const char *token);
void path_skip_blanks(struct path_parser *parser);
bool path_is_digit(char byte);
bool path_is_name_first(char byte);

/* A text in quotes, without them and its escapes; it lies in the arena of the path. */
bool path_parse_text(struct path_parser *parser, struct text *text);
/* An integer of a selector: no leading zero, no "-0", within what JSON holds exactly. */
bool path_parse_integer(struct path_parser *parser, int64_t *value);

/* All segments that follow. Blanks may stand before a segment but not behind the last one. */
bool path_parse_segments(struct path_parser *parser, struct path_query *query);
/* Behind "?": NULL after an error. */
struct path_node *path_parse_filter(struct path_parser *parser);
