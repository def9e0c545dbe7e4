#include "arazzo/openapi_files.h"

#include <stdlib.h>

#include "arazzo/location.h"
#include "base/memory.h"

#define FILES_MEMBER "x-fairlead-files"

/* Loading the files of a description. */
struct files {
    struct openapi *openapi;
    struct http_client *client;
    struct buffer *warnings;
    const char *locations[OPENAPI_FILES_MOST];
};

static bool is_skipped(const char *member)
{
    static const char *const members[] = {"schema", "schemas", "definitions", "responses", "callbacks", "links",
                                          "headers", "example", "examples", "default", "enum"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(member, members[i]) == 0)
            return true;
    }
    return strncmp(member, "x-", 2) == 0;
}

static void warn(const struct files *files, const char *reference, const char *reason)
{
    if (files->warnings != NULL)
        buffer_printf(files->warnings, "the reference \"%s\" leads nowhere: %s\n", reference, reason);
}

/* The number of the file at that location, which is read when it is new; -1 when it cannot be. */
static int file_at(struct files *files, const char *location, const char *reference)
{
    struct openapi *openapi = files->openapi;
    struct error error = {0};
    struct buffer text = {0};
    struct yaml_tree tree = {0};
    for (size_t i = 0; i < openapi->file_count; i++) {
        if (strcmp(files->locations[i], location) == 0)
            return (int)i;
    }
    bool good = openapi->file_count < OPENAPI_FILES_MOST ||
                error_set(&error, ERROR_TOO_LARGE, "there are more than %d files", OPENAPI_FILES_MOST);
    good = good && location_read(location, files->client, &text, &error) &&
           yaml_tree_read(&tree, buffer_text(&text), &error);
    buffer_free(&text);
    if (!good) {
        warn(files, reference, error.message);
        return -1;
    }
    json_array_append(json_object_get(openapi->root, FILES_MEMBER), tree.root);
    files->locations[openapi->file_count] = location;
    yaml_tree_free(&tree);
    return (int)openapi->file_count++;
}

/* "FILE#POINTER", or inside of file number `own` (-1: the description itself) "#POINTER", as a place in the whole. */
static const char *place_of(struct files *files, const char *base, int own, const char *reference)
{
    struct arena *arena = &files->openapi->arena;
    const char *hash = strchr(reference, '#');
    const char *pointer = hash ? hash + 1 : "";
    if (hash == reference)
        return own < 0 || strncmp(pointer, "/" FILES_MEMBER "/", sizeof FILES_MEMBER + 1) == 0
                   ? NULL : arena_printf(arena, "#/" FILES_MEMBER "/%d%s", own, pointer);
    const char *name = arena_copy_string(arena, (struct text){reference, hash ? (size_t)(hash - reference)
                                                                              : strlen(reference)});
    const char *location = location_resolve(arena, base, name);
    if (location_is_address(base) && !location_is_address(location)) {
        warn(files, reference, "what came from a server leads to servers only");
        return NULL;
    }
    int number = file_at(files, location, reference);
    return number < 0 ? NULL : arena_printf(arena, "#/" FILES_MEMBER "/%d%s", number, pointer);
}

/* The depth is that of a document, which is bounded. */
static void rewrite(struct files *files, const char *base, int own, json_t *value)
{
    const char *key;
    json_t *item;
    size_t index;
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    if (reference != NULL) {
        const char *place = place_of(files, base, own, reference);
        if (place != NULL)
            json_object_set_new(value, "$ref", json_string(place));
    }
    json_array_foreach(value, index, item)
        rewrite(files, base, own, item);
    json_object_foreach(value, key, item) {
        if (!is_skipped(key))
            rewrite(files, base, own, item);
    }
}

void openapi_files_load(struct openapi *openapi, const char *location, struct http_client *client,
                        struct buffer *warnings)
{
    struct files *files = NEW(struct files);
    *files = (struct files){.openapi = openapi, .client = client, .warnings = warnings};
    json_t *list = json_array();
    json_object_set_new((json_t *)openapi->root, FILES_MEMBER, list);
    rewrite(files, location, -1, (json_t *)openapi->root);
    for (size_t i = 0; i < openapi->file_count; i++) /* grows meanwhile */
        rewrite(files, files->locations[i], (int)i, json_array_get(list, i));
    free(files);
}
