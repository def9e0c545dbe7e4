#include "cli/quick_start.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "arazzo/document.h"
#include "arazzo/inputs.h"
#include "arazzo/runner.h"
#include "arazzo/sources.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/address.h"
#include "http/client.h"

enum { CALL_TIMEOUT_MS = 10000, REPLY_BYTES = 1 << 20, URL_SIZE = ADDRESS_SIZE };

/* examples/quick-start.yml, embedded by the build. */
extern const char quick_start_document[];
extern const size_t quick_start_document_size;

/* GET of one of the gateway's own paths. A new reference, NULL with a log line when it failed. */
static json_t *read_own(struct http_client *client, const struct config *config, const char *path)
{
    char url[URL_SIZE + 64], own_url[URL_SIZE], key[300];
    address_format(config, own_url);
    snprintf(url, sizeof url, "%s/2025-07-01%s", own_url, path);
    snprintf(key, sizeof key, "Bearer %s", config->api_key);
    const struct http_header header = {TEXT("authorization"), text_of(key)};
    struct http_call call = {.method = "GET", .url = url, .headers = &header, .header_count = 1,
                             .timeout_ms = CALL_TIMEOUT_MS, .connect_timeout_ms = CALL_TIMEOUT_MS,
                             .response_keep_bytes = REPLY_BYTES, .response_read_bytes = REPLY_BYTES};
    http_client_perform(client, &call);
    json_t *reply = call.status == 200 ? json_parse(call.response_body, NULL) : NULL;
    if (reply == NULL)
        log_warn("the quick start failed: %s answered %d %s", url, call.status, call.failure_text);
    return reply;
}

/* `source_url` may be missing: then somebody has removed the source since. */
static void print_hints(const struct config *config, struct text source_url)
{
    printf("\n  API  %s/2025-07-01\n  key  %s\n\n", config->public_url, config->api_key);
    if (source_url.size > 0)
        printf("Send a webhook, then look at what became of it:\n\n"
               "  curl -X POST '%.*s' -H 'Content-Type: application/json' -d '{\"hello\":\"world\"}'\n"
               "  curl '%s/2025-07-01/events' -H 'Authorization: Bearer %s'\n\n",
               TEXT_ARGS(source_url), config->public_url, config->api_key);
    fflush(stdout);
}

/* Something is there already: nothing is made. */
static void print_present(struct http_client *client, const struct config *config)
{
    json_t *found = read_own(client, config, "/sources?name=quick-start&disabled=false");
    print_hints(config, json_member_text(json_array_get(json_member(found, "models"), 0), "url"));
    json_decref(found);
}

/* Runs the document with the sources loaded. A new reference to its outputs, NULL with an error. */
static json_t *run_loaded(const struct document *document, const struct workflow_sources *sources,
                          struct http_client *client, const struct config *config, struct error *error)
{
    struct run_options options = {.credentials = {.key = config->api_key}};
    struct run *run = run_create(sources, client, &options);
    json_t *inputs = inputs_resolve(document->workflows[0].inputs, NULL, error), *outputs = NULL;
    if (inputs != NULL && run_check(run, &document->workflows[0], error)) {
        const struct workflow_result *result = run_workflow(run, &document->workflows[0], inputs);
        if (result->outcome == RUN_SUCCEEDED)
            outputs = json_incref(result->outputs);
        else
            error_set(error, ERROR_REFUSED, "%s", result->failure);
    }
    json_decref(inputs);
    run_free(run);
    return outputs;
}

static json_t *run_document(struct http_client *client, const struct config *config, const char *own_url,
                            struct error *error)
{
    struct server_choice server = {NULL, own_url};
    struct source_options options = {.servers = &server, .server_count = 1, .builtin = api_openapi};
    struct workflow_sources sources = {0};
    struct buffer warnings = {0};
    json_t *outputs = NULL;
    struct document *document =
        document_read((struct text){quick_start_document, quick_start_document_size}, error);
    if (document != NULL && sources_load(&sources, document, &options, client, &warnings, error))
        outputs = run_loaded(document, &sources, client, config, error);
    sources_free(&sources);
    document_free(document);
    buffer_free(&warnings);
    return outputs;
}

static int64_t count_own(struct http_client *client, const struct config *config, const char *path)
{
    json_t *counted = read_own(client, config, path);
    int64_t count = json_member_integer(counted, "count", -1);
    json_decref(counted);
    return count;
}

enum gateway_state { STATE_UNKNOWN, UNTOUCHED, IN_USE };

/* A start that was ended in the middle of the quick start leaves no connection: the next one goes on with it. */
static enum gateway_state find_state(struct http_client *client, const struct config *config)
{
    int64_t connections = count_own(client, config, "/connections/count");
    int64_t sources = connections < 0 ? -1 : count_own(client, config, "/sources/count");
    int64_t own = sources < 0 ? -1 : count_own(client, config, "/sources/count?name=quick-start");
    if (own < 0)
        return STATE_UNKNOWN;
    return connections == 0 && sources == own ? UNTOUCHED : IN_USE;
}

void quick_start(const struct config *config)
{
    struct error error = {0};
    char own_url[URL_SIZE];
    struct http_client *client = http_client_create(NULL, &error);
    if (client == NULL) {
        log_warn("the quick start failed: %s", error.message);
        return;
    }
    enum gateway_state state = find_state(client, config);
    if (state == IN_USE) {
        print_present(client, config);
    } else if (state == UNTOUCHED) {
        address_format(config, own_url);
        json_t *outputs = run_document(client, config, own_url, &error);
        if (outputs != NULL)
            print_hints(config, json_member_text(outputs, "sourceUrl"));
        else
            log_warn("the quick start failed: %s", error.message);
        json_decref(outputs);
    }
    http_client_free(client);
}
