#include "cli/workflow_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "cli/command.h"

const char workflow_usage[] =
    "usage: fairlead workflow run DOC [OPTIONS]     run the workflows of an Arazzo document\n"
    "       fairlead workflow list DOC              what workflows it has, and their inputs\n"
    "       fairlead workflow describe DOC          its inputs, steps and outputs\n"
    "       fairlead workflow validate DOC          what is wrong with it, and beside its descriptions\n"
    "\n"
    "  --workflow ID          this workflow only (all, in the order of the document)\n"
    "  --input NAME=VALUE     an input; numbers, booleans, lists and objects are written as JSON\n"
    "  --inputs FILE.json     inputs from an object in a file; --input goes before\n"
    "  --server [NAME=]URL    the server in place of the one that the description (of source NAME) gives;\n"
    "                         given as a root it gets the path of the described server\n"
    "  --api-key KEY          credentials, put where the description wants them (FAIRLEAD_API_KEY, which is sent\n"
    "                         to servers given with --server only)\n"
    "  --credential S=VALUE   the credential of the security scheme S: a key, a token, user:password, or for OAuth 2\n"
    "                         client_id:client_secret (FAIRLEAD_CREDENTIAL_S, to servers given with --server only)\n"
    "  --limit NAME=VALUE     another value for one of the limits workflow_... of the manual\n"
    "  --openapi DIR          where descriptions lie that are not where the document says\n"
    "  --report FILE.json     what happened, for programs\n"
    "  --har FILE             the requests, as an HTTP archive\n"
    "  --junit FILE.xml       the workflows and steps, as tests for build servers\n"
    "  --dry-run              show the requests, send nothing\n"
    "  --verbose              show requests and replies in full\n"
    "\n"
    "Colours are shown on terminals only, and not with NO_COLOR in the environment.\n"
    "Outputs are printed on standard output as JSON, everything else on standard error.\n"
    "Exit status: 0 done, 1 a workflow failed, 2 bad document or usage, 3 a server could not be reached.\n";

enum { OPTION_WORKFLOW = 1, OPTION_INPUT, OPTION_INPUTS, OPTION_SERVER, OPTION_KEY, OPTION_OPENAPI, OPTION_REPORT,
       OPTION_HAR, OPTION_JUNIT, OPTION_DRY_RUN, OPTION_VERBOSE, OPTION_HELP, OPTION_CREDENTIAL,
       OPTION_LIMIT };

static const struct option OPTIONS[] = {
    {"workflow", required_argument, NULL, OPTION_WORKFLOW}, {"input", required_argument, NULL, OPTION_INPUT},
    {"inputs", required_argument, NULL, OPTION_INPUTS},     {"server", required_argument, NULL, OPTION_SERVER},
    {"api-key", required_argument, NULL, OPTION_KEY},       {"openapi", required_argument, NULL, OPTION_OPENAPI},
    {"report", required_argument, NULL, OPTION_REPORT},     {"har", required_argument, NULL, OPTION_HAR},
    {"junit", required_argument, NULL, OPTION_JUNIT},       {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},         {"help", no_argument, NULL, OPTION_HELP},
    {"credential", required_argument, NULL, OPTION_CREDENTIAL}, {"limit", required_argument, NULL, OPTION_LIMIT},
    {NULL, 0, NULL, 0},
};

static bool refuse(const char *what, const char *text)
{
    fprintf(stderr, "fairlead workflow: %s \"%s\"\n", what, text);
    return false;
}

static bool read_inputs_file(struct workflow_options *options, const char *path)
{
    json_error_t error;
    json_decref(options->inputs_file);
    options->inputs_file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(options->inputs_file))
        return true;
    if (options->inputs_file != NULL)
        fprintf(stderr, "fairlead workflow: %s: an object of inputs is wanted\n", path);
    else if (error.line > 0)
        fprintf(stderr, "fairlead workflow: %s, line %d: %s\n", path, error.line, error.text);
    else
        fprintf(stderr, "fairlead workflow: %s\n", error.text);
    return false;
}

