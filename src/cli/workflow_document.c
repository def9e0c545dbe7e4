#include "cli/workflow_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "cli/terminal.h"

static bool read_whole(const char *path, struct buffer *out)
{
    struct stat status;
    char block[65536];
    size_t size;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL || (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))) {
        fprintf(stderr, "fairlead workflow: there is no file %s\n", path);
        if (file != NULL)
            fclose(file);
        return false;
    }
    while ((size = fread(block, 1, sizeof block, file)) > 0 && out->size <= (size_t)limits.workflow_document_bytes)
        buffer_append(out, block, size);
    bool good = !ferror(file) && !out->failed;
    if (file != stdin)
        fclose(file);
    if (!good)
        fprintf(stderr, "fairlead workflow: %s cannot be read\n", path);
    return good;
}

void workflow_problems_print(const char *path, const struct problems *problems)
{
    bool coloured = terminal_has_colours(stderr);
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        enum colour colour = problem->is_error ? COLOUR_BAD : COLOUR_DOUBT;
        fprintf(stderr, "%s:%d: %s%s%s: %s: %s %s[%s]%s\n", path, problem->line, terminal_begin(coloured, colour),
                problem->is_error ? "error" : "warning", terminal_end(coloured), problem->place, problem->sentence,
                terminal_begin(coloured, COLOUR_FAINT), problem->rule->name, terminal_end(coloured));
        fprintf(stderr, "    %shint: %s%s\n", terminal_begin(coloured, COLOUR_FAINT), problem->hint,
                terminal_end(coloured));
    }
    if (problems->errors > PROBLEMS_MOST)
        fprintf(stderr, "%s: %zu errors, of which the first are shown\n", path, problems->errors);
}

struct document *workflow_document_open(const char *path)
{
    struct buffer text = {0};
    struct document *document = read_whole(path, &text) ? document_open(buffer_text(&text)) : NULL;
    buffer_free(&text);
    return document;
}

struct document *workflow_document_load(const char *path)
{
    struct document *document = workflow_document_open(path);
    if (document == NULL)
        return NULL;
    workflow_problems_print(path, &document->problems);
    if (document->problems.errors == 0)
        return document;
    document_free(document);
    return NULL;
}
