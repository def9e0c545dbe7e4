#include "process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool process_read_file(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(text, 1, size - 1, file);
    fclose(file);
    text[length] = '\0';
    return length > 0;
}

/* The number behind `label` in a file of "Label: number" lines. */
static bool process_field(const char *text, const char *label, uint64_t *number)
{
    const char *at = strstr(text, label);
    return at && sscanf(at + strlen(label), "%" SCNu64, number) == 1;
}

static bool process_read_cpu(const char *stat, uint64_t *cpu_us)
{
    /*
     * The second field is the program's name and may hold anything; what follows its last ')' is
     * regular.
     */
    const char *at = strrchr(stat, ')');
    uint64_t user;
    uint64_t kernel;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                      &user, &kernel) != 2)
        return false;
    *cpu_us = (user + kernel) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    return true;
}

bool process_read(pid_t pid, struct process_usage *usage)
{
    char text[4096];
    if (!process_read_file(pid, "stat", text, sizeof text) ||
        !process_read_cpu(text, &usage->cpu_us))
        return false;
    uint64_t resident_kib;
    uint64_t peak_kib;
    if (!process_read_file(pid, "status", text, sizeof text) ||
        !process_field(text, "VmRSS:", &resident_kib) || !process_field(text, "VmHWM:", &peak_kib))
        return false;
    usage->resident_bytes = resident_kib * 1024;
    usage->peak_resident_bytes = peak_kib * 1024;
    return process_read_file(pid, "io", text, sizeof text) &&
           process_field(text, "\nwrite_bytes:", &usage->written_bytes);
}
