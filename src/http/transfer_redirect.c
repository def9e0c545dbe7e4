/* Redirects are followed here and not by libcurl: what stays behind, and what is not followed, is ours to say. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "http/client_parts.h"
#include "http/redirect.h"

static bool fail(struct http_call *call, enum http_failure failure, const char *url, const char *reason)
{
    call->failure = failure;
    call->status = 0;
    snprintf(call->failure_text, sizeof call->failure_text, "the redirect to %.100s is not followed: %s", url, reason);
    return false;
}

static bool go(struct transfer *transfer, const char *url, const struct target *from, const struct target *to, int status)
{
    struct hop *hop = &transfer->hop;
    char *copy = memory_copy_string(url); /* libcurl's, until the next request */
    hop->count++;
    hop->elsewhere |= redirect_leaves_origin(from, to);
    hop->without_body |= redirect_becomes_get(status, transfer->call->method);
    free(hop->url);
    hop->url = copy;
    transfer_prepare(transfer);
    return true;
}

bool transfer_follow_to(struct transfer *transfer, const char *url, int status)
{
    struct http_call *call = transfer->call;
    struct target from, to;
    char reason[EGRESS_REASON];
    if (transfer->hop.count >= call->redirects) {
        snprintf(reason, sizeof reason, "there were %d redirects before it, and no more are followed", transfer->hop.count);
        return fail(call, HTTP_TOO_MANY_REDIRECTS, url, reason);
    }
    if (!target_read(transfer_url(transfer), &from) || !target_read(url, &to))
        return fail(call, HTTP_INVALID_URL, url, "it is no http or https URL");
    if (!redirect_is_allowed(transfer->client->egress, &from, &to, reason))
        return fail(call, HTTP_EGRESS_REFUSED, url, reason);
    return go(transfer, url, &from, &to, status);
}

bool transfer_follow(struct transfer *transfer)
{
    struct http_call *call = transfer->call;
    const char *url = NULL;
    if (call->failure == HTTP_EGRESS_REFUSED && transfer->hop.count > 0)
        return fail(call, HTTP_EGRESS_REFUSED, transfer->hop.url, transfer->refusal);
    if (call->failure != HTTP_OK || call->redirects == 0 || !redirect_is_one(call->status))
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &url);
    /* Without one it does not say where to: the reply is what it is. */
    return url != NULL && transfer_follow_to(transfer, url, call->status);
}
