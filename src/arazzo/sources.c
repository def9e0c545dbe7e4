#include "arazzo/sources.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/memory.h"

static bool is_address(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* ---- reading ---- */

/* ERROR_NOT_FOUND when there is no such file. */
static bool read_file(const char *path, struct buffer *out, struct error *error)
{
    struct stat status;
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
    char block[65536];
    size_t size;
    if (file == NULL)
        return error_set(error, ERROR_NOT_FOUND, "%s: there is no such file", path);
    while ((size = fread(block, 1, sizeof block, file)) > 0 && out->size <= (size_t)limits.workflow_document_bytes)
        buffer_append(out, block, size);
    bool good = !ferror(file) && !out->failed;
    fclose(file);
    return good || error_set(error, ERROR_INVALID, "%s cannot be read", path);
}

/* ERROR_NOT_FOUND when the answer is no 2xx; ERROR_UNREACHABLE when there is none. */
static bool read_address(const char *url, struct http_client *client, struct buffer *out, struct error *error)
{
    const struct http_header accept = {TEXT("accept"), TEXT("application/json, application/yaml")};
    struct http_call call = {
        .method = "GET", .url = url, .headers = &accept, .header_count = 1,
        .timeout_ms = limits.workflow_request_timeout_ms, .connect_timeout_ms = limits.workflow_request_timeout_ms,
        .response_keep_bytes = limits.workflow_document_bytes + 1,
        .response_read_bytes = limits.workflow_document_bytes + 1, .redirects = 5,
    };
    http_client_perform(client, &call);
    if (call.failure != HTTP_OK)
        return error_set(error, ERROR_UNREACHABLE, "%s: %s", url, call.failure_text);
    if (call.status < 200 || call.status > 299)
        return error_set(error, ERROR_NOT_FOUND, "%s answered %d", url, call.status);
    return buffer_append_text(out, call.response_body);
}

struct loading {
    struct workflow_source *source;
    const struct source_options *options;
    struct http_client *client;
    struct buffer *warnings;
    struct arena *arena;
};

/* Reads and parses; ERROR_NOT_FOUND and _UNREACHABLE mean: try elsewhere. */
static bool load_from(const struct loading *loading, const char *location, struct error *error)
{
    struct buffer content = {0};
    bool read = is_address(location) ? read_address(location, loading->client, &content, error)
                                     : read_file(location, &content, error);
    if (read) {
        loading->source->loaded = openapi_read(&loading->source->openapi, buffer_text(&content), error);
        loading->source->location = arena_copy_string(loading->arena, text_of(location));
        if (!loading->source->loaded)
            error_prefix(error, "%s", location);
    }
    buffer_free(&content);
    return loading->source->loaded;
}

static bool is_elsewhere(const struct error *error)
{
    return error->code == ERROR_NOT_FOUND || error->code == ERROR_UNREACHABLE;
}

/* Where the document says that it is. */
static const char *named_location(const struct loading *loading)
{
    const char *url = loading->source->description->url;
    if (strncmp(url, "file://", 7) == 0)
        return url + 7;
    if (is_address(url) || url[0] == '/' || loading->options->document_path == NULL)
        return url;
    const char *slash = strrchr(loading->options->document_path, '/');
    int folder = slash ? (int)(slash - loading->options->document_path) + 1 : 0;
    return arena_printf(loading->arena, "%.*s%s", folder, loading->options->document_path, url);
}

static const char *location_in_directory(const struct loading *loading)
{
    const char *slash = strrchr(loading->source->description->url, '/');
    if (loading->options->openapi_directory == NULL)
        return NULL;
    return arena_printf(loading->arena, "%s/%s", loading->options->openapi_directory,
                        slash ? slash + 1 : loading->source->description->url);
}

/* "http://host:port" of a URL. */
static struct text origin_of(const char *url)
{
    struct text text = text_of(url);
    ptrdiff_t scheme = text_find(text, TEXT("://"));
    size_t start = scheme < 0 ? 0 : (size_t)scheme + 3;
    ptrdiff_t slash = text_find_byte(text_slice(text, start, text.size), '/');
    return slash < 0 ? text : text_slice(text, 0, start + (size_t)slash);
}

static const char *location_at_server(const struct loading *loading)
{
    if (loading->source->server == NULL)
        return NULL;
    return arena_printf(loading->arena, "%.*s/openapi.json", TEXT_ARGS(origin_of(loading->source->server)));
}

static void warn(const struct loading *loading, const char *reason, const char *instead)
{
    buffer_printf(loading->warnings, "source %s: %s; %s\n", loading->source->description->name, reason, instead);
}

static bool load_source(const struct loading *loading, struct error *error)
{
    enum { AT_SERVER = 2 };
    const char *const locations[] = {named_location(loading), location_in_directory(loading),
                                     [AT_SERVER] = location_at_server(loading)};
    struct error first = {0};
    for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
        struct error *reason = i == 0 ? &first : error;
        if (locations[i] == NULL)
            continue;
        if (load_from(loading, locations[i], reason)) {
            if (i == AT_SERVER)
                warn(loading, first.message, arena_printf(loading->arena, "%s is used", locations[i]));
            return true;
        }
        if (!is_elsewhere(reason) && i != AT_SERVER) { /* what a server answers there may be anything */
            *error = *reason;
            return false;
        }
    }
    if (loading->options->builtin.data == NULL) {
        warn(loading, first.message, "its operations are not known");
        return true;
    }
    loading->source->loaded = openapi_read(&loading->source->openapi, loading->options->builtin, error);
    loading->source->location = "built in";
    warn(loading, first.message, "the built-in description is used");
    return loading->source->loaded;
}

