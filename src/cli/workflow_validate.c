#include "cli/workflow_validate.h"

#include <stdio.h>

#include "api/api.h"
#include "arazzo/source_check.h"
#include "cli/workflow_document.h"

static const struct rule *description_rule(void)
{
    return rule_named("description");
}

/* What was missing is a warning each: "source NAME: why; what was done". */
static void take_warnings(struct document *document, const struct buffer *warnings)
{
    static const struct place place = {NULL, "sourceDescriptions", 0};
    struct text rest = buffer_text(warnings), line;
    int at = yaml_tree_line_of_member(&document->yaml, document->yaml.root, "sourceDescriptions");
    while (text_split(&rest, '\n', &line)) {
        if (line.size > 0)
            problem_add_by(&document->problems, false, at, &place, description_rule(), NULL, "%.*s", TEXT_ARGS(line));
    }
}

/* Only when the document itself is sound, else its steps may be anything. */
static void check_sources(struct document *document, const struct workflow_options *options)
{
    static const struct place place = {NULL, "sourceDescriptions", 0};
    struct error error = {0};
    struct buffer warnings = {0};
    struct workflow_sources sources = {0};
    struct http_client *client = http_client_create(NULL, &error);
    struct source_options source_options = {
        .document_path = strcmp(options->document, "-") == 0 ? NULL : options->document,
        .openapi_directory = options->openapi, .servers = options->servers, .server_count = options->server_count,
        .builtin = api_openapi};
    bool loaded = client != NULL && sources_load(&sources, document, &source_options, client, &warnings, &error);
    take_warnings(document, &warnings);
    if (loaded)
        source_check(document, &sources);
    else
        problem_add_by(&document->problems, true,
                       yaml_tree_line_of_member(&document->yaml, document->yaml.root, "sourceDescriptions"), &place,
                       description_rule(), NULL, "%s", error.message);
    if (loaded)
        sources_free(&sources);
    if (client != NULL)
        http_client_free(client);
    buffer_free(&warnings);
}

int workflow_validate(const struct workflow_options *options)
{
    struct document *document = workflow_document_open(options->document);
    if (document == NULL)
        return WORKFLOW_BAD;
    if (document->problems.errors == 0)
        check_sources(document, options);
    problems_sort(&document->problems);
    workflow_problems_print(options->document, &document->problems);
    bool good = document->problems.errors == 0;
    size_t warnings = document->problems.count - document->problems.errors;
    if (good)
        printf("%s: %zu workflow%s, %zu warning%s\n", options->document, document->workflow_count,
               document->workflow_count == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    else
        fprintf(stderr, "%s: %zu error%s\n", options->document, document->problems.errors,
                document->problems.errors == 1 ? "" : "s");
    document_free(document);
    return good ? WORKFLOW_DONE : WORKFLOW_BAD;
}
