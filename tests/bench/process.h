#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel has counted for one process, all its threads, not its children. */
struct process_usage {
    uint64_t cpu_us; /* user and system, in steps of a clock tick (10 ms) */
    uint64_t resident_bytes;
    uint64_t peak_resident_bytes; /* over the process's whole life */
    uint64_t written_bytes;       /* sent to the storage layer: /proc/PID/io, write_bytes */
};

/* False when the process is gone or not ours to look at; see proc(5). */
bool process_read(pid_t pid, struct process_usage *usage);

#endif
