#include "arazzo/xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <pthread.h>

#include "base/arena.h"

enum { XPATH_STEPS_MOST = 5000000, EXPRESSION_BYTES = 65536 };

/* An XML text with an evaluation on it. */
struct query {
    xmlDoc *document;
    xmlXPathContext *context;
    xmlXPathObject *result;
    struct error *error;
    bool failed; /* with the error set */
};

static void start_library(void)
{
    xmlInitParser();
}

static void keep_error(void *user, xmlError *reason)
{
    struct query *query = user;
    struct text message = text_trim(text_of(reason->message ? reason->message : "it is malformed"));
    if (!query->failed)
        error_set(query->error, ERROR_INVALID, "XPath: %.*s", TEXT_ARGS(message));
    query->failed = true;
}

static xmlDoc *parse(struct text xml, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_library);
    if (xml.size == 0 || xml.size > INT32_MAX) {
        error_set(error, ERROR_INVALID, xml.size == 0 ? "there is no XML" : "the XML is too large");
        return NULL;
    }
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL)
        return NULL;
    xmlDoc *document = xmlCtxtReadMemory(parser, xml.data, (int)xml.size, NULL, NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
    if (document == NULL) {
        struct text reason = text_trim(text_of(parser->lastError.message));
        error_set(error, ERROR_INVALID, "line %d is no XML: %.*s", parser->lastError.line, TEXT_ARGS(reason));
    }
    xmlFreeParserCtxt(parser);
    return document;
}

/* The nesting is bounded by the parser. */
static void register_prefixes(xmlXPathContext *context, const xmlNode *node)
{
    for (; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        for (const xmlNs *space = node->nsDef; space != NULL; space = space->next) {
            if (space->prefix != NULL && xmlXPathNsLookup(context, space->prefix) == NULL)
                xmlXPathRegisterNs(context, space->prefix, space->href);
        }
        register_prefixes(context, node->children);
    }
}

static bool evaluate(struct query *query, struct text expression)
{
    struct arena arena = {0};
    query->context = xmlXPathNewContext(query->document);
    if (query->context == NULL)
        return error_set(query->error, ERROR_TOO_LARGE, "no memory for XPath");
    query->context->opLimit = XPATH_STEPS_MOST;
    query->context->userData = query;
    query->context->error = keep_error;
    register_prefixes(query->context, query->document->children);
    query->result = xmlXPathEval((const xmlChar *)arena_copy_string(&arena, expression), query->context);
    arena_free(&arena);
    if (query->failed)
        return false;
    return query->result != NULL ||
           error_set(query->error, ERROR_INVALID, "XPath: \"%.*s\" cannot be evaluated", TEXT_ARGS(expression));
}

static bool begin(struct query *query, struct text xml, struct text expression, struct error *error)
{
    *query = (struct query){.error = error};
    if (expression.size > EXPRESSION_BYTES)
        return error_set(error, ERROR_TOO_LARGE, "XPath: an expression may have %d bytes", EXPRESSION_BYTES);
    query->document = parse(xml, error);
    return query->document != NULL && evaluate(query, expression);
}

static void end(struct query *query)
{
    xmlXPathFreeObject(query->result);
    xmlXPathFreeContext(query->context);
    xmlFreeDoc(query->document);
}

static json_t *text_of_node(xmlNode *node)
{
    xmlChar *content = xmlXPathCastNodeToString(node);
    json_t *text = json_text(text_of(content ? (const char *)content : ""));
    xmlFree(content);
    return text;
}

static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == rint(value) && fabs(value) < 9e15 ? json_integer((json_int_t)value) : json_real(value);
}

