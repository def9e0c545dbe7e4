/* The grammar of RFC 9535, section 2, by recursive descent. */
#include <stdlib.h>

#include "arazzo/jsonpath_tree.h"
#include "base/memory.h"

enum { MOST_NESTING = 64, TEXT_BYTES = 65536 };

static const int64_t MOST_INTEGER = ((int64_t)1 << 53) - 1; /* what every JSON number holds exactly */

static const struct path_function FUNCTIONS[] = {
    {"length", FUNCTION_LENGTH, TYPE_VALUE, 1, {TYPE_VALUE}},
    {"count", FUNCTION_COUNT, TYPE_VALUE, 1, {TYPE_NODES}},
    {"match", FUNCTION_MATCH, TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}},
    {"search", FUNCTION_SEARCH, TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}},
    {"value", FUNCTION_VALUE, TYPE_VALUE, 1, {TYPE_NODES}},
};

struct parser {
    struct jsonpath *path;
    struct text text;
    size_t at;
    int depth; /* of filters, parentheses and functions inside each other */
    struct error *error;
};

static struct path_node *parse_or(struct parser *parser);
static bool parse_segments(struct parser *parser, struct path_query *query);

static bool refuse(struct parser *parser, const char *reason)
{
    return error_set(parser->error, ERROR_INVALID, "JSONPath, character %zu: %s", parser->at + 1, reason);
}

static char peek(const struct parser *parser)
{
    return parser->at < parser->text.size ? parser->text.data[parser->at] : '\0';
}

static bool take(struct parser *parser, const char *token)
{
    struct text rest = text_slice(parser->text, parser->at, parser->text.size);
    if (!text_starts_with(rest, text_of(token)))
        return false;
    parser->at += strlen(token);
    return true;
}

