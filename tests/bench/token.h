#ifndef BENCH_TOKEN_H
#define BENCH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The mark that every webhook of the bench carries somewhere in its body:
 *
 *     flb:RUN:SEQUENCE:SEND_NS
 *
 * RUN is 1 to 16 characters of [A-Za-z0-9_-], SEQUENCE exactly 10 digits, SEND_NS exactly 20 digits
 * of CLOCK_MONOTONIC. Fixed widths let the sender patch the numbers into a finished body. The sink
 * looks for the mark itself and not for a key, so it survives a body that was parsed and written
 * anew.
 */

#define TOKEN_RUN_MAX 16u
#define TOKEN_DIGITS (10u + 1u + 20u) /* the patched part: sequence, colon, time */
#define TOKEN_MAX (4u + TOKEN_RUN_MAX + 1u + TOKEN_DIGITS)

struct token {
    char run[TOKEN_RUN_MAX + 1];
    uint64_t sequence;
    uint64_t send_ns;
};

bool token_run_valid(const char *run);

/*
 * Writes the mark without a final NUL, at most TOKEN_MAX bytes; returns its length. `run` must be
 * valid.
 */
size_t token_write(char *out, const struct token *token);

/* Overwrites the numbers of a written mark; `digits` points TOKEN_DIGITS bytes before its end. */
void token_patch(char *digits, uint64_t sequence, uint64_t send_ns);

/* Finds the first mark in a body. False when there is none. */
bool token_find(const char *body, size_t length, struct token *token);

#endif
