/*
 * openapi.h - an OpenAPI 3 description, as far as it takes to call its operations.
 *
 * Swagger 2 is refused by name. References inside the description are followed; those into other files are not, and
 * what they would say counts as absent. All pointers given out are borrowed from the description.
 */
#pragma once

#include <stdbool.h>

#include "arazzo/yaml_tree.h"
#include "base/buffer.h"
#include "base/error.h"

struct openapi {
    struct yaml_tree yaml;
    const json_t *root;
};

struct operation {
    const struct openapi *openapi;
    const char *method, *path; /* the method in upper case; the path with its {names} */
    const json_t *path_item, *object;
};

bool openapi_read(struct openapi *openapi, struct text text, struct error *error); /* YAML or JSON */
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
 * The first way to authenticate that the operation allows and that `usable` takes: an array of the security scheme
 * objects that go together; NULL when none is asked for or can be used. A new reference.
 */
json_t *operation_security(const struct operation *operation, bool (*usable)(const json_t *scheme));
