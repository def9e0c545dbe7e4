#include "arazzo/condition.h"

#include <stdlib.h>

#include "arazzo/comparison.h"
#include "base/arena.h"
#include "base/memory.h"

enum { MOST_NESTING = 64, SEEN_BYTES = 120 };

enum node_kind { KIND_LITERAL, KIND_EXPRESSION, KIND_MEMBER, KIND_ITEM, KIND_NOT, KIND_COMPARE, KIND_AND, KIND_OR };

struct node {
    enum node_kind kind;
    enum comparison comparison;
    struct node *left, *right; /* MEMBER, ITEM and NOT have left only */
    struct text text;          /* of an EXPRESSION or the name of a MEMBER */
    int64_t index;             /* of an ITEM */
    json_t *literal;           /* owned by the condition */
};

struct condition {
    struct arena arena;
    json_t *literals; /* the array that owns them */
    struct node *root;
};

/* ---- parsing ---- */

struct parser {
    struct condition *condition;
    struct text text;
    size_t at;
    int depth;
    struct error *error;
};

static struct node *parse_or(struct parser *parser);

static struct node *refuse(struct parser *parser, const char *reason)
{
    error_set(parser->error, ERROR_INVALID, "condition, character %zu: %s", parser->at + 1, reason);
    return NULL;
}

static struct text rest_of(const struct parser *parser)
{
    return text_slice(parser->text, parser->at, parser->text.size);
}

static char peek(const struct parser *parser)
{
    return parser->at < parser->text.size ? parser->text.data[parser->at] : '\0';
}

static void skip_blanks(struct parser *parser)
{
    while (peek(parser) != '\0' && strchr(" \t\r\n", peek(parser)) != NULL)
        parser->at++;
}

static bool take(struct parser *parser, const char *token)
{
    skip_blanks(parser);
    if (!text_starts_with(rest_of(parser), text_of(token)))
        return false;
    parser->at += strlen(token);
    return true;
}

static struct node *new_node(struct parser *parser, enum node_kind kind, struct node *left, struct node *right)
{
    struct node *node = ARENA_NEW(&parser->condition->arena, struct node);
    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

static struct node *literal(struct parser *parser, json_t *value)
{
    struct node *node = new_node(parser, KIND_LITERAL, NULL, NULL);
    node->literal = value;
    return json_array_append_new(parser->condition->literals, value) == 0
               ? node : refuse(parser, "this value cannot be held");
}

/* A quote inside is written twice. */
static struct node *parse_quoted(struct parser *parser)
{
    struct buffer content = {0};
    char quote = peek(parser);
    for (parser->at++;; parser->at++) {
        if (parser->at == parser->text.size) {
            buffer_free(&content);
            return refuse(parser, "the text does not end");
        }
        if (peek(parser) == quote) {
            if (parser->at + 1 == parser->text.size || parser->text.data[parser->at + 1] != quote)
                break;
            parser->at++;
        }
        buffer_append_byte(&content, peek(parser));
    }
    parser->at++;
    struct node *node = literal(parser, json_text((struct text){buffer_string(&content), content.size}));
    buffer_free(&content);
    return node;
}

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-' || (unsigned char)byte >= 0x80;
}

static struct text take_while(struct parser *parser, bool (*fits)(char byte))
{
    size_t start = parser->at;
    while (parser->at < parser->text.size && fits(peek(parser)))
        parser->at++;
    return text_slice(parser->text, start, parser->at - start);
}

static bool is_number_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.' || byte == 'e' || byte == 'E';
}

static struct node *parse_number(struct parser *parser)
{
    struct text digits = take_while(parser, is_number_byte);
    json_t *value = json_loadb(digits.data, digits.size, JSON_DECODE_ANY, NULL);
    return json_is_number(value) ? literal(parser, value) : refuse(parser, "a number ends here, but it is none");
}

static struct node *parse_word(struct parser *parser)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t start = parser->at;
    struct text word = take_while(parser, is_word_byte);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal(word, text_of(words[i])))
            return literal(parser, i == 2 ? json_null() : json_boolean(i == 0));
    }
    parser->at = start;
    return refuse(parser, word.size > 0 ? "texts stand in single quotes" : "a value belongs here");
}

