/*
 * failure.h - what libcurl's result, the system's errno and OpenSSL's verdict on a certificate mean in our words.
 * Pure.
 */
#pragma once

#include <curl/curl.h>

#include "http/client.h"

enum http_failure http_failure_of(CURLcode result, long system_error, long verify_result);
