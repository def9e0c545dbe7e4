/*
 * error.h - errors as values.
 *
 * A function that can fail returns false (or NULL) and fills the caller's struct error with a code
 * that programs act on and a sentence that a person can act on. Callers that do not care pass NULL.
 * Nothing below gateway/ ends the process.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

enum error_code {
    ERROR_NONE = 0,
    ERROR_INVALID,       /* the input is wrong; the sentence says where and why */
    ERROR_UNAUTHORIZED,  /* no key or a wrong one */
    ERROR_NOT_FOUND,     /* no such thing */
    ERROR_GONE,          /* it existed and was deleted */
    ERROR_CONFLICT,      /* a unique name is taken */
    ERROR_REFUSED,       /* well formed, but not possible in the present state */
    ERROR_TOO_LARGE,     /* above a named limit */
    ERROR_BUSY,          /* a bounded queue is full: try again later */
    ERROR_STORE_FULL,    /* the disk has no room; nothing was changed */
    ERROR_STORE_IO,      /* the store could not read or write; nothing was acknowledged */
    ERROR_UNREACHABLE,   /* a peer could not be reached or did not answer in time */
    ERROR_INTERNAL,      /* a fault of our own */
    ERROR_FORBIDDEN,     /* a key that is good, but not for this */
};

struct error {
    enum error_code code;
    char message[512]; /* NUL-terminated, cut when longer */
};

/* Fills *error (which may be NULL) and returns false, so that `return error_set(...)` reads well. */
bool error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the sentence that is there; keeps the code. Returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The code's name in lower case, for logs: "store_full". */
const char *error_code_name(enum error_code code);
