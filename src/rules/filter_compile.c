/* From a schema, as users write it, to a compiled filter. */
#include "rules/filter_node.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/memory.h"

/* Where in the schema the compiler is, for messages. */
struct place {
    const struct place *parent;
    struct text key;
};

struct compiler {
    struct filter *filter;
    const struct place *root;
    int64_t nodes;
    struct error *error;
};

enum operand_kind {
    OPERAND_ANY, OPERAND_ORDERED /* string or number */, OPERAND_LIST, OPERAND_TEXTS, OPERAND_BOOLEAN,
    OPERAND_SCHEMA, OPERAND_SCHEMAS, OPERAND_REFERENCE,
};

static const struct operator_row {
    const char *name;
    enum filter_operator operator;
    enum operand_kind operand;
    bool joins_keys, joins_keys_at_top; /* plain keys beside it count */
} OPERATORS[] = {
    {"$eq", FILTER_EQ, OPERAND_ANY, false, false},
    {"$neq", FILTER_NEQ, OPERAND_ANY, false, false},
    {"$ne", FILTER_NEQ, OPERAND_ANY, false, false},
    {"$gt", FILTER_GT, OPERAND_ORDERED, false, false},
    {"$gte", FILTER_GTE, OPERAND_ORDERED, false, false},
    {"$lt", FILTER_LT, OPERAND_ORDERED, false, false},
    {"$lte", FILTER_LTE, OPERAND_ORDERED, false, false},
    {"$in", FILTER_IN, OPERAND_LIST, false, false},
    {"$nin", FILTER_NIN, OPERAND_LIST, false, false},
    {"$startsWith", FILTER_STARTS_WITH, OPERAND_TEXTS, false, false},
    {"$endsWith", FILTER_ENDS_WITH, OPERAND_TEXTS, false, false},
    {"$exist", FILTER_EXIST, OPERAND_BOOLEAN, false, false},
    {"$or", FILTER_OR, OPERAND_SCHEMAS, false, true},
    {"$and", FILTER_AND, OPERAND_SCHEMAS, true, true},
    {"$not", FILTER_NOT, OPERAND_SCHEMA, true, true},
    {"$ref", FILTER_REF, OPERAND_REFERENCE, false, false},
};

static bool compile(struct compiler *compiler, const struct place *place, struct json_view schema, bool top, int depth,
                    struct filter_node *node);

static void write_place(struct buffer *out, const struct place *place)
{
    if (place == NULL)
        return;
    write_place(out, place->parent);
    if (out->size > 0)
        buffer_append_byte(out, '.');
    buffer_append_text(out, text_slice(place->key, 0, 60));
}

static bool fail(struct compiler *compiler, const struct place *place, enum error_code code, const char *sentence)
{
    struct buffer where = {0};
    write_place(&where, place);
    error_set(compiler->error, code, "%s%s%s", buffer_string(&where), where.size > 0 ? ": " : "", sentence);
    buffer_free(&where);
    return false;
}

static const struct operator_row *find_operator(struct text name)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof OPERATORS[0]; i++) {
        if (text_equal(name, text_of(OPERATORS[i].name)))
            return &OPERATORS[i];
    }
    return NULL;
}

static size_t count_members(struct json_view container)
{
    struct json_walk walk = json_view_walk(container);
    struct text key;
    struct json_view value;
    size_t count = 0;
    while (json_walk_next(&walk, &key, &value))
        count++;
    return count;
}

/* ---- operators ---- */

static bool compile_reference(struct compiler *compiler, const struct place *place, struct json_view path,
                              const struct reference **out)
{
    struct reference *reference = ARENA_NEW(&compiler->filter->arena, struct reference);
    struct error error = {0};
    *out = reference;
    if (path.type != JSON_VIEW_TEXT)
        return fail(compiler, place, ERROR_INVALID, "must be a string");
    return reference_parse(&compiler->filter->arena, path.text, reference, &error) ||
           fail(compiler, place, error.code, error.message);
}

static bool items_fit(struct json_view list, bool texts_only)
{
    struct json_walk walk = json_view_walk(list);
    struct text key;
    struct json_view item;
    while (json_walk_next(&walk, &key, &item)) {
        if (item.type != JSON_VIEW_TEXT && (texts_only || !value_is_scalar(item)))
            return false;
    }
    return true;
}

/* NULL when the operand is one that the operator takes. */
static const char *check_operand(enum operand_kind kind, struct json_view operand)
{
    bool text = operand.type == JSON_VIEW_TEXT, list = operand.type == JSON_VIEW_ARRAY;
    switch (kind) {
    case OPERAND_ORDERED: return text || operand.type == JSON_VIEW_NUMBER ? NULL : "must be a string or a number";
    case OPERAND_LIST:
        return text || (list && items_fit(operand, false))
                   ? NULL : "must be a string, or an array of strings, numbers, booleans and null";
    case OPERAND_TEXTS:
        return text || (list && items_fit(operand, true)) ? NULL : "must be a string or an array of strings";
    case OPERAND_BOOLEAN: return operand.type == JSON_VIEW_BOOLEAN ? NULL : "must be true or false";
    case OPERAND_SCHEMAS: return list ? NULL : "must be an array of filters";
    default: return NULL;
    }
}

/* {"$ref": "..."} and nothing else. */
static bool is_reference(struct json_view operand, struct json_view *path)
{
    *path = json_view_find(operand, TEXT("$ref"));
    return path->type != JSON_VIEW_ABSENT && count_members(operand) == 1;
}

