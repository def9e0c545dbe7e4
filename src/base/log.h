/*
 * log.h - one line per happening, on standard error.
 *
 * Form: "2026-11-24T10:20:30.123Z warn  the sentence". Thread-safe: a line is written with one write.
 * Never log secrets, bodies or header values.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
bool log_level_parse(const char *name, enum log_level *level); /* "debug", "info", "warn", "error" */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
