#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "trial.h"

/* One acked sequence number a line. */
static bool write_acked(const char *path, const struct load_result *result, struct fault *fault)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return fault_set(fault, "cannot write %s: %s", path, strerror(errno));
    for (uint64_t sequence = 0; sequence < result->sent; sequence++)
        if (bitmap_has(&result->acked_set, sequence))
            fprintf(file, "%" PRIu64 "\n", sequence);
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return !failed || fault_set(fault, "cannot write %s", path);
}

int command_send(int argument_count, char **arguments)
{
    struct command_load load;
    const char *acked_file = NULL;
    struct setting_table table = {0};
    command_load_start(&load, &table);
    const struct setting rows[] = {
        {"--url", SETTING_LIST, &load.urls, 0, 0, "where to send to, can be repeated"},
        {"--acked-file", SETTING_TEXT, &acked_file, 0, 0,
         "write the acked sequence numbers there, one a line"},
    };
    setting_add(&table, rows, sizeof rows / sizeof *rows);
    struct fault fault;
    int status;
    if (!command_begin("send", &table, argument_count, arguments, &status))
        return status;
    command_load_finish(&load);
    struct load_result result = {0};
    bool done = load_send(&load.plan, &result, &fault);
    if (done) {
        struct report report = {0};
        trial_report_load(&report, NULL, &result);
        report_print(&report);
        report_free(&report);
        done = !acked_file || write_acked(acked_file, &result, &fault);
    }
    status = result.gave_up ? COMMAND_GAVE_UP : COMMAND_DONE;
    load_result_free(&result);
    return done ? status : command_fail("send", &fault);
}
