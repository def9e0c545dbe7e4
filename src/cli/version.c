#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>

#include "cli/command.h"

int version_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("fairlead %s (libcurl %s, SQLite %s, jansson %s, %s)\n", FAIRLEAD_VERSION,
           curl_version_info(CURLVERSION_NOW)->version, sqlite3_libversion(), jansson_version_str(),
           OpenSSL_version(OPENSSL_VERSION));
    return 0;
}
