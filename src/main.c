/* fairlead: the table of subcommands. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} COMMANDS[] = {
    {"serve", serve_command, "receive, store and deliver webhooks; serve the API"},
    {"workflow", workflow_command, "run, list and validate Arazzo workflow documents"},
    {"projects", projects_command, "list, create, rename and delete projects"},
    {"keys", keys_command, "list, create, limit and delete API keys"},
    {"version", version_command, "the version, and those of the libraries"},
};

enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0], EXIT_USAGE = 2 };

static void print_usage(FILE *out)
{
    fputs("usage: fairlead COMMAND [OPTIONS]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
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
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 1, argv + 1);
    }
    if (name[0] != '\0')
        fprintf(stderr, "fairlead: there is no command \"%s\"\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}