static struct node *parse_expression(struct parser *parser)
{
    struct expression expression;
    struct error error = {0};
    size_t size = expression_extent(rest_of(parser));
    struct text text = text_slice(parser->text, parser->at, size);
    if (size == 0 || !expression_parse(text, &expression, &error))
        return refuse(parser, size == 0 ? "no expression" : error.message);
    struct node *node = new_node(parser, KIND_EXPRESSION, NULL, NULL);
    node->text = arena_copy_text(&parser->condition->arena, text);
    parser->at += size;
    return node;
}

static struct node *parse_value(struct parser *parser)
{
    skip_blanks(parser);
    char byte = peek(parser);
    if (byte == '$')
        return parse_expression(parser);
    if (byte == '\'' || byte == '"')
        return parse_quoted(parser);
    return byte == '-' || (byte >= '0' && byte <= '9') ? parse_number(parser) : parse_word(parser);
}

/* Behind "[": the number of an item, or the name of a member in quotes. */
static struct node *parse_bracket(struct parser *parser, struct node *of)
{
    skip_blanks(parser);
    if (peek(parser) == '\'' || peek(parser) == '"') {
        struct node *name = parse_quoted(parser);
        if (name == NULL)
            return NULL;
        struct node *member = new_node(parser, KIND_MEMBER, of, NULL);
        member->text = (struct text){json_string_value(name->literal), json_string_length(name->literal)};
        return take(parser, "]") ? member : refuse(parser, "\"]\" belongs here");
    }
    struct node *item = new_node(parser, KIND_ITEM, of, NULL);
    if (!text_to_integer(take_while(parser, is_number_byte), &item->index) || item->index < 0)
        return refuse(parser, "the number of an item, or the name of a member in quotes, belongs into the brackets");
    return take(parser, "]") ? item : refuse(parser, "\"]\" belongs here");
}

/* Behind a value: [n], ['name'] and .name, any number of them. */
static struct node *parse_accesses(struct parser *parser, struct node *node)
{
    while (node != NULL) {
        if (peek(parser) == '[') {
            parser->at++;
            node = parse_bracket(parser, node);
        } else if (peek(parser) == '.') {
            parser->at++;
            node = new_node(parser, KIND_MEMBER, node, NULL);
            node->text = arena_copy_text(&parser->condition->arena, take_while(parser, is_word_byte));
            if (node->text.size == 0)
                return refuse(parser, "a name belongs behind the dot");
        } else {
            break;
        }
    }
    return node;
}

/* In any number: true when they are an odd one. */
static bool take_negations(struct parser *parser)
{
    bool negated = false;
    for (skip_blanks(parser); peek(parser) == '!'; skip_blanks(parser)) {
        negated = !negated;
        parser->at++;
    }
    return negated;
}

static struct node *parse_operand(struct parser *parser)
{
    bool negated = take_negations(parser); /* on the right of a comparison; on the left it is of the whole */
    struct node *node;
    if (take(parser, "(")) {
        node = parse_or(parser);
        if (node != NULL && !take(parser, ")"))
            return refuse(parser, "\")\" belongs here");
        node = parse_accesses(parser, node);
    } else {
        node = parse_accesses(parser, parse_value(parser));
    }
    return node != NULL && negated ? new_node(parser, KIND_NOT, node, NULL) : node;
}

static struct node *parse_comparison(struct parser *parser)
{
    enum comparison comparison;
    struct node *left = parse_operand(parser);
    if (left == NULL)
        return NULL;
    skip_blanks(parser);
    size_t size = comparison_read(rest_of(parser), &comparison);
    if (size == 0)
        return left;
    parser->at += size;
    struct node *right = parse_operand(parser);
    if (right == NULL)
        return NULL;
    struct node *node = new_node(parser, KIND_COMPARE, left, right);
    node->comparison = comparison;
    return node;
}

static struct node *parse_not(struct parser *parser)
{
    bool negated = take_negations(parser);
    struct node *inner = parse_comparison(parser);
    return inner != NULL && negated ? new_node(parser, KIND_NOT, inner, NULL) : inner;
}

