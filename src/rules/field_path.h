/*
 * field_path.h - a path into a request: "headers.x-id", "body.items[*].sku", "body.rows[0].id", "query", "path". Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "rules/content.h"

enum {
    FIELD_PATH_SIZE = 1024, /* bytes */
    FIELD_PATH_STEPS = 32,  /* names and brackets behind the first name */
};

enum field_step_kind { PATH_NAME, PATH_ITEM, PATH_EACH };

struct field_step {
    enum field_step_kind kind;
    struct text name; /* PATH_NAME */
    size_t index;     /* PATH_ITEM */
};

struct field_path {
    enum content_part part;
    struct field_step *steps; /* behind the part */
    size_t count;
};

/* In the arena. ERROR_INVALID says what is wrong: "must begin with headers, body, query or path". */
bool field_path_parse(struct arena *arena, struct text text, struct field_path *path, struct error *error);
/* Does everything that `inner` leads to lie within what `outer` leads to, or is it the same? */
bool field_path_holds(const struct field_path *outer, const struct field_path *inner);
