/*
 * contract.h - what the API takes: every operation with its parameters and its body, as tables.
 *
 * Routing, validation and the OpenAPI description all read these tables; a handler sees only input that fits
 * them. An operation is added by a row here and a handler.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/text.h"
#include "store/store.h"

struct call;

enum value_type {
    VALUE_TEXT = 1, VALUE_INTEGER = 2, VALUE_BOOLEAN = 4, VALUE_OBJECT = 8, VALUE_ARRAY = 16, VALUE_NULL = 32,
};

/* A member of a body. Tables of rows end with a row without a name. */
struct field_row {
    const char *name;
    unsigned types; /* value_type */
    bool required;
    bool older;     /* of an earlier version of the API: taken, not described */
    bool is_name;   /* letters, digits and -_[]\^` only, not empty */
    int64_t least, most;             /* range of integers, and of the length of texts; with most 0: none */
    const char *const *names;        /* the texts that are allowed, NULL-terminated; NULL: any */
    const struct field_row *fields;  /* members of an object; NULL: any */
    const struct field_row *item;    /* one row for the items of an array; NULL: any */
};

enum parameter_kind {
    PARAMETER_NAME,    /* text filter */
    PARAMETER_ID,      /* public id filter */
    PARAMETER_ENUM,    /* one of `names`, stored as text or by `parse` */
    PARAMETER_INTEGER, /* integer filter within least..most */
    PARAMETER_BOOLEAN, /* filter on 0 or 1 */
    PARAMETER_DATE,
    PARAMETER_SEARCH,   /* contains; at least `least` characters */
    PARAMETER_DISABLED, /* false: leave out what is disabled */
    PARAMETER_UNUSED,   /* of something that this version has none of: a value matches nothing */
    PARAMETER_JSON,     /* a JSON filter: refused */
    PARAMETER_ORDER, PARAMETER_DIRECTION, PARAMETER_LIMIT, PARAMETER_NEXT, PARAMETER_PREV,
    PARAMETER_INCLUDE_DATA, PARAMETER_INCLUDE_AUTH,
    PARAMETER_HINT, /* accepted and without effect */
};

struct order_row {
    const char *name;
    enum store_field field;
};

/* A query parameter. Tables end with a row without a name. */
struct parameter_row {
    const char *name;
    enum parameter_kind kind;
    enum store_field field;
    enum id_kind id_kind;
    int64_t least, most;                                /* PARAMETER_LIMIT: least is the default */
    const char *const *names;                           /* PARAMETER_ENUM */
    bool (*parse)(struct text name, int64_t *value);    /* PARAMETER_ENUM: to its number */
    const struct order_row *orders;                     /* PARAMETER_ORDER; the first is the default */
    bool operators;                                     /* name[gte]= and the like */
};

struct operation {
    const char *method;
    const char *path; /* "/sources/{id}" */
    const char *id;   /* operationId */
    const char *summary;
    bool (*handle)(struct call *call);
    const struct parameter_row *parameters; /* NULL: none */
    const struct field_row *body;           /* NULL: none is read */
    const char *reply;                      /* name of the reply's schema */
};

extern const struct operation operations[];
extern const size_t operation_count;

/* The names of all source types, NULL-terminated, sorted. */
extern const char *const source_type_names[];

enum { OPERATION_ALLOW_SIZE = 64 };
/*
 * The operation of a method and a path behind the version ("/sources/src_1"); *id is its {id} as sent. NULL: with
 * `allow` empty the path is unknown, else it lists the methods of the path.
 */
const struct operation *operation_find(struct text method, struct text path, struct text *id,
                                       char allow[OPERATION_ALLOW_SIZE]);

/* The rows that handlers ask for by hand. */
extern const struct field_row source_fields[], destination_fields[];
