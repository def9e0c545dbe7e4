#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include "address.h"
#include "load.h"
#include "setting.h"
#include "sink.h"

/*
 * The subcommands of fairlead-bench, one file each. They take the arguments behind their name,
 * print one line of JSON on standard output and return the program's exit status.
 */

enum command_status {
    COMMAND_DONE = 0,
    COMMAND_LOST = 1,   /* acked webhooks did not arrive */
    COMMAND_USAGE = 2,  /* bad arguments, or it could not begin */
    COMMAND_GAVE_UP = 3 /* the gateway could not be connected to any more */
};

int command_sink(int argument_count, char **arguments);
int command_send(int argument_count, char **arguments);
int command_run(int argument_count, char **arguments);
int command_ceiling(int argument_count, char **arguments);

/* Parses; on --help prints the options. True: go on; false: return `*status`. */
bool command_begin(const char *name, const struct setting_table *table, int argument_count,
                   char **arguments, int *status);

/* Prints the fault on standard error; returns COMMAND_USAGE. */
int command_fail(const char *name, const struct fault *fault);

/*
 * The options of a load, shared by send, run and ceiling: command_load_start sets the defaults and
 * adds them to the table, command_load_finish makes the plan of what was parsed.
 */
struct command_load {
    struct setting_list urls;
    struct setting_list headers;
    struct load_plan plan;
};

void command_load_start(struct command_load *load, struct setting_table *table);
void command_load_finish(struct command_load *load);

/* The options of a sink, shared by sink, run and ceiling. */
struct command_destination {
    const char *listen;
    uint64_t status;
    uint64_t delay_ms;
    bool never;
};

void command_destination_start(struct command_destination *destination,
                               struct setting_table *table);

/* Opens the sink that was asked for and tells where it listens. NULL and `fault` when it cannot. */
struct sink *command_destination_open(const struct command_destination *destination,
                                      struct address *address, struct fault *fault);

#endif
