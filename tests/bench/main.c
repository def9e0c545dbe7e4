#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "command.h"
#include "stop.h"

static const struct {
    const char *name;
    int (*run)(int argument_count, char **arguments);
    const char *help;
} commands[] = {
    {"sink", command_sink,
     "a destination that counts what arrives; GET /stats, GET /missing, POST /reset"},
    {"send", command_send, "a load of numbered webhooks, closed loop or at a rate"},
    {"run", command_run, "send and sink together, from send to delivery"},
    {"ceiling", command_ceiling,
     "the same through a bare receiver and forwarder: the machine's own limit"},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* A connection is a descriptor, and the usual soft limit of 1,024 would end a load early. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    raise_descriptor_limit();
    stop_on_signals();
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    printf("fairlead-bench COMMAND [--help] [options]\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("    %-8s %s\n", commands[i].name, commands[i].help);
    return argc > 1 && strcmp(argv[1], "--help") == 0 ? COMMAND_DONE : COMMAND_USAGE;
}
