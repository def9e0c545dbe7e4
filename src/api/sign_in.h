/*
 * sign_in.h - the sign-ins of hookdeck-cli that wait for somebody to confirm them in a browser.
 *
 * Each has two random tokens: one in the URL that the CLI polls, one in the URL of the page. The page asks for an API
 * key; with a good one the sign-in gets a key of its own, of the same project and with the same rate limit, which the
 * next poll brings to the CLI.
 * They are in memory only: limits.sign_ins of them, each for limits.sign_in_ms.
 *
 * Threads: all functions may be called from any thread.
 */
#pragma once

#include "api/call.h"
#include "base/random.h"

struct sign_ins;

struct sign_in {
    char poll_token[RANDOM_TOKEN_DIGITS + 1], page_token[RANDOM_TOKEN_DIGITS + 1];
    char device_name[256]; /* cut */
    char peer[64];         /* the address that asked */
    int64_t ends_at_ms;    /* monotonic */
    char key[API_KEY_DIGITS + 1]; /* empty until it was confirmed */
};

struct sign_ins *sign_ins_create(void);
void sign_ins_free(struct sign_ins *sign_ins);
/* Begins one; false when too many wait. */
bool sign_ins_begin(struct sign_ins *sign_ins, struct text device_name, struct text peer, struct sign_in *out);
/* A copy of the one of that token; false when there is none, or its time is over. */
bool sign_ins_find_polled(struct sign_ins *sign_ins, struct text poll_token, struct sign_in *out);
bool sign_ins_find_shown(struct sign_ins *sign_ins, struct text page_token, struct sign_in *out);
/* Gives it its key; false when it has one already, or is gone. */
bool sign_ins_confirm(struct sign_ins *sign_ins, struct text page_token, struct text key);

/* The page: GET shows the form, POST takes it. Replies to the call. */
bool sign_in_page_wants(struct text path);
void sign_in_page(struct call *call);
/* The page's URL in the call's arena. */
const char *sign_in_page_url(struct call *call, const struct sign_in *sign_in);