static struct node *parse_and(struct parser *parser)
{
    struct node *left = parse_not(parser);
    while (left != NULL && take(parser, "&&")) {
        struct node *right = parse_not(parser);
        left = right ? new_node(parser, KIND_AND, left, right) : NULL;
    }
    return left;
}

static struct node *parse_or(struct parser *parser)
{
    if (++parser->depth > MOST_NESTING)
        return refuse(parser, "nested too deeply");
    struct node *left = parse_and(parser);
    while (left != NULL && take(parser, "||")) {
        struct node *right = parse_and(parser);
        left = right ? new_node(parser, KIND_OR, left, right) : NULL;
    }
    parser->depth--;
    return left;
}

struct condition *condition_parse(struct text text, struct error *error)
{
    struct text trimmed = text_trim(text);
    if (text_starts_with(trimmed, TEXT("{")) && text_ends_with(trimmed, TEXT("}")))
        trimmed = text_slice(trimmed, 1, trimmed.size - 2);
    struct condition *condition = NEW(struct condition);
    struct parser parser = {.condition = condition, .text = trimmed, .error = error};
    condition->literals = json_array();
    condition->root = parse_or(&parser);
    skip_blanks(&parser);
    if (condition->root != NULL && parser.at < trimmed.size)
        condition->root = refuse(&parser, "an operator or the end belongs here");
    if (condition->root != NULL)
        return condition;
    condition_free(condition);
    return NULL;
}

/* ---- evaluation ---- */

struct evaluation {
    const struct scope *scope;
    struct buffer *seen;
};

static void note_seen(struct evaluation *evaluation, struct text expression, const json_t *value)
{
    struct buffer *seen = evaluation->seen;
    if (seen == NULL)
        return;
    char *text = value ? json_to_string(value) : NULL;
    buffer_printf(seen, "%s%.*s is %.*s", seen->size > 0 ? ", " : "", TEXT_ARGS(expression), SEEN_BYTES,
                  value == NULL ? "not there" : text ? text : "too large");
    free(text);
}

/* A new reference, or NULL where there is nothing. */
static json_t *node_value(struct evaluation *evaluation, const struct node *node);

static bool is_true(const json_t *value)
{
    return value != NULL && !json_is_null(value) && !json_is_false(value);
}

static bool node_holds(struct evaluation *evaluation, const struct node *node)
{
    json_t *value = node_value(evaluation, node);
    bool holds = is_true(value);
    json_decref(value);
    return holds;
}

static json_t *part_value(struct evaluation *evaluation, const struct node *node)
{
    json_t *whole = node_value(evaluation, node->left);
    json_t *part = node->kind == KIND_ITEM ? json_array_get(whole, (size_t)node->index)
                                           : json_object_getn(whole, node->text.data, node->text.size);
    json_incref(part);
    json_decref(whole);
    return part;
}

static json_t *compared(struct evaluation *evaluation, const struct node *node)
{
    json_t *left = node_value(evaluation, node->left), *right = node_value(evaluation, node->right);
    bool holds = comparison_holds(left, node->comparison, right);
    json_decref(left);
    json_decref(right);
    return json_boolean(holds);
}

static json_t *node_value(struct evaluation *evaluation, const struct node *node)
{
    json_t *value;
    switch (node->kind) {
    case KIND_LITERAL: return json_incref(node->literal);
    case KIND_EXPRESSION:
        value = expression_value(node->text, evaluation->scope, NULL);
        note_seen(evaluation, node->text, value);
        return value;
    case KIND_MEMBER:
    case KIND_ITEM: return part_value(evaluation, node);
    case KIND_NOT: return json_boolean(!node_holds(evaluation, node->left));
    case KIND_AND: return json_boolean(node_holds(evaluation, node->left) && node_holds(evaluation, node->right));
    case KIND_OR: return json_boolean(node_holds(evaluation, node->left) || node_holds(evaluation, node->right));
    default: return compared(evaluation, node);
    }
}

bool condition_holds(const struct condition *condition, const struct scope *scope, struct buffer *seen)
{
    struct evaluation evaluation = {scope, seen};
    return node_holds(&evaluation, condition->root);
}

void condition_free(struct condition *condition)
{
    if (condition == NULL)
        return;
    json_decref(condition->literals);
    arena_free(&condition->arena);
    free(condition);
}