/* ---- servers ---- */

static const char *chosen_server(const struct source_options *options, const char *name)
{
    const char *of_all = NULL;
    for (size_t i = 0; i < options->server_count; i++) {
        if (options->servers[i].source == NULL)
            of_all = options->servers[i].url;
        else if (strcmp(options->servers[i].source, name) == 0)
            return options->servers[i].url;
    }
    return of_all;
}

static bool check_servers(const struct document *document, const struct source_options *options, struct error *error)
{
    for (size_t i = 0; i < options->server_count; i++) {
        const struct server_choice *choice = &options->servers[i];
        if (choice->source != NULL && document_source(document, text_of(choice->source)) == NULL)
            return error_set(error, ERROR_INVALID, "the document has no source \"%s\" to give a server to",
                             choice->source);
        if (!is_address(choice->url))
            return error_set(error, ERROR_INVALID, "\"%s\" is no server: http://HOST:PORT or https://HOST is",
                             choice->url);
    }
    return true;
}

bool sources_load(struct workflow_sources *sources, const struct document *document, const struct source_options *options,
                  struct http_client *client, struct buffer *warnings, struct error *error)
{
    *sources = (struct workflow_sources){0};
    if (!check_servers(document, options, error))
        return false;
    sources->items = ARENA_ARRAY(&sources->arena, struct workflow_source, document->source_count);
    for (; sources->count < document->source_count; sources->count++) {
        struct workflow_source *source = &sources->items[sources->count];
        struct loading loading = {source, options, client, warnings, &sources->arena};
        source->description = &document->sources[sources->count];
        source->server = chosen_server(options, source->description->name);
        if (!load_source(&loading, error)) {
            sources_free(sources);
            return false;
        }
    }
    return true;
}

void sources_free(struct workflow_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        openapi_free(&sources->items[i].openapi);
    arena_free(&sources->arena);
    *sources = (struct workflow_sources){0};
}

/* ---- operations ---- */

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
static bool find_by_id(const struct workflow_sources *sources, struct text target, const struct workflow_source **source,
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
static bool find_by_path(const struct workflow_sources *sources, struct text target, const struct workflow_source **source,
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

bool sources_find(const struct workflow_sources *sources, const struct step *step, const struct workflow_source **source,
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

bool source_base_url(const struct workflow_source *source, const struct operation *operation, struct buffer *url,
                     struct error *error)
{
    struct buffer described = {0};
    operation_server(operation, &described);
    struct text own = buffer_text(&described);
    const char *origin = source->server                        ? source->server
                         : is_address(buffer_string(&described)) ? buffer_string(&described)
                         : is_address(source->location)        ? source->location
                                                                 : NULL;
    if (origin != NULL) {
        struct text path = source->server ? path_of(text_of(source->server)) : TEXT_NONE;
        buffer_append_text(url, origin_of(origin));
        buffer_append_text(url, path.size > 0 ? path : path_of(own));
    }
    buffer_free(&described);
    return origin != NULL ||
           error_set(error, ERROR_INVALID, "no server is known for source %s: name one with --server",
                     source->description->name);
}
