/*
 * sources.h - the source descriptions of a document, loaded, with the servers that are used in their place.
 *
 * A description is looked for, in this order: the file or address that the document names, the file of the same
 * name in the user's directory of descriptions, what the server that the user named offers at /openapi.json, and the
 * copy that the caller brings. Only the last resort's failure counts: an operation that nobody describes.
 *
 * A source of type arazzo is another document, which is read with its own sources; each document is read once, so that
 * documents may lead to each other.
 *
 * A server given as a root ("http://127.0.0.1:8420") takes the path of the description's own server
 * ("/2025-07-01"); one with a path is used as it is.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/document.h"
#include "arazzo/openapi.h"
#include "http/client.h"

struct server_choice {
    const char *source; /* NULL: of every source that has none of its own */
    const char *url;
};

struct source_options {
    const char *document_path;     /* relative addresses start from its folder; NULL: there is none */
    const char *openapi_directory; /* NULL: none */
    const struct server_choice *servers;
    size_t server_count;
    char *(*builtin)(void);        /* makes a description to fall back to, which is freed; NULL: there is none */
};

struct workflow_sources;

struct workflow_source {
    const struct source_description *description;
    struct openapi openapi;
    const struct workflow_sources *linked; /* of a source of type arazzo: the document with its own sources */
    bool loaded;
    const char *server;   /* as the user gave it, NULL when not */
    const char *location; /* where the description came from */
};

struct linked_documents;

struct workflow_sources {
    const struct document *document;
    size_t number; /* of the document in the run: 0 is the one that is run, others were linked */
    struct workflow_source *items;
    size_t count;
    struct arena arena;
    struct linked_documents *documents; /* all that were linked, shared by all sources of a run */
};

/*
 * Loads all of them; what is missing becomes a warning in `warnings`, one sentence a line. False with an error when
 * a description is there but faulty, or a server is named for a source that the document does not have.
 */
bool sources_load(struct workflow_sources *sources, const struct document *document, const struct source_options *options,
                  struct http_client *client, struct buffer *warnings, struct error *error);
void sources_free(struct workflow_sources *sources);

/* How many documents the sources are of, with the one that is run. */
size_t sources_document_count(const struct workflow_sources *sources);
/* The sources of the document of that number. */
const struct workflow_sources *sources_of_document(const struct workflow_sources *sources, size_t number);

/*
 * The workflow that a workflowId means, of this document or "$sourceDescriptions.NAME.ID" of another; *owner becomes
 * the sources of its document. NULL with an error when there is none.
 */
const struct workflow *sources_workflow(const struct workflow_sources *sources, const char *reference,
                                        const struct workflow_sources **owner, struct error *error);

/* The operation of a step. Bare ids are searched in all sources; two different ones that fit are an error. */
bool sources_find(const struct workflow_sources *sources, const struct step *step, const struct workflow_source **source,
                  struct operation *operation, struct error *error);
/* The URL that the operation's path is put behind, without a slash at its end. False when none is known. */
bool source_base_url(const struct workflow_source *source, const struct operation *operation, struct buffer *url,
                     struct error *error);
