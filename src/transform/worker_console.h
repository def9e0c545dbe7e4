/*
 * worker_console.h - what a run prints: lines in the form of a frame's part, bounded.
 */
#pragma once

#include "transform/worker_engine.h"

void console_clear(void);
/* Keeps what was printed; lays it back. */
void console_keep(void);
void console_lay_back(void);
/* Cuts a long line; says once that there were more when there is no room for another. */
void console_line(enum frame_level level, struct span text);
struct span console_lines(void);