static void skip_blanks(struct parser *parser)
{
    while (peek(parser) != '\0' && strchr(" \t\n\r", peek(parser)) != NULL)
        parser->at++;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- names, strings and numbers ---- */

static bool is_name_first(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool parse_hex(struct parser *parser, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, parser->at++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        char byte = peek(parser);
        const char *digit = byte != '\0' ? strchr(digits, byte) : NULL;
        if (digit == NULL)
            return refuse(parser, "four hexadecimal digits must follow \\u");
        *code = *code * 16 + (unsigned)(digit - digits) % 16;
    }
    return true;
}

static void append_code(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (char)code);
    } else if (code < 0x800) {
        buffer_append_byte(out, (char)(0xC0 | code >> 6));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        buffer_append_byte(out, (char)(0xE0 | code >> 12));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    } else {
        buffer_append_byte(out, (char)(0xF0 | code >> 18));
        buffer_append_byte(out, (char)(0x80 | (code >> 12 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    }
}

/* Behind "\u"; a high surrogate must be followed by a low one. */
static bool parse_unicode(struct parser *parser, struct buffer *out)
{
    unsigned code, low;
    if (!parse_hex(parser, &code))
        return false;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return refuse(parser, "a low surrogate without a high one");
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (!take(parser, "\\u"))
            return refuse(parser, "a high surrogate without a low one");
        if (!parse_hex(parser, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return refuse(parser, "a high surrogate without a low one");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_code(out, code);
    return true;
}

static bool parse_escape(struct parser *parser, char quote, struct buffer *out)
{
    static const char letters[] = "bfnrt/\\", meanings[] = "\b\f\n\r\t/\\";
    char byte = peek(parser);
    if (take(parser, "u"))
        return parse_unicode(parser, out);
    const char *letter = byte != '\0' ? strchr(letters, byte) : NULL;
    if (letter == NULL && byte != quote)
        return refuse(parser, "no such escape");
    parser->at++;
    return buffer_append_byte(out, letter ? meanings[letter - letters] : quote);
}

static bool parse_quoted(struct parser *parser, struct buffer *out)
{
    char quote = peek(parser);
    parser->at++;
    while (parser->at < parser->text.size) {
        char byte = parser->text.data[parser->at];
        if ((unsigned char)byte < 0x20)
            return refuse(parser, "a control character inside a text must be escaped");
        parser->at++;
        if (byte == quote)
            return true;
        if (byte != '\\')
            buffer_append_byte(out, byte);
        else if (!parse_escape(parser, quote, out))
            return false;
    }
    return refuse(parser, "the text does not end");
}

static bool parse_name_text(struct parser *parser, struct text *name)
{
    struct buffer out = {0};
    bool good = parse_quoted(parser, &out);
    if (good)
        *name = arena_copy_text(&parser->path->arena, buffer_text(&out));
    buffer_free(&out);
    return good;
}

/* An integer of a selector: no leading zero, no "-0", within what JSON holds exactly. */
static bool parse_integer(struct parser *parser, int64_t *value)
{
    size_t start = parser->at;
    take(parser, "-");
    size_t digits = parser->at;
    while (is_digit(peek(parser)))
        parser->at++;
    struct text text = text_slice(parser->text, start, parser->at - start);
    bool zero_first = parser->at > digits && parser->text.data[digits] == '0';
    if (parser->at == digits || (zero_first && text.size > 1))
        return refuse(parser, "an integer without leading zeros belongs here");
    if (!text_to_integer(text, value) || *value > MOST_INTEGER || *value < -MOST_INTEGER)
        return refuse(parser, "the integer is too large");
    return true;
}

/* ---- selectors and segments ---- */

static bool parse_slice(struct parser *parser, struct path_selector *selector)
{
    int64_t *ends[] = {&selector->slice.end, &selector->slice.step};
    selector->kind = SELECT_SLICE;
    selector->slice.step = 1;
    for (int i = 0; i < 2; i++) {
        if (!take(parser, ":"))
            return i > 0; /* the first colon is what makes a slice */
        skip_blanks(parser);
        if (peek(parser) == '-' || is_digit(peek(parser))) {
            if (!parse_integer(parser, ends[i]))
                return false;
            selector->slice.has_end = selector->slice.has_end || i == 0;
            size_t before = parser->at;
            skip_blanks(parser);
            if (peek(parser) != ':')
                parser->at = before;
        }
    }
    return true;
}

static bool parse_index_or_slice(struct parser *parser, struct path_selector *selector)
{
    if (peek(parser) == ':')
        return parse_slice(parser, selector);
    if (!parse_integer(parser, &selector->index))
        return false;
    selector->kind = SELECT_INDEX;
    size_t before = parser->at;
    skip_blanks(parser);
    if (peek(parser) == ':') {
        selector->slice.has_start = true;
        selector->slice.start = selector->index;
        return parse_slice(parser, selector);
    }
    parser->at = before;
    return true;
}

static bool parse_selector(struct parser *parser, struct path_selector *selector)
{
    char byte = peek(parser);
    if (byte == '\'' || byte == '"') {
        selector->kind = SELECT_NAME;
        return parse_name_text(parser, &selector->name);
    }
    if (take(parser, "*")) {
        selector->kind = SELECT_WILDCARD;
        return true;
    }
    if (take(parser, "?")) {
        selector->kind = SELECT_FILTER;
        skip_blanks(parser);
        selector->filter = parse_or(parser);
        return selector->filter != NULL;
    }
    return parse_index_or_slice(parser, selector);
}

/* Behind "[". */
static bool parse_brackets(struct parser *parser, struct path_segment *segment)
{
    struct path_selector **end = &segment->selectors;
    do {
        skip_blanks(parser);
        *end = ARENA_NEW(&parser->path->arena, struct path_selector);
        if (!parse_selector(parser, *end))
            return false;
        end = &(*end)->next;
        skip_blanks(parser);
    } while (take(parser, ","));
    return take(parser, "]") || refuse(parser, "\"]\" or \",\" belongs here");
}

/* Behind "." or "..": "*" or a name without quotes. */
static bool parse_shorthand(struct parser *parser, struct path_segment *segment)
{
    segment->selectors = ARENA_NEW(&parser->path->arena, struct path_selector);
    if (take(parser, "*")) {
        segment->selectors->kind = SELECT_WILDCARD;
        return true;
    }
    size_t start = parser->at;
    if (!is_name_first(peek(parser)))
        return refuse(parser, "a name or \"*\" belongs here");
    while (is_name_first(peek(parser)) || is_digit(peek(parser)))
        parser->at++;
    segment->selectors->kind = SELECT_NAME;
    segment->selectors->name =
        arena_copy_text(&parser->path->arena, text_slice(parser->text, start, parser->at - start));
    return true;
}

static bool parse_segment(struct parser *parser, struct path_segment *segment)
{
    if (take(parser, "[")) {
        return parse_brackets(parser, segment);
    }
    if (take(parser, "..")) {
        segment->descendant = true;
        return take(parser, "[") ? parse_brackets(parser, segment) : parse_shorthand(parser, segment);
    }
    take(parser, ".");
    return parse_shorthand(parser, segment);
}

static bool is_singular(const struct path_segment *segment)
{
    const struct path_selector *selector = segment->selectors;
    return !segment->descendant && selector->next == NULL &&
           (selector->kind == SELECT_NAME || selector->kind == SELECT_INDEX);
}

/* Blanks may stand before a segment but not behind the last one. */
static bool parse_segments(struct parser *parser, struct path_query *query)
{
    struct path_segment **end = &query->segments;
    query->singular = true;
    for (;;) {
        size_t before = parser->at;
        skip_blanks(parser);
        if (peek(parser) != '.' && peek(parser) != '[') {
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

/* ---- filters ---- */

static struct path_node *new_node(struct parser *parser, enum path_node_kind kind)
{
    struct path_node *node = ARENA_NEW(&parser->path->arena, struct path_node);
    node->kind = kind;
    return node;
}

static struct path_node *literal_node(struct parser *parser, json_t *value)
{
    struct path_node *node = new_node(parser, NODE_LITERAL);
    node->literal = value;
    if (json_array_append_new(parser->path->literals, value) == 0)
        return node;
    refuse(parser, "this value cannot be held");
    return NULL;
}

static struct path_node *parse_text_literal(struct parser *parser)
{
    struct text text;
    return parse_name_text(parser, &text) ? literal_node(parser, json_stringn(text.data, text.size)) : NULL;
}

static bool take_digits(struct parser *parser)
{
    size_t start = parser->at;
    while (is_digit(peek(parser)))
        parser->at++;
    return parser->at > start;
}

static struct path_node *parse_number(struct parser *parser)
{
    size_t start = parser->at;
    int64_t integer;
    bool whole = true, good;
    take(parser, "-");
    size_t digits = parser->at;
    good = take_digits(parser) && (parser->text.data[digits] != '0' || parser->at == digits + 1);
    if (good && take(parser, ".")) {
        whole = false;
        good = take_digits(parser);
    }
    if (good && (take(parser, "e") || take(parser, "E"))) {
        whole = false;
        if (!take(parser, "-"))
            take(parser, "+");
        good = take_digits(parser);
    }
    if (!good) {
        refuse(parser, "a number belongs here");
        return NULL;
    }
    struct text text = text_slice(parser->text, start, parser->at - start);
    if (whole && text_to_integer(text, &integer))
        return literal_node(parser, json_integer(integer));
    return literal_node(parser, json_real(strtod(arena_copy_string(&parser->path->arena, text), NULL)));
}

static struct path_node *parse_query(struct parser *parser)
{
    struct path_node *node = new_node(parser, NODE_QUERY);
    node->query = ARENA_NEW(&parser->path->arena, struct path_query);
    node->query->from_root = peek(parser) == '$';
    parser->at++;
    return parse_segments(parser, node->query) ? node : NULL;
}

static struct path_node *parse_operand(struct parser *parser);

static bool fits_type(const struct path_node *node, enum path_type type)
{
    if (node->kind == NODE_QUERY)
        return type == TYPE_NODES || (type == TYPE_VALUE && node->query->singular);
    if (node->kind == NODE_FUNCTION)
        return node->function->result == type;
    return node->kind == NODE_LITERAL && type == TYPE_VALUE;
}

/* Behind "name(". */
static bool parse_arguments(struct parser *parser, struct path_node *node)
{
    const struct path_function *function = node->function;
    struct path_node **places[PATH_FUNCTION_ARGUMENTS] = {&node->left, &node->right};
    for (size_t i = 0; i < function->argument_count; i++) {
        skip_blanks(parser);
        if (i > 0 && !take(parser, ","))
            return refuse(parser, "a further argument belongs here");
        skip_blanks(parser);
        *places[i] = parse_operand(parser);
        if (*places[i] == NULL)
            return false;
        if (!fits_type(*places[i], function->arguments[i]))
            return refuse(parser, "an argument of that kind does not fit this function");
    }
    skip_blanks(parser);
    return take(parser, ")") || refuse(parser, "\")\" belongs here");
}

static struct path_node *parse_function(struct parser *parser)
{
    size_t start = parser->at;
    while ((peek(parser) >= 'a' && peek(parser) <= 'z') || peek(parser) == '_' || is_digit(peek(parser)))
        parser->at++;
    struct text name = text_slice(parser->text, start, parser->at - start);
    struct path_node *node = new_node(parser, NODE_FUNCTION);
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        if (text_equal(name, text_of(FUNCTIONS[i].name)))
            node->function = &FUNCTIONS[i];
    }
    if (name.size == 0 || node->function == NULL || !take(parser, "(")) {
        refuse(parser, "a query, a value or a function belongs here");
        return NULL;
    }
    if (++parser->depth > MOST_NESTING) {
        refuse(parser, "nested too deeply");
        return NULL;
    }
    bool good = parse_arguments(parser, node);
    parser->depth--;
    return good ? node : NULL;
}

/* A literal, a query or a function. */
static struct path_node *parse_operand(struct parser *parser)
{
    char byte = peek(parser);
    if (byte == '$' || byte == '@')
        return parse_query(parser);
    if (byte == '\'' || byte == '"')
        return parse_text_literal(parser);
    if (byte == '-' || is_digit(byte))
        return parse_number(parser);
    if (take(parser, "true"))
        return literal_node(parser, json_true());
    if (take(parser, "false"))
        return literal_node(parser, json_false());
    if (take(parser, "null"))
        return literal_node(parser, json_null());
    return parse_function(parser);
}

static bool take_comparison(struct parser *parser, enum path_comparison *comparison)
{
    static const struct {
        const char *token;
        enum path_comparison comparison;
    } tokens[] = {{"==", COMPARE_EQUAL},         {"!=", COMPARE_NOT_EQUAL}, {"<=", COMPARE_LESS_EQUAL},
                  {">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},       {">", COMPARE_GREATER}};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (take(parser, tokens[i].token)) {
            *comparison = tokens[i].comparison;
            return true;
        }
    }
    return false;
}

/* A comparison, or a query or function that is true or false by itself. */
static struct path_node *parse_test(struct parser *parser, bool negated)
{
    struct path_node *left = parse_operand(parser);
    enum path_comparison comparison;
    if (left == NULL)
        return NULL;
    size_t before = parser->at;
    skip_blanks(parser);
    if (negated || !take_comparison(parser, &comparison)) {
        parser->at = before;
        if (fits_type(left, TYPE_NODES) || fits_type(left, TYPE_LOGICAL))
            return left;
        refuse(parser, "this is a value, not a test: compare it with something");
        return NULL;
    }
    struct path_node *node = new_node(parser, NODE_COMPARE);
    skip_blanks(parser);
    node->comparison = comparison;
    node->left = left;
    node->right = parse_operand(parser);
    if (node->right == NULL)
        return NULL;
    if (fits_type(left, TYPE_VALUE) && fits_type(node->right, TYPE_VALUE))
        return node;
    refuse(parser, "only single values can be compared");
    return NULL;
}

static struct path_node *parse_parentheses(struct parser *parser)
{
    skip_blanks(parser);
    struct path_node *inner = parse_or(parser);
    if (inner == NULL)
        return NULL;
    skip_blanks(parser);
    if (take(parser, ")"))
        return inner;
    refuse(parser, "\")\" belongs here");
    return NULL;
}

static struct path_node *parse_basic(struct parser *parser)
{
    bool negated = take(parser, "!");
    if (negated)
        skip_blanks(parser);
    struct path_node *inner = take(parser, "(") ? parse_parentheses(parser) : parse_test(parser, negated);
    if (inner == NULL || !negated)
        return inner;
    struct path_node *node = new_node(parser, NODE_NOT);
    node->left = inner;
    return node;
}

static struct path_node *parse_chain(struct parser *parser, const char *token, enum path_node_kind kind,
                                     struct path_node *(*parse_part)(struct parser *))
{
    struct path_node *left = parse_part(parser);
    while (left != NULL) {
        size_t before = parser->at;
        skip_blanks(parser);
        if (!take(parser, token)) {
            parser->at = before;
            return left;
        }
        skip_blanks(parser);
        struct path_node *node = new_node(parser, kind);
        node->left = left;
        node->right = parse_part(parser);
        left = node->right != NULL ? node : NULL;
    }
    return NULL;
}

static struct path_node *parse_and(struct parser *parser)
{
    return parse_chain(parser, "&&", NODE_AND, parse_basic);
}

static struct path_node *parse_or(struct parser *parser)
{
    if (++parser->depth > MOST_NESTING) {
        refuse(parser, "nested too deeply");
        return NULL;
    }
    struct path_node *node = parse_chain(parser, "||", NODE_OR, parse_and);
    parser->depth--;
    return node;
}

/* ---- the whole ---- */

struct jsonpath *jsonpath_parse_prefix(struct text text, size_t *used, struct error *error)
{
    struct jsonpath *path = NEW(struct jsonpath);
    struct parser parser = {.path = path, .text = text, .error = error};
    path->literals = json_array();
    path->query.from_root = true;
    bool good = text.size <= TEXT_BYTES && text_is_utf8(text);
    if (!good)
        refuse(&parser, "the query is too long or no UTF-8");
    else if (!take(&parser, "$"))
        good = refuse(&parser, "a query begins with \"$\"");
    else
        good = parse_segments(&parser, &path->query);
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
