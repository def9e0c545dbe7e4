/* fairlead: the table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const struct command commands[] = {
    {"serve", serve_command, "receive, store and deliver webhooks; serve the API", serve_usage},
    {"workflow", workflow_command, "run, list, describe and validate Arazzo workflow documents", workflow_usage},
    {"projects", projects_command, "list, create, rename and delete projects", projects_usage},
    {"keys", keys_command, "list, create, limit and delete API keys", keys_usage},
    {"completion", completion_command, "a script that completes commands and options in a shell", completion_usage},
    {"version", version_command, "the version, and those of the libraries", NULL},
};

const size_t command_count = sizeof commands / sizeof commands[0];

enum { EXIT_USAGE = 2 };

static void print_usage(FILE *out)
{
    fputs("usage: fairlead COMMAND [OPTIONS]\n\n", out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-10s  %s\n", commands[i].name, commands[i].summary);
    fputs("\n\"fairlead COMMAND --help\" tells more.\n", out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (name[0] != '\0')
        fprintf(stderr, "fairlead: there is no command \"%s\"\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}
