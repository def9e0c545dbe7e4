#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const char *const NAMES[] = {"debug", "info", "warn", "error"};
static atomic_int least_level = LOG_INFO;

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_write(enum log_level level, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    char line[1024], moment[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), moment);
    int head = snprintf(line, sizeof line, "%s %-5s ", moment, NAMES[level]);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, arguments);
    va_end(arguments);
    size_t size = (size_t)head + (length < 0 ? 0 : (size_t)length);
    if (size > sizeof line - 2)
        size = sizeof line - 2;
    for (size_t i = (size_t)head; i < size; i++) {
        if ((unsigned char)line[i] < ' ') /* one happening stays one line, whatever a peer sent */
            line[i] = ' ';
    }
    line[size] = '\n';
    ssize_t written = write(STDERR_FILENO, line, size + 1);
    (void)written; /* nowhere left to say that the log is gone */
}
