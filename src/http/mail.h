/*
 * mail.h - one mail to a mail server (SMTP), on libcurl.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct mail {
    const char *url;      /* smtp://HOST:PORT, TLS when the server offers it; smtps:// with TLS from the start */
    const char *user;     /* NULL or "": no sign-in */
    const char *password;
    const char *from;
    const char *to;       /* addresses, separated by commas */
    struct text subject;  /* bytes that are no printable ASCII become "?" */
    struct text body;     /* UTF-8, lines end with LF */
    long timeout_ms;
};

/* Blocks until the server took it. ERROR_UNREACHABLE with what it said. */
bool mail_send(const struct mail *mail, struct error *error);
