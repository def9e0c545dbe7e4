/*
 * random.h - what must not be guessed: ingest tokens, API keys, signing secrets.
 */
#pragma once

#include <stddef.h>

enum { RANDOM_TOKEN_DIGITS = 22 }; /* 22 base-62 digits hold 130 bits */

void random_bytes(void *out, size_t size); /* from the kernel; aborts if it has none to give */
/* `digits` characters of 0-9A-Za-z, evenly distributed, and a NUL. */
void random_token(char *out, size_t digits);
