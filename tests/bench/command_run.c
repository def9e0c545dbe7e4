#include "command.h"
#include "trial.h"

int command_run(int argument_count, char **arguments)
{
    struct command_load load;
    struct command_destination destination;
    struct trial_plan plan = {.drain_s = 10, .settle_s = 0.2};
    uint64_t pid = 0;
    struct setting_table table = {0};
    command_load_start(&load, &table);
    command_destination_start(&destination, &table);
    const struct setting rows[] = {
        {"--url", SETTING_LIST, &load.urls, 0, 0, "where to send to, can be repeated"},
        {"--pid", SETTING_COUNT, &pid, 1, 1u << 22,
         "process of the gateway, to report its CPU, memory and writes"},
        {"--drain", SETTING_NUMBER, &plan.drain_s, 0, 86400,
         "seconds to wait for a further arrival (10)"},
        {"--settle", SETTING_NUMBER, &plan.settle_s, 0, 3600,
         "seconds to wait after the last one (0.2)"},
    };
    setting_add(&table, rows, sizeof rows / sizeof *rows);
    struct fault fault;
    struct address address;
    int status;
    if (!command_begin("run", &table, argument_count, arguments, &status))
        return status;
    command_load_finish(&load);
    plan.load = load.plan;
    plan.pid = (pid_t)pid;
    struct sink *sink = command_destination_open(&destination, &address, &fault);
    if (!sink)
        return command_fail("run", &fault);
    struct report report = {0};
    uint64_t lost = 0;
    report_open(&report, NULL, '{');
    bool done = trial_run(&plan, sink, &report, &lost, &fault);
    report_close(&report, '}');
    if (done)
        report_print(&report);
    report_free(&report);
    sink_free(sink);
    if (!done)
        return command_fail("run", &fault);
    return lost ? COMMAND_LOST : COMMAND_DONE;
}
