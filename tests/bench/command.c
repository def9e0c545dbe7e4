#include "command.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "payload.h"

bool command_begin(const char *name, const struct setting_table *table, int argument_count,
                   char **arguments, int *status)
{
    struct fault fault;
    for (int i = 0; i < argument_count; i++) {
        if (strcmp(arguments[i], "--help") != 0)
            continue;
        printf("fairlead-bench %s\n", name);
        setting_print(table);
        *status = COMMAND_DONE;
        return false;
    }
    if (setting_parse(table, argument_count, arguments, &fault))
        return true;
    *status = command_fail(name, &fault);
    return false;
}

int command_fail(const char *name, const struct fault *fault)
{
    fprintf(stderr, "fairlead-bench %s: %s\n", name, fault->text);
    return COMMAND_USAGE;
}

void command_load_start(struct command_load *load, struct setting_table *table)
{
    struct load_plan *plan = &load->plan;
    *load = (struct command_load){0};
    *plan = (struct load_plan){
        .run = "run", .connections = 64, .size = 1024, .timeout_s = 30, .give_up_s = 10};
    const struct setting rows[] = {
        {"--run", SETTING_TEXT, &plan->run, 0, 0, "run id, 1 to 16 of A-Z a-z 0-9 _ - (run)"},
        {"--connections", SETTING_COUNT, &plan->connections, 1, LOAD_CONNECTIONS_MAX,
         "keep-alive connections (64)"},
        {"--rate", SETTING_NUMBER, &plan->rate, 0, (uint64_t)LOAD_RATE_MAX,
         "webhooks a second; without it the loop is closed"},
        {"--count", SETTING_COUNT, &plan->count, 1, BITMAP_MAX, "webhooks to send"},
        {"--duration", SETTING_NUMBER, &plan->duration_s, 0, 86400, "seconds to send for"},
        {"--size", SETTING_COUNT, &plan->size, 1, PAYLOAD_SIZE_MAX, "bytes of a body (1024)"},
        {"--timeout", SETTING_NUMBER, &plan->timeout_s, 0, 3600, "seconds for one answer (30)"},
        {"--give-up", SETTING_NUMBER, &plan->give_up_s, 0, 86400,
         "seconds without any connection before it ends (10)"},
        {"--header", SETTING_LIST, &load->headers, 0, 0, "'Name: value', can be repeated"},
    };
    setting_add(table, rows, sizeof rows / sizeof *rows);
}

void command_load_finish(struct command_load *load)
{
    for (unsigned i = 0; i < load->urls.count && i < LOAD_URLS_MAX; i++)
        load->plan.urls[load->plan.url_count++] = load->urls.values[i];
    for (unsigned i = 0; i < load->headers.count && i < LOAD_HEADERS_MAX; i++)
        load->plan.headers[load->plan.header_count++] = load->headers.values[i];
}

void command_destination_start(struct command_destination *destination, struct setting_table *table)
{
    *destination = (struct command_destination){.listen = "127.0.0.1:0", .status = 200};
    const struct setting rows[] = {
        {"--listen", SETTING_TEXT, &destination->listen, 0, 0,
         "HOST:PORT of the sink, port 0 for a free one (127.0.0.1:0)"},
        {"--status", SETTING_COUNT, &destination->status, 200, 599, "status of every answer (200)"},
        {"--delay-ms", SETTING_COUNT, &destination->delay_ms, 0, 600000,
         "milliseconds before an answer (0)"},
        {"--never", SETTING_FLAG, &destination->never, 0, 0, "take everything, answer nothing"},
    };
    setting_add(table, rows, sizeof rows / sizeof *rows);
}

struct sink *command_destination_open(const struct command_destination *destination,
                                      struct address *address, struct fault *fault)
{
    struct sink_plan plan = {.status = (unsigned)destination->status,
                             .delay_ns = destination->delay_ms * CLOCK_MS_NS,
                             .never = destination->never};
    if (!address_parse(address, destination->listen, fault))
        return NULL;
    return sink_open(address, &plan, fault);
}
