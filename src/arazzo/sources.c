#include "arazzo/sources.h"

#include <limits.h>
#include <stdlib.h>

#include "arazzo/location.h"
#include "base/memory.h"

enum { DOCUMENTS_MOST = 64, AT_SERVER = 3 /* in the order of locations */ };

struct linked_document {
    char *identity; /* what two ways to the same file or address have in common */
    struct document *document;
    struct workflow_sources sources;
};

struct linked_documents {
    struct linked_document *items[DOCUMENTS_MOST];
    size_t count;
};

struct loading {
    struct workflow_sources *sources;
    struct workflow_source *source;
    const char *base; /* the location of the document; NULL: not known */
    const struct source_options *options;
    struct http_client *client;
    struct buffer *warnings;
    struct arena *arena;
};

static bool load_all(struct workflow_sources *sources, const struct document *document, const char *base,
                     const struct source_options *options, struct http_client *client, struct buffer *warnings,
                     struct error *error);

static void warn(const struct loading *loading, const char *reason, const char *instead)
{
    buffer_printf(loading->warnings, "source %s: %s; %s\n", loading->source->description->name, reason, instead);
}

/* ---- descriptions ---- */

static bool read_description(const struct loading *loading, struct text text, const char *location, struct error *error)
{
    struct buffer lost = {0};
    struct text rest, line;
    struct workflow_source *source = loading->source;
    source->loaded = openapi_read(&source->openapi, text, location, loading->client, &lost, error);
    source->location = location ? arena_copy_string(loading->arena, text_of(location)) : "built in";
    rest = buffer_text(&lost);
    while (text_split(&rest, '\n', &line)) {
        if (line.size > 0)
            buffer_printf(loading->warnings, "source %s: %.*s\n", source->description->name, TEXT_ARGS(line));
    }
    buffer_free(&lost);
    return source->loaded || (location != NULL && error_prefix(error, "%s", location));
}

/* ---- documents ---- */

/* A path without symbolic links and dots; malloc'd. */
static char *identity_of(const char *location)
{
    char *path = location_is_address(location) ? NULL : realpath(location, NULL);
    return path ? path : memory_copy_string(location);
}

static struct linked_document *find_linked(const struct loading *loading, const char *identity)
{
    const struct linked_documents *documents = loading->sources->documents;
    for (size_t i = 0; i < documents->count; i++) {
        if (strcmp(documents->items[i]->identity, identity) == 0)
            return documents->items[i];
    }
    return NULL;
}

static bool check_document(const struct loading *loading, const struct document *document, const char *location,
                           struct error *error)
{
    for (size_t i = 0; i < document->problems.count; i++) {
        const struct problem *problem = &document->problems.items[i];
        if (problem->is_error)
            return error_set(error, ERROR_INVALID, "%s:%d: %s: %s", location, problem->line, problem->place,
                             problem->sentence);
        buffer_printf(loading->warnings, "source %s, line %d: %s: %s\n", loading->source->description->name,
                      problem->line, problem->place, problem->sentence);
    }
    return true;
}

/* It is in the list before its sources are loaded, so that documents may lead to each other. Takes the identity. */
static bool link_document(const struct loading *loading, struct text text, const char *location, char *identity,
                          struct error *error)
{
    struct linked_documents *documents = loading->sources->documents;
    struct linked_document *linked = NEW(struct linked_document);
    linked->identity = identity;
    documents->items[documents->count++] = linked;
    linked->document = document_read(text, error);
    if (linked->document == NULL)
        return error_prefix(error, "%s", location);
    linked->sources.documents = documents;
    linked->sources.number = documents->count;
    loading->source->linked = &linked->sources;
    return check_document(loading, linked->document, location, error) &&
           load_all(&linked->sources, linked->document, location, loading->options, loading->client, loading->warnings,
                    error);
}

static bool read_linked(const struct loading *loading, struct text text, const char *location, struct error *error)
{
    char *identity = identity_of(location);
    struct linked_document *known = find_linked(loading, identity);
    loading->source->location = arena_copy_string(loading->arena, text_of(location));
    loading->source->loaded = true;
    if (known != NULL) {
        loading->source->linked = &known->sources;
        free(identity);
        return true;
    }
    if (loading->sources->documents->count == DOCUMENTS_MOST) {
        free(identity);
        return error_set(error, ERROR_TOO_LARGE, "more than %d documents lead to each other", DOCUMENTS_MOST);
    }
    return link_document(loading, text, location, identity, error);
}

/* ---- where a source lies ---- */

/* Reads and parses; ERROR_NOT_FOUND and _UNREACHABLE mean: try elsewhere. */
static bool load_from(const struct loading *loading, const char *location, struct error *error)
{
    struct buffer content = {0};
    bool good = location_read(location, loading->client, &content, error);
    if (good && loading->source->description->type == SOURCE_ARAZZO)
        good = read_linked(loading, buffer_text(&content), location, error);
    else if (good)
        good = read_description(loading, buffer_text(&content), location, error);
    buffer_free(&content);
    return good;
}

static bool is_elsewhere(const struct error *error)
{
    return error->code == ERROR_NOT_FOUND || error->code == ERROR_UNREACHABLE;
}

static const char *location_in_directory(const struct loading *loading)
{
    const char *slash = strrchr(loading->source->description->url, '/');
    if (loading->options->openapi_directory == NULL)
        return NULL;
    return arena_printf(loading->arena, "%s/%s", loading->options->openapi_directory,
                        slash ? slash + 1 : loading->source->description->url);
}

