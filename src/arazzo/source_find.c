/* What steps name, found in the sources: operations, workflows, and the URLs that requests go to. */
#include "arazzo/location.h"
#include "arazzo/sources.h"

static const struct workflow_source *source_of(const struct workflow_sources *sources, struct text name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (text_equal(text_of(sources->items[i].description->name), name))
            return &sources->items[i];
    }
    return NULL;
}

/* Several sources that were filled with the same description do not make an id ambiguous. */
static bool is_same(const struct operation *a, const struct operation *b)
{
    return strcmp(a->method, b->method) == 0 && strcmp(a->path, b->path) == 0;
}

static bool find_anywhere(const struct workflow_sources *sources, struct text id, const struct workflow_source **source,
                          struct operation *operation, struct error *error)
{
    *source = NULL;
    for (size_t i = 0; i < sources->count; i++) {
        struct operation found;
        if (!sources->items[i].loaded || !openapi_find(&sources->items[i].openapi, id, &found))
            continue;
        if (*source != NULL && !is_same(&found, operation))
            return error_set(error, ERROR_INVALID, "\"%.*s\" is an operation of %s and another one of %s: write "
                             "$sourceDescriptions.NAME.%.*s", TEXT_ARGS(id), (*source)->description->name,
                             sources->items[i].description->name, TEXT_ARGS(id));
        if (*source == NULL) {
            *source = &sources->items[i];
            *operation = found;
        }
    }
    return *source != NULL || error_set(error, ERROR_INVALID, "no source describes an operation \"%.*s\"",
                                        TEXT_ARGS(id));
}

/* "$sourceDescriptions.name.operationId" or the id alone. */
static bool find_by_id(const struct workflow_sources *sources, struct text target,
                       const struct workflow_source **source,
                       struct operation *operation, struct error *error)
{
    static const struct text prefix = {"$sourceDescriptions.", 20};
    if (!text_starts_with(target, prefix))
        return find_anywhere(sources, target, source, operation, error);
    struct text rest = text_slice(target, prefix.size, target.size), name = rest;
    ptrdiff_t dot = text_find_byte(rest, '.');
    if (dot > 0) {
        name = text_slice(rest, 0, (size_t)dot);
        rest = text_slice(rest, (size_t)dot + 1, rest.size);
    }
    *source = source_of(sources, name);
    if (*source == NULL || dot <= 0)
        return error_set(error, ERROR_INVALID, "\"%.*s\" names no source and operation", TEXT_ARGS(target));
    return ((*source)->loaded && openapi_find(&(*source)->openapi, rest, operation)) ||
           error_set(error, ERROR_INVALID, "source %.*s describes no operation \"%.*s\"", TEXT_ARGS(name),
                     TEXT_ARGS(rest));
}

/* "{$sourceDescriptions.name.url}#/paths/..." */
static bool find_by_path(const struct workflow_sources *sources, struct text target,
                         const struct workflow_source **source,
                         struct operation *operation, struct error *error)
{
    static const struct text prefix = {"{$sourceDescriptions.", 21}, middle = {".url}#", 6};
    ptrdiff_t end = text_find(target, middle);
    if (!text_starts_with(target, prefix) || end < 0)
        return error_set(error, ERROR_INVALID,
                         "\"%.*s\" is no operationPath: {$sourceDescriptions.NAME.url}#/paths/... is",
                         TEXT_ARGS(target));
    struct text name = text_slice(target, prefix.size, (size_t)end - prefix.size);
    struct text pointer = text_slice(target, (size_t)end + middle.size, target.size);
    *source = source_of(sources, name);
    if (*source == NULL)
        return error_set(error, ERROR_INVALID, "there is no source \"%.*s\"", TEXT_ARGS(name));
    return ((*source)->loaded && openapi_find_at(&(*source)->openapi, pointer, operation)) ||
           error_set(error, ERROR_INVALID, "source %.*s describes no operation at %.*s", TEXT_ARGS(name),
                     TEXT_ARGS(pointer));
}

bool sources_find(const struct workflow_sources *sources, const struct step *step,
                  const struct workflow_source **source,
                  struct operation *operation, struct error *error)
{
    return step->kind == STEP_OPERATION_ID ? find_by_id(sources, text_of(step->target), source, operation, error)
                                           : find_by_path(sources, text_of(step->target), source, operation, error);
}

/* What follows the origin, without a slash at its end. */
static struct text path_of(struct text url)
{
    ptrdiff_t scheme = text_find(url, TEXT("://"));
    struct text rest = scheme < 0 ? url : text_slice(url, (size_t)scheme + 3, url.size);
    ptrdiff_t slash = text_find_byte(rest, '/');
    rest = slash < 0 ? TEXT_NONE : text_slice(rest, (size_t)slash, rest.size);
    while (text_ends_with(rest, TEXT("/")))
        rest.size--;
    return rest;
}

/* A relative URL starts from where the description lies; "v1" of a file is taken as "/v1". */
static void describe_server(const struct workflow_source *source, const struct operation *operation,
                            struct buffer *url)
{
    struct arena arena = {0};
    struct buffer said = {0};
    operation_server(operation, &said);
    const char *text = buffer_string(&said);
    if (text[0] == '\0' || text[0] == '/' || location_is_address(text)) {
        buffer_append_string(url, text);
    } else {
        bool from_server = source->location != NULL && location_is_address(source->location);
        buffer_append_string(url, location_resolve(&arena, from_server ? source->location : "http://h/", text) +
                                      (from_server ? 0 : strlen("http://h")));
    }
    buffer_free(&said);
    arena_free(&arena);
}

bool source_base_url(const struct workflow_source *source, const struct operation *operation, struct buffer *url,
                     struct error *error)
{
    struct buffer described = {0};
    describe_server(source, operation, &described);
    struct text own = buffer_text(&described);
    const char *origin = source->server                        ? source->server
                         : location_is_address(buffer_string(&described)) ? buffer_string(&described)
                         : location_is_address(source->location)        ? source->location
                                                                 : NULL;
    if (origin != NULL) {
        struct text path = source->server ? path_of(text_of(source->server)) : TEXT_NONE;
        buffer_append_text(url, location_origin(text_of(origin)));
        buffer_append_text(url, path.size > 0 ? path : path_of(own));
    }
    buffer_free(&described);
    return origin != NULL ||
           error_set(error, ERROR_INVALID, "no server is known for source %s: name one with --server",
                     source->description->name);
}

/* ---- workflows ---- */

const struct workflow *sources_workflow(const struct workflow_sources *sources, const char *reference,
                                        const struct workflow_sources **owner, struct error *error)
{
    struct text name;
    const char *id;
    const struct workflow *workflow;
    *owner = sources;
    if (!document_foreign_name(reference, &name, &id)) {
        workflow = document_workflow(sources->document, reference);
        if (workflow == NULL)
            error_set(error, ERROR_INVALID, "there is no workflow \"%s\"", reference);
        return workflow;
    }
    const struct workflow_source *source = source_of(sources, name);
    *owner = source ? source->linked : NULL;
    workflow = *owner ? document_workflow((*owner)->document, id) : NULL;
    if (workflow == NULL)
        error_set(error, ERROR_INVALID, *owner ? "source %.*s has no workflow \"%s\""
                                               : "source %.*s is no document that was read, to have a workflow \"%s\"",
                  TEXT_ARGS(name), id);
    return workflow;
}