/* "NAME=URL", or a URL, in which "=" comes behind "://" only. */
static bool add_server(struct workflow_options *options, const char *text)
{
    const char *equals = strchr(text, '='), *scheme = strstr(text, "://");
    if (options->server_count == WORKFLOW_PAIRS_MOST)
        return refuse("too many servers, at", text);
    struct server_choice *choice = &options->servers[options->server_count];
    *choice = (struct server_choice){NULL, text};
    if (equals != NULL && (scheme == NULL || equals < scheme)) {
        char *name = memory_copy_string(text);
        name[equals - text] = '\0';
        options->server_names[options->server_count] = name;
        *choice = (struct server_choice){name, equals + 1};
    }
    options->server_count++;
    return true;
}

static bool add_input(struct workflow_options *options, const char *text)
{
    if (strchr(text, '=') == NULL || text[0] == '=')
        return refuse("--input wants NAME=VALUE, not", text);
    if (options->input_count == WORKFLOW_PAIRS_MOST)
        return refuse("too many inputs, at", text);
    options->inputs[options->input_count++] = text;
    return true;
}

static bool add_credential(struct workflow_options *options, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return refuse("--credential wants", "SCHEME=VALUE");
    if (options->credential_count == WORKFLOW_CREDENTIALS_MOST)
        return refuse("too many credentials, at", strndupa(text, (size_t)(equals - text)));
    char *name = memory_copy_string(text);
    name[equals - text] = '\0';
    options->credentials[options->credential_count++] = (struct credential){.scheme = name, .value = equals + 1};
    return true;
}

/* Only those of workflows: others have no meaning here. */
static bool set_limit(const char *text)
{
    struct error error = {0};
    const char *equals = strchr(text, '=');
    struct text name = {text, equals ? (size_t)(equals - text) : 0};
    if (!text_starts_with(name, TEXT("workflow_")))
        return refuse("--limit wants workflow_...=NUMBER, not", text);
    if (limits_set(name, text_of(equals + 1), &error))
        return true;
    fprintf(stderr, "fairlead workflow: --limit %s: %s\n", text, error.message);
    return false;
}

static bool take_option(struct workflow_options *options, int option)
{
    switch (option) {
    case OPTION_WORKFLOW: options->workflow = optarg; return true;
    case OPTION_INPUT: return add_input(options, optarg);
    case OPTION_INPUTS: return read_inputs_file(options, optarg);
    case OPTION_SERVER: return add_server(options, optarg);
    case OPTION_KEY:
        options->key = optarg;
        options->key_from_environment = false;
        return true;
    case OPTION_CREDENTIAL: return add_credential(options, optarg);
    case OPTION_LIMIT: return set_limit(optarg);
    case OPTION_OPENAPI: options->openapi = optarg; return true;
    case OPTION_REPORT: options->report = optarg; return true;
    case OPTION_HAR: options->har = optarg; return true;
    case OPTION_JUNIT: options->junit = optarg; return true;
    case OPTION_DRY_RUN: options->dry_run = true; return true;
    case OPTION_VERBOSE: options->verbose = true; return true;
    case OPTION_HELP: options->help = true; return true;
    default: return false; /* getopt has said why */
    }
}

bool workflow_options_read(struct workflow_options *options, int argc, char **argv)
{
    int option;
    *options = (struct workflow_options){.key = getenv("FAIRLEAD_API_KEY"), .key_from_environment = true};
    optind = 1;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (!take_option(options, option))
            return false;
    }
    if (options->help)
        return true;
    if (optind == argc) {
        fputs("fairlead workflow: which document?\n", stderr);
        return false;
    }
    options->document = argv[optind++];
    return optind == argc || refuse("one document at a time, not also", argv[optind]);
}

void workflow_options_free(struct workflow_options *options)
{
    json_decref(options->inputs_file);
    for (size_t i = 0; i < options->server_count; i++)
        free(options->server_names[i]);
    for (size_t i = 0; i < options->credential_count; i++)
        free((char *)options->credentials[i].scheme);
}
