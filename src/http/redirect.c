#include "http/redirect.h"

#include <stdio.h>
#include <string.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

bool redirect_is_one(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool redirect_becomes_get(int status, const char *method)
{
    return status == 303 && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

bool redirect_leaves_origin(const struct target *from, const struct target *to)
{
    bool upgraded = !from->secure && to->secure && from->port == HTTP_PORT && to->port == HTTPS_PORT &&
                    strcmp(from->host, to->host) == 0;
    return !upgraded && !target_same_origin(from, to);
}

/* The text has the word, whatever its case; the word is in lower case. */
static bool has_word(struct text text, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= text.size; i++) {
        if (text_equal_ignoring_case(text_slice(text, i, size), (struct text){word, size}))
            return true;
    }
    return false;
}

bool redirect_is_credential(struct text name)
{
    static const char *const words[] = {"auth", "cookie", "token", "secret", "password", "signature", "hmac", "api-key",
                                        "apikey", "access-key", "credential", "session", "jwt"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has_word(name, words[i]))
            return true;
    }
    return text_ends_with(name, TEXT("-sign"));
}

bool redirect_describes_body(struct text name)
{
    return name.size > 8 && text_equal_ignoring_case(text_slice(name, 0, 8), TEXT("content-"));
}

bool redirect_is_allowed(const struct egress *egress, const struct target *from, const struct target *to,
                         char reason[EGRESS_REASON])
{
    if (egress == NULL)
        return true;
    if (egress->other_hosts_refused && strcmp(from->host, to->host) != 0) {
        snprintf(reason, EGRESS_REASON, "it is another host, and redirect_hosts is same");
        return false;
    }
    if (!egress->downgrade_allowed && from->secure && !to->secure) {
        snprintf(reason, EGRESS_REASON, "it leaves https for http, and redirect_downgrade is refuse");
        return false;
    }
    return true;
}
