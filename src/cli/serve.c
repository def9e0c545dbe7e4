#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/quick_start.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

enum { EXIT_USAGE = 2 };

const char serve_usage[] =
    "usage: fairlead serve [--listen HOST:PORT] [--data DIR] [--store URL] [--public-url URL] [--config FILE]\n"
    "                      [--set NAME=VALUE]... [--quick-start]\n"
    "\n"
    "  --listen HOST:PORT   where to take requests (127.0.0.1:8420)\n"
    "  --data DIR           directory of the store and the key (./data)\n"
    "  --store URL          sqlite:DIR, the same as --data\n"
    "  --public-url URL     how senders reach this gateway (http:// and the listen address)\n"
    "  --config FILE        settings, one \"name = value\" a line; docs/configuration.md lists them\n"
    "  --set NAME=VALUE     one setting\n"
    "  --quick-start        when the gateway has no source yet: make a source, a mock destination and a connection\n"
    "\n"
    "The API key comes from FAIRLEAD_API_KEY or DIR/api-key, which is made at the first start.\n";

static int fail(const struct error *error)
{
    fprintf(stderr, "fairlead serve: %s\n", error->message);
    return error->code == ERROR_INVALID || error->code == ERROR_NOT_FOUND ? EXIT_USAGE : EXIT_FAILURE;
}

static bool set_pair(struct config *config, const char *pair, struct error *error)
{
    struct text text = text_of(pair);
    ptrdiff_t equals = text_find_byte(text, '=');
    if (equals < 0)
        return error_set(error, ERROR_INVALID, "--set wants NAME=VALUE, not \"%s\"", pair);
    return config_set(config, text_slice(text, 0, (size_t)equals), text_slice(text, (size_t)equals + 1, text.size),
                      error);
}

static const struct option OPTIONS[] = {
    {"listen", required_argument, NULL, 0},     {"data", required_argument, NULL, 0},
    {"store", required_argument, NULL, 0},      {"public-url", required_argument, NULL, 0},
    {"config", required_argument, NULL, 'c'},   {"set", required_argument, NULL, 's'},
    {"quick-start", no_argument, NULL, 'q'},    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* The file is read before everything else, whatever the order on the command line. */
static bool read_config_file(struct config *config, int argc, char **argv, struct error *error)
{
    int index, option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", OPTIONS, &index)) != -1) {
        if (option == 'c' && !config_read_file(config, optarg, error))
            return false;
    }
    opterr = 1;
    optind = 1;
    return config_read_environment(config, error);
}

/* 0: go on; else the exit status + 1. */
static int read_options(struct config *config, int argc, char **argv, struct error *error)
{
    int index, option;
    if (!read_config_file(config, argc, argv, error))
        return fail(error) + 1;
    while ((option = getopt_long(argc, argv, "", OPTIONS, &index)) != -1) {
        bool good = true;
        if (option == 'h') {
            fputs(serve_usage, stdout);
            return 1;
        }
        if (option == '?') {
            fputs(serve_usage, stderr);
            return EXIT_USAGE + 1;
        }
        if (option == 's') {
            good = set_pair(config, optarg, error);
        } else if (option == 'q') {
            config->quick_start = true;
        } else if (option == 0) {
            bool url = strcmp(OPTIONS[index].name, "public-url") == 0;
            good = config_set(config, url ? TEXT("public_url") : text_of(OPTIONS[index].name), text_of(optarg), error);
        }
        if (!good)
            return fail(error) + 1;
    }
    if (optind < argc) {
        fprintf(stderr, "fairlead serve: unexpected \"%s\"\n%s", argv[optind], serve_usage);
        return EXIT_USAGE + 1;
    }
    return 0;
}

/* The signals that end the gateway are blocked in every thread and waited for here. */
static void wait_for_end(const sigset_t *ends)
{
    int which = 0;
    while (sigwait(ends, &which) != 0)
        ;
    log_info("%s: finishing what is under way", which == SIGTERM ? "SIGTERM" : "interrupt");
}

static int serve(struct config *config)
{
    struct error error = {0};
    sigset_t ends;
    if (getenv("FAIRLEAD_FAULT_MEMORY") != NULL)
        memory_fail_after(strtol(getenv("FAIRLEAD_FAULT_MEMORY"), NULL, 10));
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    struct gateway *gateway = gateway_start(config, &error);
    if (gateway == NULL)
        return fail(&error);
    printf("fairlead ready on http://%s:%u\n", config->listen_host, config->listen_port);
    fflush(stdout);
    if (config->quick_start)
        quick_start(config);
    wait_for_end(&ends);
    gateway_stop(gateway);
    return EXIT_SUCCESS;
}

int serve_command(int argc, char **argv)
{
    struct error error = {0};
    struct config config;
    config_defaults(&config);
    int stop = read_options(&config, argc, argv, &error);
    int status = stop != 0 ? stop - 1 : serve(&config);
    config_free(&config);
    return status;
}
