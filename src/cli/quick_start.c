#include "cli/quick_start.h"

#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "http/client.h"

#define CONNECTION                                                                                      \
    TEXT("{\"name\":\"quick-start\",\"source\":{\"name\":\"quick-start\",\"type\":\"WEBHOOK\"},"                  \
         "\"destination\":{\"name\":\"quick-start-mock\",\"type\":\"MOCK_API\"}}")

enum { CALL_TIMEOUT_MS = 10000, REPLY_BYTES = 1 << 20 };

/* One call of the gateway's own API. A new reference, NULL with a log line when it failed. */
static json_t *call_api(struct http_client *client, const struct config *config, const char *method, const char *path,
                        struct text body)
{
    char url[512], key[300];
    bool ipv6 = text_find_byte(text_of(config->listen_host), ':') >= 0;
    snprintf(url, sizeof url, ipv6 ? "http://[%s]:%u/2025-07-01%s" : "http://%s:%u/2025-07-01%s", config->listen_host,
             config->listen_port, path);
    snprintf(key, sizeof key, "Bearer %s", config->api_key);
    const struct http_header headers[] = {{TEXT("authorization"), text_of(key)},
                                          {TEXT("content-type"), TEXT("application/json")}};
    struct http_call call = {.method = method, .url = url, .headers = headers, .header_count = 2, .body = body,
                             .timeout_ms = CALL_TIMEOUT_MS, .connect_timeout_ms = CALL_TIMEOUT_MS,
                             .response_keep_bytes = REPLY_BYTES, .response_read_bytes = REPLY_BYTES};
    http_client_perform(client, &call);
    if (call.status != 200) {
        log_warn("the quick start failed: %s %s answered %d %s", method, path, call.status, call.failure_text);
        return NULL;
    }
    return json_parse(call.response_body, NULL);
}

static void print_hints(const struct config *config, const json_t *connection)
{
    struct text url = json_member_text(json_member(connection, "source"), "url");
    printf("\n  API  %s/2025-07-01\n  key  %s\n\nSend a first webhook, then look at what became of it:\n\n"
           "  curl -X POST '%.*s' -H 'Content-Type: application/json' -d '{\"hello\":\"world\"}'\n"
           "  curl '%s/2025-07-01/events' -H 'Authorization: Bearer %s'\n\n",
           config->public_url, config->api_key, TEXT_ARGS(url), config->public_url, config->api_key);
    fflush(stdout);
}

void quick_start(const struct config *config)
{
    struct error error = {0};
    struct http_client *client = http_client_create(&error);
    if (client == NULL) {
        log_warn("the quick start failed: %s", error.message);
        return;
    }
    json_t *count = call_api(client, config, "GET", "/sources/count", TEXT_NONE);
    if (json_member_integer(count, "count", 1) == 0) {
        json_t *connection = call_api(client, config, "PUT", "/connections", CONNECTION);
        if (connection != NULL)
            print_hints(config, connection);
        json_decref(connection);
    } else if (count != NULL) {
        printf("\n  API  %s/2025-07-01\n  key  %s\n\n", config->public_url, config->api_key);
        fflush(stdout);
    }
    json_decref(count);
    http_client_free(client);
}
