#include "arazzo/yaml_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/memory.h"

/* What an alias may name: a finished node, with what it costs to name it again. */
struct anchor {
    struct anchor *next;
    char *name;
    json_t *value; /* owned */
    int64_t nodes, levels;
};

struct reader {
    yaml_parser_t parser;
    struct yaml_tree *document;
    struct anchor *anchors;        /* all, for the end */
    struct hash_map named_anchors; /* by name; a name may be given again */
    int64_t nodes;          /* read so far, aliased ones counted each time */
    int64_t aliased;        /* of them through aliases */
    struct error *error;
};

/* A node as it comes out of read_node. */
struct node {
    json_t *value; /* a new reference */
    int64_t levels;
};

static bool refuse_at(struct reader *reader, const yaml_mark_t *mark, const char *reason)
{
    reader->document->error_line = (int)mark->line + 1;
    return error_set(reader->error, ERROR_INVALID, "line %zu, column %zu: %s", mark->line + 1, mark->column + 1,
                     reason);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return true;
    const yaml_parser_t *parser = &reader->parser;
    const yaml_mark_t *mark = parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark;
    if (parser->context != NULL && parser->problem != NULL && strstr(parser->problem, "end of stream") != NULL)
        mark = &parser->context_mark; /* where a quote was opened says more than where the text ends */
    return refuse_at(reader, mark, parser->problem ? parser->problem : "no readable YAML");
}

static void note_line(struct reader *reader, const void *address, const yaml_mark_t *mark)
{
    hash_map_put(&reader->document->lines, (int64_t)(uintptr_t)address, (void *)(uintptr_t)(mark->line + 1));
}

/* ---- scalars ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t skip_digits(struct text text, size_t at)
{
    while (at < text.size && is_digit(text.data[at]))
        at++;
    return at;
}

/* [-+]? ( "." digits | digits [ "." digits? ] ) ( [eE] [-+]? digits )? */
static bool is_decimal(struct text text, bool *integer)
{
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    size_t whole = skip_digits(text, at), digits = whole - at;
    *integer = whole == text.size && digits > 0;
    at = whole;
    if (at < text.size && text.data[at] == '.') {
        size_t end = skip_digits(text, at + 1);
        digits += end - at - 1;
        at = end;
    }
    if (digits == 0)
        return false;
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
            at++;
        size_t end = skip_digits(text, at);
        if (end == at)
            return false;
        at = end;
    }
    return at == text.size;
}

/* 0o17 and 0x1F. */
static bool is_based(struct text text, int *base)
{
    if (text.size < 3 || text.data[0] != '0' || (text.data[1] != 'o' && text.data[1] != 'x'))
        return false;
    *base = text.data[1] == 'x' ? 16 : 8;
    const char *digits = *base == 16 ? "0123456789abcdefABCDEF" : "01234567";
    return strspn(text.data + 2, digits) == text.size - 2;
}

static bool is_one_of(struct text text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (text_equal(text, text_of(*words)))
            return true;
    }
    return false;
}

/* A plain scalar by the core schema; libyaml ends every scalar with a NUL. NULL: JSON has no such number. */
static json_t *plain_value(struct text text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const unheld[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
                                         "-.INF", ".nan", ".NaN", ".NAN", NULL};
    int64_t number;
    bool integer;
    int base;
    if (is_one_of(text, nulls))
        return json_null();
    if (is_one_of(text, trues))
        return json_true();
    if (is_one_of(text, falses))
        return json_false();
    if (is_one_of(text, unheld))
        return NULL;
    if (is_based(text, &base)) {
        unsigned long long value = strtoull(text.data + 2, NULL, base);
        return value <= INT64_MAX ? json_integer((json_int_t)value) : json_real((double)value);
    }
    if (!is_decimal(text, &integer))
        return json_stringn(text.data, text.size);
    struct text digits = text.data[0] == '+' ? text_slice(text, 1, text.size) : text;
    if (integer && text_to_integer(digits, &number))
        return json_integer(number);
    return json_real(strtod(digits.data, NULL)); /* NULL when it is infinite */
}

static const char TAG_PREFIX[] = "tag:yaml.org,2002:";

