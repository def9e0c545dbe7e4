/*
 * command.h - the subcommands of the program, one file each. Each takes the arguments from its own name on and
 * returns the exit status.
 */
#pragma once

#include <stddef.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
    const char *usage; /* what "--help" prints, NULL: nothing to tell */
};

extern const struct command commands[]; /* of main.c */
extern const size_t command_count;

extern const char completion_usage[], keys_usage[], projects_usage[], serve_usage[], workflow_usage[];

int completion_command(int argc, char **argv);
int keys_command(int argc, char **argv);
int projects_command(int argc, char **argv);
int serve_command(int argc, char **argv);
int version_command(int argc, char **argv);
int workflow_command(int argc, char **argv);
