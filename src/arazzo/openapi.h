/*
 * openapi.h - an OpenAPI description (2.0, 3.0, 3.1), as far as it takes to call its operations.
 *
 * References are followed, also into other files (openapi_files.h); what they say counts as absent when they lead
 * nowhere. All pointers given out are borrowed from the description.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/yaml_tree.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/hash_map.h"
#include "http/client.h"

struct openapi {
    struct yaml_tree yaml;
    const json_t *root;
    bool is_swagger;            /* 2.0 */
    struct arena arena;
    struct hash_map operations; /* operationId -> struct operation, the first of each id */
    size_t file_count;          /* other files that became a part of it */
};

struct operation {
    const struct openapi *openapi;
    const char *method, *path; /* the method in upper case; the path with its {names} */
    const json_t *path_item, *object;
};

/*
 * YAML or JSON. `location` is where it lies: references into other files are read from there with the client, and
 * those that lead nowhere are lines in `warnings`. NULL: such references are not followed.
 */
bool openapi_read(struct openapi *openapi, struct text text, const char *location, struct http_client *client,
                  struct buffer *warnings, struct error *error);
void openapi_free(struct openapi *openapi);

/* False when there is none of that id. */
bool openapi_find(const struct openapi *openapi, struct text operation_id, struct operation *operation);
/* By the JSON Pointer of the operation: "/paths/~1events~1{id}/get". */
bool openapi_find_at(const struct openapi *openapi, struct text pointer, struct operation *operation);

/* The object that a {"$ref": "#/..."} stands for, or `value` itself; NULL when it leads nowhere. */
const json_t *openapi_follow(const struct openapi *openapi, const json_t *value);
/* The declaration of a parameter, of the operation or its path; NULL when it declares none such. */
const json_t *operation_parameter(const struct operation *operation, const char *name, const char *in);
/*
 * The URL of the server: of the operation, its path or the description, variables at their defaults. It may be
 * relative ("/2025-07-01") or empty.
 */
void operation_server(const struct operation *operation, struct buffer *url);
/* The media type of the request body that is described first, JSON before others; NULL when none is. */
const char *operation_content_type(const struct operation *operation);
/*
 * What the description says about one property of the request body of that media type: its encoding object and its
 * schema; NULL when nothing.
 */
const json_t *operation_body_encoding(const struct operation *operation, const char *type, const char *property);
const json_t *operation_body_property(const struct operation *operation, const char *type, const char *property);
/*
 * The first way to authenticate that the operation allows and that `usable` takes: an array of {"name", "scheme",
 * "scopes"} that go together; NULL when none is asked for or can be used. Schemes of 2.0 are given in the form of 3.0.
 * A new reference.
 */
json_t *operation_security(const struct operation *operation,
                           bool (*usable)(void *user, const char *name, const json_t *scheme), void *user);
