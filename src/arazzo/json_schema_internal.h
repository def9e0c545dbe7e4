/*
 * json_schema_internal.h - what the checks of a schema share.
 */
#pragma once

#include "arazzo/json_schema.h"

/* Where in the value we are, for messages; a chain from the inside out. */
struct value_place {
    const struct value_place *above;
    const char *member; /* NULL: an item */
    size_t index;
};

struct validation {
    const json_t *root;
    const char *name;      /* of the whole value */
    bool fills_defaults;
    int depth, work;
    struct error *error;   /* NULL while trying alternatives */
};

/* False, with "NAME.place: " and the sentence in check->error. */
bool schema_refuse(const struct validation *check, const struct value_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One value against one schema, which may be true or false. */
bool json_schema_apply(struct validation *check, const json_t *schema, const struct value_place *place, json_t *value);
/* Keywords about scalars (schema_scalar.c): type, enum, const, numbers, texts, format. */
bool json_schema_check_scalar(const struct validation *check, const json_t *schema, const struct value_place *place,
                         const json_t *value);
/* Keywords about lists and objects (schema_container.c). */
bool json_schema_check_list(struct validation *check, const json_t *schema, const struct value_place *place,
                       json_t *value);
bool json_schema_check_object(struct validation *check, const json_t *schema, const struct value_place *place,
                         json_t *value);
/* json_equal, but 1 equals 1.0. */
bool schema_equal(const json_t *a, const json_t *b);
