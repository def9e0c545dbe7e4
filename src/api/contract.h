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
    VALUE_NUMBER = 64, /* with a fraction or without */
    VALUE_ANY = 127,
};

/* A member of a body. Tables of rows end with a row without a name. */
struct field_row {
    const char *name;
    unsigned types; /* value_type */
    bool required;
    bool older;     /* of an earlier version of the API: taken, not described */
    bool is_name;   /* letters, digits and -_[]\^` only, not empty */
    bool any_text;  /* of a form: a text that may look like a JSON object and is none */
    bool is_moment; /* of a reply: a text in the form of RFC 3339 */
    bool among_secrets; /* a wrong value may be a secret in the wrong place: a refusal does not repeat it */
    int64_t least, most;             /* range of integers, and of the length of texts; with most 0: none */
    const char *const *names;        /* the texts that are allowed, NULL-terminated; NULL: any */
    const struct field_row *fields;  /* members of an object; NULL: any */
    const struct field_row *item;    /* one row for the items of an array; NULL: any */
};

enum parameter_kind {
    PARAMETER_NAME,    /* text filter */
    PARAMETER_TEXT,    /* the same for texts that may hold commas: one value each time it is given */
    PARAMETER_ID,      /* public id filter */
    PARAMETER_IGNORED_ID, /* the same for ignored events, which are named by their request and connection */
    PARAMETER_ENUM,    /* one of `names`, stored as text or by `parse` */
    PARAMETER_INTEGER, /* integer filter within least..most */
    PARAMETER_BOOLEAN, /* filter on 0 or 1 */
    PARAMETER_DATE,
    PARAMETER_SEARCH,   /* contains; at least `least` characters */
    PARAMETER_DISABLED, /* false: leave out what is disabled */
    PARAMETER_UNUSED,   /* of something that this version has none of: a value matches nothing */
    PARAMETER_JSON,     /* a filter on content in the language of rules/filter.h; its name is the part's */
    PARAMETER_ORDER, PARAMETER_DIRECTION, PARAMETER_LIMIT, PARAMETER_NEXT, PARAMETER_PREV,
    PARAMETER_INCLUDE_DATA, PARAMETER_INCLUDE_AUTH,
    PARAMETER_FORM, /* nested, "filters[source_id][]=": read by `fields` into call.query.form */
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
    const struct field_row *fields;                     /* PARAMETER_FORM: one row, for the parameter itself */
    bool nullable;                                      /* the value "null" is asked for too */
};

struct operation {
    const char *method;
    const char *path; /* "/sources/{id}" */
    const char *id;   /* operationId */
    const char *summary;
    bool (*handle)(struct call *call);
    const struct parameter_row *parameters; /* NULL: none */
    const struct field_row *body;           /* NULL: none is read */
    const char *reply; /* name of the reply's shape; "SourcePaginatedResult" is a page of the shape "Source" */
};

/* The shape of a reply: what a client can rely on. Tables end with a row without a name. */
struct shape {
    const char *name;
    const struct field_row *fields; /* `required` ones are always there; one row named "": the reply is that array */
};

/* What one noun adds to the contract; each stands at the end of its noun's file. */
struct operation_table {
    const struct operation *rows;
    size_t count;
    const struct shape *shapes; /* NULL: none are told */
    bool open;                  /* may be called without a key: the handlers look at who calls */
};
extern const struct operation_table source_operations, destination_operations, connection_operations,
    request_operations, event_operations, attempt_operations,
    transformation_operations, execution_operations, bookmark_operations, integration_operations, domain_operations,
    project_operations, api_key_operations, storage_key_operations, account_operations, sign_in_operations,
    replay_operations, bulk_operations, issue_operations, issue_trigger_operations, notification_operations,
    metrics_operations;

extern const struct operation_table *const operation_tables[]; /* ends with NULL */
/* All operations in a row; NULL behind the last. */
const struct operation *operation_at(size_t index);
size_t operation_count(void);
bool operation_is_open(const struct operation *operation);

/* The names of all source types, NULL-terminated, sorted. */
extern const char *const source_type_names[];
/* The same, and the kinds that are no source types. */
extern const char *const source_auth_type_names[];

enum { OPERATION_ALLOW_SIZE = 64, PATH_IDS = 2 };
/* What stands in the place of a path's variables, in their order, as sent. */
struct path_ids {
    struct text items[PATH_IDS];
    size_t count;
};
/*
 * The operation of a method and a path behind the version ("/sources/src_1"). NULL: with `allow` empty the path is
 * unknown, else it lists the methods of the path. "/sources/count" wins over "/sources/{id}".
 */
const struct operation *operation_find(struct text method, struct text path, struct path_ids *ids,
                                       char allow[OPERATION_ALLOW_SIZE]);