static const char *location_at_server(const struct loading *loading)
{
    if (loading->source->server == NULL || loading->source->description->type != SOURCE_OPENAPI)
        return NULL;
    return arena_printf(loading->arena, "%.*s/openapi.json",
                        TEXT_ARGS(location_origin(text_of(loading->source->server))));
}

/* By the base that the document gives itself ($self of 1.1.0), which need not be where it lies. */
static const char *location_by_self(const struct loading *loading)
{
    const char *self = loading->sources->document->self, *url = loading->source->description->url;
    if (self == NULL || !location_is_address(self) || location_is_address(url))
        return NULL;
    return location_resolve(loading->arena, self, url);
}

/* What nobody has: the gateway's own description stands in. */
static bool load_builtin(const struct loading *loading, const char *reason, struct error *error)
{
    if (loading->options->builtin == NULL || loading->source->description->type != SOURCE_OPENAPI) {
        warn(loading, reason, loading->source->description->type == SOURCE_OPENAPI ? "its operations are not known"
                                                                                    : "its workflows are not known");
        return true;
    }
    warn(loading, reason, "the built-in description is used");
    char *description = loading->options->builtin();
    bool good = read_description(loading, text_of(description), NULL, error);
    free(description);
    return good;
}

static bool load_source(const struct loading *loading, struct error *error)
{
    const char *url = loading->source->description->url;
    const char *const locations[] = {location_by_self(loading), location_resolve(loading->arena, loading->base, url),
                                     location_in_directory(loading), [AT_SERVER] = location_at_server(loading)};
    struct error first = {0};
    for (size_t i = 0; i < sizeof locations / sizeof locations[0]; i++) {
        struct error reason = {0};
        if (locations[i] == NULL)
            continue;
        if (i < AT_SERVER - 1 && loading->base != NULL && location_is_address(loading->base) &&
            !location_is_address(locations[i]))
            return error_set(error, ERROR_INVALID,
                             "source %s: what came from a server leads to servers only, not to %s",
                             loading->source->description->name, url);
        if (load_from(loading, locations[i], &reason)) {
            if (i == AT_SERVER)
                warn(loading, first.message, arena_printf(loading->arena, "%s is used", locations[i]));
            return true;
        }
        if (!is_elsewhere(&reason) && i != AT_SERVER) { /* what a server answers there may be anything */
            *error = reason;
            return false;
        }
        first = first.code == ERROR_NONE ? reason : first;
    }
    return load_builtin(loading, first.message, error);
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

static bool is_source_somewhere(const struct workflow_sources *sources, const char *name)
{
    for (size_t i = 0; i < sources_document_count(sources); i++) {
        if (document_source(sources_of_document(sources, i)->document, text_of(name)) != NULL)
            return true;
    }
    return false;
}

static bool check_servers(const struct workflow_sources *sources, const struct source_options *options,
                          struct error *error)
{
    for (size_t i = 0; i < options->server_count; i++) {
        const struct server_choice *choice = &options->servers[i];
        if (choice->source != NULL && !is_source_somewhere(sources, choice->source))
            return error_set(error, ERROR_INVALID, "the document has no source \"%s\" to give a server to",
                             choice->source);
        if (!location_is_address(choice->url))
            return error_set(error, ERROR_INVALID, "\"%s\" is no server: http://HOST:PORT or https://HOST is",
                             choice->url);
    }
    return true;
}

static bool load_all(struct workflow_sources *sources, const struct document *document, const char *base,
                     const struct source_options *options, struct http_client *client, struct buffer *warnings,
                     struct error *error)
{
    sources->document = document;
    sources->items = ARENA_ARRAY(&sources->arena, struct workflow_source, document->source_count);
    for (size_t i = 0; i < document->source_count; i++) {
        struct workflow_source *source = &sources->items[i];
        struct loading loading = {sources, source, base, options, client, warnings, &sources->arena};
        source->description = &document->sources[i];
        source->server = chosen_server(options, source->description->name);
        sources->count++; /* what is loaded in part is freed with it */
        if (!load_source(&loading, error))
            return false;
    }
    return true;
}

bool sources_load(struct workflow_sources *sources, const struct document *document,
                  const struct source_options *options,
                  struct http_client *client, struct buffer *warnings, struct error *error)
{
    *sources = (struct workflow_sources){.documents = NEW(struct linked_documents)};
    if (load_all(sources, document, options->document_path, options, client, warnings, error) &&
        check_servers(sources, options, error))
        return true;
    sources_free(sources);
    return false;
}

static void free_items(struct workflow_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        openapi_free(&sources->items[i].openapi);
    arena_free(&sources->arena);
}

void sources_free(struct workflow_sources *sources)
{
    for (size_t i = 0; sources->documents != NULL && i < sources->documents->count; i++) {
        struct linked_document *linked = sources->documents->items[i];
        free_items(&linked->sources);
        document_free(linked->document);
        free(linked->identity);
        free(linked);
    }
    free(sources->documents);
    free_items(sources);
    *sources = (struct workflow_sources){0};
}

size_t sources_document_count(const struct workflow_sources *sources)
{
    return sources->documents->count + 1;
}

const struct workflow_sources *sources_of_document(const struct workflow_sources *sources, size_t number)
{
    return number == 0 ? sources : &sources->documents->items[number - 1]->sources;
}