/* An explicit tag must agree with what the text is. */
static json_t *tagged_value(const char *tag, struct text text)
{
    if (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0)
        return json_stringn(text.data, text.size);
    json_t *value = plain_value(text);
    const char *kind = strncmp(tag, TAG_PREFIX, sizeof TAG_PREFIX - 1) == 0 ? tag + sizeof TAG_PREFIX - 1 : "";
    bool fits = (strcmp(kind, "null") == 0 && json_is_null(value)) ||
                (strcmp(kind, "bool") == 0 && json_is_boolean(value)) ||
                (strcmp(kind, "int") == 0 && json_is_integer(value)) ||
                (strcmp(kind, "float") == 0 && json_is_number(value));
    if (fits)
        return value;
    json_decref(value);
    return NULL;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event, struct node *node)
{
    struct text text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    const char *tag = (const char *)event->data.scalar.tag;
    if (tag != NULL)
        node->value = tagged_value(tag, text);
    else if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        node->value = plain_value(text);
    else
        node->value = json_stringn(text.data, text.size);
    node->levels = 1;
    return node->value != NULL ||
           refuse_at(reader, &event->start_mark, "this value has no form in JSON, or does not fit its tag");
}

/* ---- collections ---- */

static bool read_node(struct reader *reader, yaml_event_t *event, int64_t depth, struct node *node);

static bool read_next_node(struct reader *reader, int64_t depth, struct node *node)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return false;
    bool good = read_node(reader, &event, depth, node);
    yaml_event_delete(&event);
    return good;
}

static bool is_collection_tag(const yaml_char_t *tag, const char *expected)
{
    return tag == NULL || strcmp((const char *)tag, "!") == 0 || strcmp((const char *)tag, expected) == 0;
}

static bool read_sequence(struct reader *reader, const yaml_event_t *start, int64_t depth, struct node *node)
{
    if (!is_collection_tag(start->data.sequence_start.tag, YAML_SEQ_TAG))
        return refuse_at(reader, &start->start_mark, "unknown tag on a list");
    node->value = json_array();
    node->levels = 1;
    for (;;) {
        yaml_event_t event;
        struct node item = {0};
        if (!next_event(reader, &event))
            return false;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        bool good = end || read_node(reader, &event, depth + 1, &item);
        yaml_event_delete(&event);
        if (!good)
            json_decref(item.value);
        if (!good || end)
            return good;
        if (item.levels + 1 > node->levels)
            node->levels = item.levels + 1;
        if (json_array_append_new(node->value, item.value) != 0)
            return error_set(reader->error, ERROR_TOO_LARGE, "no memory for the document");
    }
}

static bool check_key(struct reader *reader, const yaml_event_t *event, const json_t *object)
{
    if (event->type != YAML_SCALAR_EVENT)
        return refuse_at(reader, &event->start_mark, "a key must be a text, not an alias, a list or a map");
    const char *key = (const char *)event->data.scalar.value;
    if (strlen(key) != event->data.scalar.length)
        return refuse_at(reader, &event->start_mark, "a key must not hold a NUL");
    if (json_object_get(object, key) != NULL) {
        char reason[160];
        snprintf(reason, sizeof reason, "the key \"%.100s\" is there twice", key);
        return refuse_at(reader, &event->start_mark, reason);
    }
    return true;
}

/* Reads the value of a key and adds both to the object. */
static bool read_member(struct reader *reader, const yaml_event_t *key, int64_t depth, struct node *object)
{
    struct node member = {0};
    const char *name = (const char *)key->data.scalar.value;
    if (!check_key(reader, key, object->value))
        return false;
    if (!read_next_node(reader, depth + 1, &member)) {
        json_decref(member.value);
        return false;
    }
    if (member.levels + 1 > object->levels)
        object->levels = member.levels + 1;
    if (json_object_set_new(object->value, name, member.value) != 0)
        return refuse_at(reader, &key->start_mark, "this key is no valid text");
    note_line(reader, json_object_iter_key(json_object_iter_at(object->value, name)), &key->start_mark);
    return true;
}

static bool read_mapping(struct reader *reader, const yaml_event_t *start, int64_t depth, struct node *node)
{
    if (!is_collection_tag(start->data.mapping_start.tag, YAML_MAP_TAG))
        return refuse_at(reader, &start->start_mark, "unknown tag on a map");
    node->value = json_object();
    node->levels = 1;
    for (;;) {
        yaml_event_t key;
        if (!next_event(reader, &key))
            return false;
        bool end = key.type == YAML_MAPPING_END_EVENT;
        bool good = end || read_member(reader, &key, depth, node);
        yaml_event_delete(&key);
        if (!good || end)
            return good;
    }
}

/* ---- anchors and aliases ---- */

static void keep_anchor(struct reader *reader, const yaml_char_t *name, const struct node *node, int64_t nodes)
{
    struct anchor *anchor = NEW(struct anchor);
    *anchor = (struct anchor){reader->anchors, memory_copy_string((const char *)name), json_incref(node->value), nodes,
                              node->levels};
    reader->anchors = anchor;
    hash_map_put_text(&reader->named_anchors, text_of(anchor->name), anchor);
}

