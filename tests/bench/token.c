#include "token.h"

#include <string.h>

#define TOKEN_MARK "flb:"
#define TOKEN_MARK_LENGTH 4u
#define TOKEN_SEQUENCE_DIGITS 10u
#define TOKEN_TIME_DIGITS 20u

static bool token_run_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool token_run_valid(const char *run)
{
    size_t length = strlen(run);
    if (!length || length > TOKEN_RUN_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!token_run_character(run[i]))
            return false;
    return true;
}

static void token_write_digits(char *out, size_t width, uint64_t number)
{
    while (width--) {
        out[width] = (char)('0' + number % 10);
        number /= 10;
    }
}

static bool token_read_digits(const char *digits, size_t width, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < width; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(digits[i] - '0');
    }
    return true;
}

void token_patch(char *digits, uint64_t sequence, uint64_t send_ns)
{
    token_write_digits(digits, TOKEN_SEQUENCE_DIGITS, sequence);
    digits[TOKEN_SEQUENCE_DIGITS] = ':';
    token_write_digits(digits + TOKEN_SEQUENCE_DIGITS + 1, TOKEN_TIME_DIGITS, send_ns);
}

size_t token_write(char *out, const struct token *token)
{
    size_t run_length = strlen(token->run);
    memcpy(out, TOKEN_MARK, TOKEN_MARK_LENGTH);
    memcpy(out + TOKEN_MARK_LENGTH, token->run, run_length);
    out[TOKEN_MARK_LENGTH + run_length] = ':';
    token_patch(out + TOKEN_MARK_LENGTH + run_length + 1, token->sequence, token->send_ns);
    return TOKEN_MARK_LENGTH + run_length + 1 + TOKEN_DIGITS;
}

/* Reads what follows the mark's first four characters. */
static bool token_read(const char *text, size_t length, struct token *token)
{
    size_t run_length = 0;
    while (run_length < length && run_length <= TOKEN_RUN_MAX &&
           token_run_character(text[run_length]))
        run_length++;
    if (!run_length || run_length > TOKEN_RUN_MAX || length - run_length < 1 + TOKEN_DIGITS)
        return false;
    const char *digits = text + run_length + 1;
    if (digits[-1] != ':' || digits[TOKEN_SEQUENCE_DIGITS] != ':')
        return false;
    memcpy(token->run, text, run_length);
    token->run[run_length] = '\0';
    return token_read_digits(digits, TOKEN_SEQUENCE_DIGITS, &token->sequence) &&
           token_read_digits(digits + TOKEN_SEQUENCE_DIGITS + 1, TOKEN_TIME_DIGITS,
                             &token->send_ns);
}

bool token_find(const char *body, size_t length, struct token *token)
{
    const char *end = body + length;
    const char *at = body;
    while (at < end && (at = memmem(at, (size_t)(end - at), TOKEN_MARK, TOKEN_MARK_LENGTH))) {
        at += TOKEN_MARK_LENGTH;
        if (token_read(at, (size_t)(end - at), token))
            return true;
    }
    return false;
}
