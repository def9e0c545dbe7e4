#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "command.h"
#include "sink_page.h"
#include "stop.h"

#define SINK_POLL_NS (50 * (long)CLOCK_MS_NS)

int command_sink(int argument_count, char **arguments)
{
    struct command_destination destination;
    struct setting_table table = {0};
    command_destination_start(&destination, &table);
    struct fault fault;
    struct address address;
    int status;
    if (!command_begin("sink", &table, argument_count, arguments, &status))
        return status;
    struct sink *sink = command_destination_open(&destination, &address, &fault);
    if (!sink || !sink_start(sink, &fault)) {
        sink_free(sink);
        return command_fail("sink", &fault);
    }
    printf("sink ready on http://%s\n", address.authority);
    fflush(stdout);
    while (!stop_requested())
        nanosleep(&(struct timespec){.tv_nsec = SINK_POLL_NS}, NULL);
    sink_stop(sink);
    struct report report = {0};
    report_open(&report, NULL, '{');
    sink_page_stats(sink_tally(sink), NULL, &report);
    report_close(&report, '}');
    report_print(&report);
    report_free(&report);
    sink_free(sink);
    return COMMAND_DONE;
}
