/* Queries of JSONPath, their segments and selectors: RFC 9535, sections 2.1 to 2.3. */
#include <stdlib.h>

#include "arazzo/jsonpath_parser.h"
#include "base/memory.h"

static bool parse_slice(struct path_parser *parser, struct path_selector *selector)
{
    int64_t *ends[] = {&selector->slice.end, &selector->slice.step};
    selector->kind = SELECT_SLICE;
    selector->slice.step = 1;
    for (int i = 0; i < 2; i++) {
        if (!path_take(parser, ":"))
            return i > 0; /* the first colon is what makes a slice */
        path_skip_blanks(parser);
        if (path_peek(parser) == '-' || path_is_digit(path_peek(parser))) {
            if (!path_parse_integer(parser, ends[i]))
                return false;
            selector->slice.has_end = selector->slice.has_end || i == 0;
            size_t before = parser->at;
            path_skip_blanks(parser);
            if (path_peek(parser) != ':')
                parser->at = before;
        }
    }
    return true;
}

static bool parse_index_or_slice(struct path_parser *parser, struct path_selector *selector)
{
    if (path_peek(parser) == ':')
        return parse_slice(parser, selector);
    if (!path_parse_integer(parser, &selector->index))
        return false;
    selector->kind = SELECT_INDEX;
    size_t before = parser->at;
    path_skip_blanks(parser);
    if (path_peek(parser) == ':') {
        selector->slice.has_start = true;
        selector->slice.start = selector->index;
        return parse_slice(parser, selector);
    }
    parser->at = before;
    return true;
}

static bool parse_selector(struct path_parser *parser, struct path_selector *selector)
{
    char byte = path_peek(parser);
    if (byte == '\'' || byte == '"') {
        selector->kind = SELECT_NAME;
        return path_parse_text(parser, &selector->name);
    }
    if (path_take(parser, "*")) {
        selector->kind = SELECT_WILDCARD;
        return true;
    }
    if (path_take(parser, "?")) {
        selector->kind = SELECT_FILTER;
        path_skip_blanks(parser);
        selector->filter = path_parse_filter(parser);
        return selector->filter != NULL;
    }
    return parse_index_or_slice(parser, selector);
}

/* Behind "[". */
static bool parse_brackets(struct path_parser *parser, struct path_segment *segment)
{
    struct path_selector **end = &segment->selectors;
    do {
        path_skip_blanks(parser);
        *end = ARENA_NEW(&parser->path->arena, struct path_selector);
        if (!parse_selector(parser, *end))
            return false;
        end = &(*end)->next;
        path_skip_blanks(parser);
    } while (path_take(parser, ","));
    return path_take(parser, "]") || path_refuse(parser, "\"]\" or \",\" belongs here");
}

/* Behind "." or "..": "*" or a name without quotes. */
static bool parse_shorthand(struct path_parser *parser, struct path_segment *segment)
{
    segment->selectors = ARENA_NEW(&parser->path->arena, struct path_selector);
    if (path_take(parser, "*")) {
        segment->selectors->kind = SELECT_WILDCARD;
        return true;
    }
    size_t start = parser->at;
    if (!path_is_name_first(path_peek(parser)))
        return path_refuse(parser, "a name or \"*\" belongs here");
    while (path_is_name_first(path_peek(parser)) || path_is_digit(path_peek(parser)))
        parser->at++;
    segment->selectors->kind = SELECT_NAME;
    segment->selectors->name =
        arena_copy_text(&parser->path->arena, text_slice(parser->text, start, parser->at - start));
    return true;
}

static bool parse_segment(struct path_parser *parser, struct path_segment *segment)
{
    if (path_take(parser, "[")) {
        return parse_brackets(parser, segment);
    }
    if (path_take(parser, "..")) {
        segment->descendant = true;
        return path_take(parser, "[") ? parse_brackets(parser, segment) : parse_shorthand(parser, segment);
    }
    path_take(parser, ".");
    return parse_shorthand(parser, segment);
}

static bool is_singular(const struct path_segment *segment)
{
    const struct path_selector *selector = segment->selectors;
    return !segment->descendant && selector->next == NULL &&
           (selector->kind == SELECT_NAME || selector->kind == SELECT_INDEX);
}

bool path_parse_segments(struct path_parser *parser, struct path_query *query)
{
    struct path_segment **end = &query->segments;
    query->singular = true;
    for (;;) {
        size_t before = parser->at;
        path_skip_blanks(parser);
        if (path_peek(parser) != '.' && path_peek(parser) != '[') {
            parser->at = before;
            return true;
        }
        *end = ARENA_NEW(&parser->path->arena, struct path_segment);
        if (!parse_segment(parser, *end))
            return false;
        query->singular = query->singular && is_singular(*end);
        end = &(*end)->next;
    }
}

/* ---- the whole ---- */

struct jsonpath *jsonpath_parse_prefix(struct text text, size_t *used, struct error *error)
{
    struct jsonpath *path = NEW(struct jsonpath);
    struct path_parser parser = {.path = path, .text = text, .error = error};
    path->literals = json_array();
    path->query.from_root = true;
    bool good = text.size <= PATH_TEXT_BYTES && text_is_utf8(text);
    if (!good)
        path_refuse(&parser, "the query is too long or no UTF-8");
    else if (!path_take(&parser, "$"))
        good = path_refuse(&parser, "a query begins with \"$\"");
    else
        good = path_parse_segments(&parser, &path->query);
    *used = parser.at;
    if (good)
        return path;
    jsonpath_free(path);
    return NULL;
}

struct jsonpath *jsonpath_parse(struct text text, struct error *error)
{
    size_t used;
    struct jsonpath *path = jsonpath_parse_prefix(text, &used, error);
    if (path == NULL || used == text.size)
        return path;
    jsonpath_free(path);
    error_set(error, ERROR_INVALID, "JSONPath, character %zu: the query ends before this", used + 1);
    return NULL;
}

bool jsonpath_is_root_filter(const struct jsonpath *path)
{
    const struct path_segment *first = path->query.segments;
    return first != NULL && !first->descendant && first->selectors->kind == SELECT_FILTER;
}

void jsonpath_free(struct jsonpath *path)
{
    if (path == NULL)
        return;
    json_decref(path->literals);
    arena_free(&path->arena);
    free(path);
}
