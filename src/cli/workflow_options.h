/*
 * workflow_options.h - the command line of "fairlead workflow".
 */
#pragma once

#include <stdbool.h>

#include "arazzo/credential.h"
#include "arazzo/sources.h"
#include "base/json.h"

enum { WORKFLOW_DONE = 0, WORKFLOW_FAILED = 1, WORKFLOW_BAD = 2, WORKFLOW_UNREACHABLE = 3 };

enum { WORKFLOW_PAIRS_MOST = 256, WORKFLOW_CREDENTIALS_MOST = 32 };

struct workflow_options {
    const char *document, *workflow; /* workflow: NULL when not said */
    const char *inputs[WORKFLOW_PAIRS_MOST]; /* NAME=VALUE */
    size_t input_count;
    json_t *inputs_file; /* owned; an object, NULL: none */
    struct server_choice servers[WORKFLOW_PAIRS_MOST];
    size_t server_count;
    char *server_names[WORKFLOW_PAIRS_MOST]; /* owned */
    const char *key;
    bool key_from_environment;
    struct credential credentials[WORKFLOW_CREDENTIALS_MOST];
    size_t credential_count;
    const char *openapi, *report, *har, *junit;
    bool dry_run, verbose, help;
};

/* From the arguments behind "run", "list", "describe" or "validate". False with a message on standard error. */
bool workflow_options_read(struct workflow_options *options, int argc, char **argv);
void workflow_options_free(struct workflow_options *options);