static bool compile_schemas(struct compiler *compiler, const struct place *place, struct json_view list, bool top,
                            int depth, struct operation_node *operation)
{
    struct json_walk walk = json_view_walk(list);
    struct text key;
    struct json_view schema;
    operation->schemas = ARENA_ARRAY(&compiler->filter->arena, struct filter_node, count_members(list));
    while (json_walk_next(&walk, &key, &schema)) {
        if (!compile(compiler, place, schema, top, depth + 1, &operation->schemas[operation->count++]))
            return false;
    }
    return true;
}

static bool compile_operation(struct compiler *compiler, const struct place *place, const struct operator_row *row,
                              struct json_view operand, bool top, int depth, struct operation_node *operation)
{
    struct json_view path;
    *operation = (struct operation_node){.operator = row->operator, .operand = operand};
    if (row->operand == OPERAND_REFERENCE)
        return compile_reference(compiler, place, operand, &operation->reference);
    if (row->operand == OPERAND_SCHEMA) {
        operation->schemas = ARENA_NEW(&compiler->filter->arena, struct filter_node);
        operation->count = 1;
        return compile(compiler, place, operand, top, depth + 1, operation->schemas);
    }
    bool takes_reference = row->operand <= OPERAND_TEXTS;
    if (takes_reference && is_reference(operand, &path))
        return compile_reference(compiler, place, path, &operation->reference);
    const char *wrong = check_operand(row->operand, operand);
    if (wrong != NULL)
        return fail(compiler, place, ERROR_INVALID, wrong);
    operation->wanted = operand.type == JSON_VIEW_BOOLEAN && operand.number != 0;
    return row->operand != OPERAND_SCHEMAS || compile_schemas(compiler, place, operand, top, depth, operation);
}

/* ---- nodes ---- */

static bool compile_member(struct compiler *compiler, const struct place *place, struct text key,
                           struct json_view value, bool top, int depth, struct filter_node *node)
{
    const struct operator_row *row = find_operator(key);
    if (row == NULL && text_starts_with(key, TEXT("$")))
        return fail(compiler, place, ERROR_INVALID, "is not an operator of filters");
    if (row == NULL) {
        node->keys[node->count] = key;
        return compile(compiler, place, value, false, depth + 1, &node->items[node->count++]);
    }
    node->only_operations |= !(top ? row->joins_keys_at_top : row->joins_keys);
    return compile_operation(compiler, place, row, value, top, depth, &node->operations[node->operation_count++]);
}

static bool compile_members(struct compiler *compiler, const struct place *place, struct json_view schema, bool top,
                            int depth, struct filter_node *node)
{
    struct arena *arena = &compiler->filter->arena;
    size_t count = count_members(schema);
    struct json_walk walk = json_view_walk(schema);
    struct text key;
    struct json_view value;
    node->keys = ARENA_ARRAY(arena, struct text, count);
    node->items = ARENA_ARRAY(arena, struct filter_node, count);
    node->operations = ARENA_ARRAY(arena, struct operation_node, count);
    while (json_walk_next(&walk, &key, &value)) {
        struct place inside = {place, key};
        if (!compile_member(compiler, &inside, key, value, top, depth, node))
            return false;
    }
    if (node->only_operations)
        node->count = 0;
    return true;
}

static bool compile(struct compiler *compiler, const struct place *place, struct json_view schema, bool top, int depth,
                    struct filter_node *node)
{
    if (depth > limits.filter_depth)
        return fail(compiler, place, ERROR_TOO_LARGE, "the filter is nested too deeply (filter_depth)");
    if (--compiler->nodes < 0)
        return fail(compiler, compiler->root, ERROR_TOO_LARGE, "the filter has too many values (filter_nodes)");
    *node = (struct filter_node){.kind = NODE_VALUE, .value = schema};
    if (schema.type == JSON_VIEW_OBJECT) {
        node->kind = NODE_OBJECT;
        return compile_members(compiler, place, schema, top, depth, node);
    }
    if (schema.type != JSON_VIEW_ARRAY)
        return true;
    struct operation_node items = {0};
    bool done = compile_schemas(compiler, place, schema, false, depth, &items);
    node->kind = NODE_ARRAY;
    node->items = items.schemas;
    node->count = items.count;
    return done;
}

struct filter *filter_compile(const json_t *schema, struct error *error)
{
    return filter_compile_at(schema, NULL, error);
}

struct filter *filter_compile_at(const json_t *schema, const char *where, struct error *error)
{
    const struct place top = {NULL, text_of(where)};
    const struct place *place = where != NULL ? &top : NULL;
    struct buffer written = {0};
    struct json_view root;
    const char *reason;
    struct filter *filter = NEW(struct filter);
    struct compiler compiler = {filter, place, limits.filter_nodes, error};
    bool done = json_write(&written, schema);
    filter->reader = done ? json_reader_for(written.size) : NULL;
    done = filter->reader != NULL;
    if (!done)
        error_set(error, ERROR_INTERNAL, "there is no memory for the filter");
    /* Operands may be nested; jansson has bounded how deep. */
    else if (!json_reader_parse(filter->reader, written.data, written.size, JSON_PARSER_MAX_DEPTH, &root, &reason))
        done = fail(&compiler, place, ERROR_INVALID, reason);
    else
        done = compile(&compiler, place, root, true, 1, &filter->root);
    buffer_free(&written);
    if (done)
        return filter;
    filter_free(filter);
    return NULL;
}

void filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    json_reader_free(filter->reader);
    arena_free(&filter->arena);
    free(filter);
}
