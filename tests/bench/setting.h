#ifndef BENCH_SETTING_H
#define BENCH_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"

/*
 * A command's `--name value` options, described by a table: where the value goes, what it may be
 * and what to say about it. The defaults are whatever the variables hold before.
 */

#define SETTING_LIST_MAX 16u
#define SETTING_TABLE_MAX 32u

enum setting_kind {
    SETTING_TEXT,   /* const char * */
    SETTING_LIST,   /* struct setting_list, one entry each time it is given */
    SETTING_COUNT,  /* uint64_t between minimum and maximum */
    SETTING_NUMBER, /* double between 0 and maximum */
    SETTING_FLAG    /* bool, takes no value */
};

struct setting_list {
    const char *values[SETTING_LIST_MAX];
    unsigned count;
};

struct setting {
    const char *name; /* with its dashes */
    enum setting_kind kind;
    void *value;
    uint64_t minimum;
    uint64_t maximum;
    const char *help;
};

struct setting_table {
    struct setting rows[SETTING_TABLE_MAX];
    unsigned count;
};

/* Rows beyond SETTING_TABLE_MAX are a mistake of the program and left out. */
void setting_add(struct setting_table *table, const struct setting *rows, unsigned count);

/* `arguments` are those behind the command's name. Texts point into them. */
bool setting_parse(const struct setting_table *table, int argument_count, char **arguments,
                   struct fault *fault);

/* One line per option, on standard output. */
void setting_print(const struct setting_table *table);

#endif
