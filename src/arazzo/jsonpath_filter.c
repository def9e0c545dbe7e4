/* Filters of JSONPath: RFC 9535, sections 2.3.5 and 2.4. */
#include <stdlib.h>

#include "arazzo/jsonpath_parser.h"

static const struct path_function FUNCTIONS[] = {
    {"length", FUNCTION_LENGTH, TYPE_VALUE, 1, {TYPE_VALUE}},
    {"count", FUNCTION_COUNT, TYPE_VALUE, 1, {TYPE_NODES}},
    {"match", FUNCTION_MATCH, TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}},
    {"search", FUNCTION_SEARCH, TYPE_LOGICAL, 2, {TYPE_VALUE, TYPE_VALUE}},
    {"value", FUNCTION_VALUE, TYPE_VALUE, 1, {TYPE_NODES}},
};

static struct path_node *parse_or(struct path_parser *parser);

static struct path_node *new_node(struct path_parser *parser, enum path_node_kind kind)
{
    struct path_node *node = ARENA_NEW(&parser->path->arena, struct path_node);
    node->kind = kind;
    return node;
}

static struct path_node *literal_node(struct path_parser *parser, json_t *value)
{
    struct path_node *node = new_node(parser, NODE_LITERAL);
    node->literal = value;
    if (json_array_append_new(parser->path->literals, value) == 0)
        return node;
    path_refuse(parser, "this value cannot be held");
    return NULL;
}

static struct path_node *parse_text_literal(struct path_parser *parser)
{
    struct text text;
    return path_parse_text(parser, &text) ? literal_node(parser, json_stringn(text.data, text.size)) : NULL;
}

static bool take_digits(struct path_parser *parser)
{
    size_t start = parser->at;
    while (path_is_digit(path_peek(parser)))
        parser->at++;
    return parser->at > start;
}

static struct path_node *parse_number(struct path_parser *parser)
{
    size_t start = parser->at;
    int64_t integer;
    bool whole = true, good;
    path_take(parser, "-");
    size_t digits = parser->at;
    good = take_digits(parser) && (parser->text.data[digits] != '0' || parser->at == digits + 1);
    if (good && path_take(parser, ".")) {
        whole = false;
        good = take_digits(parser);
    }
    if (good && (path_take(parser, "e") || path_take(parser, "E"))) {
        whole = false;
        if (!path_take(parser, "-"))
            path_take(parser, "+");
        good = take_digits(parser);
    }
    if (!good) {
        path_refuse(parser, "a number belongs here");
        return NULL;
    }
    struct text text = text_slice(parser->text, start, parser->at - start);
    if (whole && text_to_integer(text, &integer))
        return literal_node(parser, json_integer(integer));
    return literal_node(parser, json_real(strtod(arena_copy_string(&parser->path->arena, text), NULL)));
}

static struct path_node *parse_query(struct path_parser *parser)
{
    struct path_node *node = new_node(parser, NODE_QUERY);
    node->query = ARENA_NEW(&parser->path->arena, struct path_query);
    node->query->from_root = path_peek(parser) == '$';
    parser->at++;
    return path_parse_segments(parser, node->query) ? node : NULL;
}

static struct path_node *parse_operand(struct path_parser *parser);

static bool fits_type(const struct path_node *node, enum path_type type)
{
    if (node->kind == NODE_QUERY)
        return type == TYPE_NODES || (type == TYPE_VALUE && node->query->singular);
    if (node->kind == NODE_FUNCTION)
        return node->function->result == type;
    return node->kind == NODE_LITERAL && type == TYPE_VALUE;
}

/* Behind "name(". */
static bool parse_arguments(struct path_parser *parser, struct path_node *node)
{
    const struct path_function *function = node->function;
    struct path_node **places[PATH_FUNCTION_ARGUMENTS] = {&node->left, &node->right};
    for (size_t i = 0; i < function->argument_count; i++) {
        path_skip_blanks(parser);
        if (i > 0 && !path_take(parser, ","))
            return path_refuse(parser, "a further argument belongs here");
        path_skip_blanks(parser);
        *places[i] = parse_operand(parser);
        if (*places[i] == NULL)
            return false;
        if (!fits_type(*places[i], function->arguments[i]))
            return path_refuse(parser, "an argument of that kind does not fit this function");
    }
    path_skip_blanks(parser);
    return path_take(parser, ")") || path_refuse(parser, "\")\" belongs here");
}

static bool is_function_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || byte == '_' || path_is_digit(byte);
}