json_t *xml_select(struct text xml, struct text expression, struct error *error)
{
    struct query query;
    json_t *value = NULL;
    if (begin(&query, xml, expression, error)) {
        switch (query.result->type) {
        case XPATH_BOOLEAN: value = json_boolean(query.result->boolval); break;
        case XPATH_NUMBER: value = number(query.result->floatval); break;
        case XPATH_STRING: value = json_text(text_of((const char *)query.result->stringval)); break;
        default:
            value = json_array();
            for (int i = 0; query.result->nodesetval != NULL && i < query.result->nodesetval->nodeNr; i++)
                json_array_append_new(value, text_of_node(query.result->nodesetval->nodeTab[i]));
        }
    }
    end(&query);
    return value;
}

bool xml_holds(struct text xml, struct text expression, bool *holds, struct error *error)
{
    struct query query;
    bool good = begin(&query, xml, expression, error);
    *holds = good && xmlXPathCastToBoolean(query.result);
    end(&query);
    return good;
}

/* Attributes and elements alike; what was inside an element goes. */
static void set_content(xmlNode *node, const char *content)
{
    if (node->type == XML_ATTRIBUTE_NODE) {
        xmlSetNsProp(node->parent, node->ns, node->name, (const xmlChar *)content);
        return;
    }
    xmlNodeSetContent(node, NULL);
    xmlNodeAddContent(node, (const xmlChar *)content);
}

static bool write_document(struct buffer *out, xmlDoc *document, bool has_declaration)
{
    xmlChar *bytes = NULL;
    int size = 0;
    xmlDocDumpMemoryEnc(document, &bytes, &size, "UTF-8");
    struct text text = {(const char *)bytes, (size_t)size};
    ptrdiff_t line = text_find_byte(text, '\n');
    if (!has_declaration && text_starts_with(text, TEXT("<?xml")) && line >= 0)
        text = text_slice(text, (size_t)line + 1, text.size);
    bool good = bytes != NULL && buffer_append_text(out, text_trim(text));
    xmlFree(bytes);
    return good;
}

bool xml_replace(struct buffer *out, struct text xml, struct text expression, struct text content, struct error *error)
{
    struct query query;
    struct arena arena = {0};
    bool good = begin(&query, xml, expression, error);
    const xmlNodeSet *nodes = good && query.result->type == XPATH_NODESET ? query.result->nodesetval : NULL;
    if (good && (nodes == NULL || nodes->nodeNr == 0))
        good = error_set(error, ERROR_INVALID, "XPath: \"%.*s\" finds no node", TEXT_ARGS(expression));
    if (good) {
        const char *text = arena_copy_string(&arena, content);
        /* From the end: a node may lie inside of one that comes before it, and goes with its content. */
        for (int i = nodes->nodeNr - 1; i >= 0; i--)
            set_content(nodes->nodeTab[i], text);
        good = write_document(out, query.document, text_starts_with(text_trim(xml), TEXT("<?xml")));
    }
    if (nodes != NULL) /* they may be gone: the result must not look at them */
        query.result->nodesetval->nodeNr = 0;
    end(&query);
    arena_free(&arena);
    return good;
}

bool xml_check_expression(struct text expression, struct error *error)
{
    struct arena arena = {0};
    struct query query = {.error = error};
    if (expression.size > EXPRESSION_BYTES)
        return error_set(error, ERROR_TOO_LARGE, "XPath: an expression may have %d bytes", EXPRESSION_BYTES);
    xmlXPathContext *context = xmlXPathNewContext(NULL);
    if (context == NULL)
        return error_set(error, ERROR_TOO_LARGE, "no memory for XPath");
    context->userData = &query;
    context->error = keep_error;
    xmlXPathCompExpr *compiled = xmlXPathCtxtCompile(context, (const xmlChar *)arena_copy_string(&arena, expression));
    bool good = compiled != NULL && !query.failed;
    if (!good && !query.failed)
        error_set(error, ERROR_INVALID, "XPath: \"%.*s\" is malformed", TEXT_ARGS(expression));
    xmlXPathFreeCompExpr(compiled);
    xmlXPathFreeContext(context);
    arena_free(&arena);
    return good;
}
