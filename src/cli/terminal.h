/*
 * terminal.h - colours, where somebody looks.
 *
 * A stream gets them when it is a terminal, TERM is not "dumb" and NO_COLOR is not set (no-color.org).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_DOUBT, COLOUR_FAINT, COLOUR_STRONG };

bool terminal_is_shown(FILE *stream);     /* a terminal that can move its cursor */
bool terminal_has_colours(FILE *stream);
/* The bytes that begin a colour, and that end all; "" when `wanted` is false. */
const char *terminal_begin(bool wanted, enum colour colour);
const char *terminal_end(bool wanted);
int terminal_width(FILE *stream); /* columns, 80 when not known */