static struct path_node *parse_function(struct path_parser *parser)
{
    size_t start = parser->at;
    while (is_function_byte(path_peek(parser)))
        parser->at++;
    struct text name = text_slice(parser->text, start, parser->at - start);
    struct path_node *node = new_node(parser, NODE_FUNCTION);
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        if (text_equal(name, text_of(FUNCTIONS[i].name)))
            node->function = &FUNCTIONS[i];
    }
    if (name.size == 0 || node->function == NULL || !path_take(parser, "(")) {
        path_refuse(parser, "a query, a value or a function belongs here");
        return NULL;
    }
    if (++parser->depth > PATH_NESTING_MOST) {
        path_refuse(parser, "nested too deeply");
        return NULL;
    }
    bool good = parse_arguments(parser, node);
    parser->depth--;
    return good ? node : NULL;
}

/* A literal, a query or a function. */
static struct path_node *parse_operand(struct path_parser *parser)
{
    char byte = path_peek(parser);
    if (byte == '$' || byte == '@')
        return parse_query(parser);
    if (byte == '\'' || byte == '"')
        return parse_text_literal(parser);
    if (byte == '-' || path_is_digit(byte))
        return parse_number(parser);
    if (path_take(parser, "true"))
        return literal_node(parser, json_true());
    if (path_take(parser, "false"))
        return literal_node(parser, json_false());
    if (path_take(parser, "null"))
        return literal_node(parser, json_null());
    return parse_function(parser);
}

static bool take_comparison(struct path_parser *parser, enum path_comparison *comparison)
{
    static const struct {
        const char *token;
        enum path_comparison comparison;
    } tokens[] = {{"==", COMPARE_EQUAL},         {"!=", COMPARE_NOT_EQUAL}, {"<=", COMPARE_LESS_EQUAL},
                  {">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},       {">", COMPARE_GREATER}};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (path_take(parser, tokens[i].token)) {
            *comparison = tokens[i].comparison;
            return true;
        }
    }
    return false;
}

/* A comparison, or a query or function that is true or false by itself. */
static struct path_node *parse_test(struct path_parser *parser, bool negated)
{
    struct path_node *left = parse_operand(parser);
    enum path_comparison comparison;
    if (left == NULL)
        return NULL;
    size_t before = parser->at;
    path_skip_blanks(parser);
    if (negated || !take_comparison(parser, &comparison)) {
        parser->at = before;
        if (fits_type(left, TYPE_NODES) || fits_type(left, TYPE_LOGICAL))
            return left;
        path_refuse(parser, "this is a value, not a test: compare it with something");
        return NULL;
    }
    struct path_node *node = new_node(parser, NODE_COMPARE);
    path_skip_blanks(parser);
    node->comparison = comparison;
    node->left = left;
    node->right = parse_operand(parser);
    if (node->right == NULL)
        return NULL;
    if (fits_type(left, TYPE_VALUE) && fits_type(node->right, TYPE_VALUE))
        return node;
    path_refuse(parser, "only single values can be compared");
    return NULL;
}

static struct path_node *parse_parentheses(struct path_parser *parser)
{
    path_skip_blanks(parser);
    struct path_node *inner = parse_or(parser);
    if (inner == NULL)
        return NULL;
    path_skip_blanks(parser);
    if (path_take(parser, ")"))
        return inner;
    path_refuse(parser, "\")\" belongs here");
    return NULL;
}

static struct path_node *parse_basic(struct path_parser *parser)
{
    bool negated = path_take(parser, "!");
    if (negated)
        path_skip_blanks(parser);
    struct path_node *inner = path_take(parser, "(") ? parse_parentheses(parser) : parse_test(parser, negated);
    if (inner == NULL || !negated)
        return inner;
    struct path_node *node = new_node(parser, NODE_NOT);
    node->left = inner;
    return node;
}

static struct path_node *parse_chain(struct path_parser *parser, const char *token, enum path_node_kind kind,
                                     struct path_node *(*parse_part)(struct path_parser *))
{
    struct path_node *left = parse_part(parser);
    while (left != NULL) {
        size_t before = parser->at;
        path_skip_blanks(parser);
        if (!path_take(parser, token)) {
            parser->at = before;
            return left;
        }
        path_skip_blanks(parser);
        struct path_node *node = new_node(parser, kind);
        node->left = left;
        node->right = parse_part(parser);
        left = node->right != NULL ? node : NULL;
    }
    return NULL;
}

static struct path_node *parse_and(struct path_parser *parser)
{
    return parse_chain(parser, "&&", NODE_AND, parse_basic);
}

static struct path_node *parse_or(struct path_parser *parser)
{
    if (++parser->depth > PATH_NESTING_MOST) {
        path_refuse(parser, "nested too deeply");
        return NULL;
    }
    struct path_node *node = parse_chain(parser, "||", NODE_OR, parse_and);
    parser->depth--;
    return node;
}

struct path_node *path_parse_filter(struct path_parser *parser)
{
    return parse_or(parser);
}
