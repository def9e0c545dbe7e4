/*
 * failure.h - what libcurl's result, the system's errno and OpenSSL's verdict on a certificate mean in our words.
 * Pure.
 */
#pragma once

#include <curl/curl.h>

#include "http/client.h"

struct failure_facts {
    CURLcode result;
    long system_error;  /* CURLINFO_OS_ERRNO */
    long verify_result; /* CURLINFO_SSL_VERIFYRESULT */
    long proxy_error;   /* CURLINFO_PROXY_ERROR */
    struct text text;   /* libcurl's sentence, which may hold OpenSSL's code ("error:0A00010B:...") */
    bool at_proxy;      /* it happened on the way to the proxy, and not behind it */
};

enum http_failure http_failure_of(const struct failure_facts *facts);
