#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"
#include "command.h"
#include "trial.h"

/*
 * The bare gateway runs in a process of its own, so that its CPU time and its writes can be told
 * apart.
 */
static pid_t ceiling_fork(const struct bare_plan *plan, struct fault *fault)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        fault_set(fault, "cannot fork: %s", strerror(errno));
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(COMMAND_USAGE);
    struct fault own;
    bool served = bare_serve(plan, &own);
    _exit(served ? COMMAND_DONE : command_fail("ceiling", &own));
}

static bool ceiling_measure(struct trial_plan *plan, const struct bare_plan *bare,
                            struct sink *sink, struct report *report, uint64_t *lost,
                            struct fault *fault)
{
    plan->pid = ceiling_fork(bare, fault);
    close(bare->listener);
    if (plan->pid < 0)
        return false;
    bool done = trial_run(plan, sink, report, lost, fault);
    kill(plan->pid, SIGTERM);
    waitpid(plan->pid, NULL, 0);
    return done;
}

int command_ceiling(int argument_count, char **arguments)
{
    struct command_load load;
    struct command_destination destination;
    struct trial_plan plan = {.drain_s = 10, .settle_s = 0.2};
    struct bare_plan bare = {.connections = 64, .directory = "."};
    struct setting_table table = {0};
    command_load_start(&load, &table);
    command_destination_start(&destination, &table);
    const struct setting rows[] = {
        {"--dir", SETTING_TEXT, &bare.directory, 0, 0,
         "directory of the journal, on the disk to be measured (.)"},
        {"--forward", SETTING_COUNT, &bare.connections, 1, BARE_CONNECTIONS_MAX,
         "connections to the sink (64)"},
    };
    setting_add(&table, rows, sizeof rows / sizeof *rows);
    struct fault fault;
    int status;
    if (!command_begin("ceiling", &table, argument_count, arguments, &status))
        return status;
    struct address front;
    struct sink *sink = command_destination_open(&destination, &bare.destination, &fault);
    bool done = sink && address_parse(&front, "127.0.0.1:0", &fault);
    bare.listener = done ? address_listen(&front, &fault) : -1;
    done = bare.listener >= 0;
    struct report report = {0};
    uint64_t lost = 0;
    report_open(&report, NULL, '{');
    if (done) {
        char url[128];
        snprintf(url, sizeof url, "http://%s/", front.authority);
        load.urls = (struct setting_list){.values = {url}, .count = 1};
        command_load_finish(&load);
        plan.load = load.plan;
        done = ceiling_measure(&plan, &bare, sink, &report, &lost, &fault);
    }
    report_close(&report, '}');
    if (done)
        report_print(&report);
    report_free(&report);
    sink_free(sink);
    if (!done)
        return command_fail("ceiling", &fault);
    return lost ? COMMAND_LOST : COMMAND_DONE;
}
