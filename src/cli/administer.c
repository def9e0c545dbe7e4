#include "cli/administer.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/memory.h"
#include "gateway/address.h"
#include "gateway/key.h"
#include "http/client.h"
#include "store/store.h"

enum { CALL_TIMEOUT_MS = 60000, REPLY_BYTES = 16 << 20 };
#define PREFIX "/2025-07-01"

/* ---- options ---- */

static const struct option OPTIONS[] = {
    {"data", required_argument, NULL, 'd'},   {"config", required_argument, NULL, 'c'},
    {"project", required_argument, NULL, 'p'}, {"name", required_argument, NULL, 'n'},
    {"rate-limit", required_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'},
    {"overlap", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static bool take_option(struct administer_options *options, int option, struct error *error)
{
    switch (option) {
    case 'd': return config_set(&options->config, TEXT("data"), text_of(optarg), error);
    case 'c': return config_read_file(&options->config, optarg, error);
    case 'p': options->project = optarg; return true;
    case 'n': options->name = optarg; return true;
    case 'r':
        return (text_to_integer(text_of(optarg), &options->rate_limit) && options->rate_limit >= 0) ||
               error_set(error, ERROR_INVALID, "--rate-limit wants calls a minute, 0 for none, not \"%s\"", optarg);
    case 'o':
        return (text_to_integer(text_of(optarg), &options->overlap_s) && options->overlap_s >= 0) ||
               error_set(error, ERROR_INVALID, "--overlap wants seconds, not \"%s\"", optarg);
    case 'j': options->json = true; return true;
    case 'h': options->help = true; return true;
    default: return error_set(error, ERROR_INVALID, "\"--help\" tells the options");
    }
}

bool administer_options_read(struct administer_options *options, const char *command, int argc, char **argv)
{
    struct error error = {0};
    int option;
    *options = (struct administer_options){.rate_limit = -1};
    config_defaults(&options->config);
    bool good = config_read_environment(&options->config, &error);
    optind = 1;
    while (good && (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1)
        good = take_option(options, option, &error);
    for (; good && optind < argc; optind++) {
        if (options->argument_count == sizeof options->arguments / sizeof options->arguments[0])
            good = error_set(&error, ERROR_INVALID, "unexpected \"%s\"", argv[optind]);
        else
            options->arguments[options->argument_count++] = argv[optind];
    }
    if (!good)
        fprintf(stderr, "fairlead %s: %s\n", command, error.message);
    return good;
}

/* ---- the two ways ---- */

struct administer {
    struct store *store; /* NULL: through the gateway */
    struct http_client *client;
    char url[ADDRESS_SIZE], authorization[300];
};

static bool open_gateway(struct administer *administer, struct config *config, struct error *error)
{
    if (!address_read(config->data, administer->url, error))
        return false;
    if (!key_read(config, error))
        return error_prefix(error, "FAIRLEAD_API_KEY must be the key that the gateway was started with");
    administer->client = http_client_create(NULL, error);
    if (administer->client == NULL)
        return false;
    snprintf(administer->authorization, sizeof administer->authorization, "Bearer %s", config->api_key);
    return true;
}

struct administer *administer_open(struct config *config, struct error *error)
{
    char path[sizeof config->data + 16];
    struct administer *administer = NEW(struct administer);
    snprintf(path, sizeof path, "%s/fairlead.db", config->data);
    bool good = access(path, F_OK) == 0 ||
                error_set(error, ERROR_NOT_FOUND, "there is no store in %s: name its directory with --data, or start "
                                                  "the gateway once", config->data);
    if (good && (administer->store = store_open(config->data, error)) == NULL)
        good = error->code == ERROR_CONFLICT && open_gateway(administer, config, error);
    if (good)
        return administer;
    free(administer);
    return NULL;
}

void administer_close(struct administer *administer)
{
    if (administer->store != NULL)
        store_close(administer->store);
    if (administer->client != NULL)
        http_client_free(administer->client);
    free(administer);
}

/* The status; 0 with an error when no reply came. */
static int call_gateway(struct administer *administer, const char *method, const char *path, struct text body,
                        json_t **reply, struct error *error)
{
    char url[ADDRESS_SIZE + 512];
    const struct http_header headers[] = {{TEXT("authorization"), text_of(administer->authorization)},
                                          {TEXT("content-type"), TEXT("application/json")}};
    snprintf(url, sizeof url, "%s%s", administer->url, path);
    struct http_call call = {.method = method, .url = url, .headers = headers, .header_count = 2, .body = body,
                             .has_body = body.data != NULL, .timeout_ms = CALL_TIMEOUT_MS,
                             .connect_timeout_ms = CALL_TIMEOUT_MS, .response_keep_bytes = REPLY_BYTES,
                             .response_read_bytes = REPLY_BYTES};
    http_client_perform(administer->client, &call);
    if (call.status == 0)
        error_set(error, ERROR_UNREACHABLE, "the gateway at %s: %s", administer->url, call.failure_text);
    else
        *reply = json_parse(call.response_body, NULL);
    return call.status;
}

json_t *administer_call(struct administer *administer, const char *method, const char *path, json_t *body,
                        struct error *error)
{
    char full[512];
    char *text = body != NULL ? json_to_string(body) : NULL;
    json_t *reply = NULL;
    snprintf(full, sizeof full, PREFIX "%s", path);
    json_decref(body);
    int status = administer->store != NULL
                     ? api_offline(administer->store, method, full, text_of(text), &reply, error)
                     : call_gateway(administer, method, full, text_of(text), &reply, error);
    free(text);
    if (status == 200 && reply != NULL)
        return reply;
    struct text message = json_member_text(reply, "message");
    if (status != 0)
        error_set(error, ERROR_REFUSED, "%.*s",
                  TEXT_ARGS(message.size ? message : TEXT("the gateway's answer is no JSON")));
    json_decref(reply);
    return NULL;
}

json_t *administer_find_project(struct administer *administer, const char *wanted, struct error *error)
{
    json_t *projects = administer_call(administer, "GET", "/projects", NULL, error), *project, *found = NULL;
    size_t i;
    if (projects == NULL)
        return NULL;
    json_array_foreach(projects, i, project)
    {
        if (wanted == NULL ? json_array_size(projects) == 1
                           : text_equal(json_member_text(project, "id"), text_of(wanted)) ||
                                 text_equal(json_member_text(project, "name_no_org"), text_of(wanted)))
            found = json_incref(project);
    }
    json_decref(projects);
    if (found == NULL && wanted == NULL)
        error_set(error, ERROR_INVALID, "there are several projects: name one with --project");
    else if (found == NULL)
        error_set(error, ERROR_NOT_FOUND, "there is no project \"%s\"", wanted);
    return found;
}

const char *administer_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_member(object, name));
    return text != NULL ? text : "";
}

void administer_print_json(const json_t *value)
{
    char *text = json_to_string(value);
    puts(text != NULL ? text : "null");
    free(text);
}

bool administer_tell_deleted(json_t *reply, const struct administer_options *options)
{
    if (reply == NULL)
        return false;
    if (options->json)
        administer_print_json(reply);
    else
        printf("%s is deleted\n", administer_member(reply, "id"));
    json_decref(reply);
    return true;
}

/* ---- the command ---- */

static int run_verb(const char *command, const struct administer_verb *verb, const struct administer_options *options)
{
    struct error error = {0};
    struct config config = options->config;
    struct administer *administer = administer_open(&config, &error);
    bool done = administer != NULL && verb->run(administer, options, &error);
    if (administer != NULL)
        administer_close(administer);
    if (!done)
        fprintf(stderr, "fairlead %s %s: %s\n", command, verb->name, error.message);
    return done ? ADMINISTER_DONE : ADMINISTER_FAILED;
}

int administer_command(const char *command, const char *usage, const struct administer_verb *verbs, int argc,
                       char **argv)
{
    struct administer_options options;
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        fputs(usage, stdout);
        return ADMINISTER_DONE;
    }
    for (const struct administer_verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(name, verb->name) != 0)
            continue;
        if (!administer_options_read(&options, command, argc - 1, argv + 1))
            return ADMINISTER_USAGE;
        if (options.help) {
            fputs(usage, stdout);
            return ADMINISTER_DONE;
        }
        if (options.argument_count >= verb->arguments_least && options.argument_count <= verb->arguments_most)
            return run_verb(command, verb, &options);
        break;
    }
    fputs(usage, stderr);
    return ADMINISTER_USAGE;
}