/* Only finished nodes can be named, so that no node holds itself. */
static bool read_alias(struct reader *reader, const yaml_event_t *event, int64_t depth, struct node *node)
{
    struct text name = text_of((const char *)event->data.alias.anchor);
    const struct anchor *anchor = hash_map_get_text(&reader->named_anchors, name);
    if (anchor == NULL)
        return refuse_at(reader, &event->start_mark, "this alias names no anchor before it");
    reader->aliased += anchor->nodes;
    reader->nodes += anchor->nodes;
    if (reader->aliased > limits.workflow_aliases)
        return error_set(reader->error, ERROR_TOO_LARGE,
                         "line %zu: aliases add more than %" PRId64 " nodes (limit workflow_aliases)",
                         event->start_mark.line + 1, limits.workflow_aliases);
    if (depth + anchor->levels - 1 > limits.workflow_document_depth)
        return refuse_at(reader, &event->start_mark, "nested too deeply (limit workflow_document_depth)");
    node->value = json_incref(anchor->value);
    node->levels = anchor->levels;
    return true;
}

/* The depth is bounded here, so the recursion through the collections is. */
static bool read_node(struct reader *reader, yaml_event_t *event, int64_t depth, struct node *node)
{
    const yaml_char_t *name = NULL;
    int64_t before = reader->nodes;
    bool good;
    if (depth > limits.workflow_document_depth)
        return refuse_at(reader, &event->start_mark, "nested too deeply (limit workflow_document_depth)");
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, depth, node);
    reader->nodes++;
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        name = event->data.sequence_start.anchor;
        good = read_sequence(reader, event, depth, node);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        name = event->data.mapping_start.anchor;
        good = read_mapping(reader, event, depth, node);
    } else {
        name = event->data.scalar.anchor;
        good = read_scalar(reader, event, node);
    }
    if (!good)
        return false;
    if (!json_is_null(node->value) && !json_is_boolean(node->value)) /* those are shared by all documents */
        note_line(reader, node->value, &event->start_mark);
    if (name != NULL)
        keep_anchor(reader, name, node, reader->nodes - before);
    return true;
}

/* ---- the stream ---- */

/* The next event, which must be of a type; it needs no deletion when it is. */
static bool expect(struct reader *reader, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return false;
    bool good = event.type == type || refuse_at(reader, &event.start_mark, otherwise);
    yaml_event_delete(&event);
    return good;
}

static bool read_stream(struct reader *reader)
{
    struct node root = {0};
    if (!expect(reader, YAML_STREAM_START_EVENT, "no YAML stream"))
        return false;
    if (!expect(reader, YAML_DOCUMENT_START_EVENT, "the document is empty"))
        return false;
    bool good = read_next_node(reader, 1, &root);
    reader->document->root = root.value;
    return good && expect(reader, YAML_DOCUMENT_END_EVENT, "the document does not end here") &&
           expect(reader, YAML_STREAM_END_EVENT, "a second document follows, but one is allowed");
}

static void free_anchors(struct anchor *anchor)
{
    while (anchor != NULL) {
        struct anchor *next = anchor->next;
        json_decref(anchor->value);
        free(anchor->name);
        free(anchor);
        anchor = next;
    }
}

bool yaml_tree_read(struct yaml_tree *document, struct text text, struct error *error)
{
    struct reader reader = {.document = document, .error = error};
    *document = (struct yaml_tree){0};
    if (text.size > (size_t)limits.workflow_document_bytes)
        return error_set(error, ERROR_TOO_LARGE,
                         "the document has %zu bytes, but the limit workflow_document_bytes is %" PRId64, text.size,
                         limits.workflow_document_bytes);
    if (!yaml_parser_initialize(&reader.parser))
        return error_set(error, ERROR_TOO_LARGE, "no memory for the document");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(text.data ? text.data : ""), text.size);
    bool good = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    hash_map_free(&reader.named_anchors);
    free_anchors(reader.anchors);
    if (!good) {
        int error_line = document->error_line;
        yaml_tree_free(document);
        document->error_line = error_line;
    }
    return good;
}

void yaml_tree_free(struct yaml_tree *document)
{
    json_decref(document->root);
    hash_map_free(&document->lines);
    *document = (struct yaml_tree){0};
}

int yaml_tree_line(const struct yaml_tree *document, const json_t *value)
{
    return (int)(uintptr_t)hash_map_get(&document->lines, (int64_t)(uintptr_t)value);
}

int yaml_tree_line_of_member(const struct yaml_tree *document, const json_t *object, const char *name)
{
    void *member = json_object_iter_at((json_t *)object, name);
    return member ? yaml_tree_line(document, (const json_t *)(const void *)json_object_iter_key(member)) : 0;
}
