/*
 * Prints docs/sources.md from the table of schemes; `make source-table` writes it there, and a test fails when it is
 * out of date.
 */
#include <stdio.h>
#include <string.h>

#include "verify/scheme.h"

static const char *const DIGEST_NAMES[] = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"};
static const char *const ENCODING_NAMES[] = {"hexadecimal", "base64", "base64url", "base64 of hexadecimal"};

/* "the header `X`" of "h:X". */
static void print_place(const char *place)
{
    if (strncmp(place, "h:", 2) == 0)
        printf("header `%s`", place + 2);
    else if (strncmp(place, "q:", 2) == 0)
        printf("query parameter `%s`", place + 2);
    else if (strncmp(place, "f:", 2) == 0)
        printf("form field `%s`", place + 2);
    else if (strncmp(place, "j:", 2) == 0)
        printf("member `%s` of the body", place + 2);
    else
        printf("the body");
}

/* "-SHA-1 or SHA-256" of a sender that names one of them. */
static void print_digests(const struct scheme *scheme)
{
    const struct named_digest *row = scheme->digests;
    if (row == NULL)
        printf("-%s", DIGEST_NAMES[scheme->digest]);
    for (; row != NULL && row->name != NULL; row++)
        printf("%s%s", row == scheme->digests ? "-" : " or ", DIGEST_NAMES[row->digest]);
}

static void print_signature(const struct scheme *scheme, const char *method)
{
    printf("%s", method);
    if (scheme->method != METHOD_ED25519)
        print_digests(scheme);
    printf(", %s, ", ENCODING_NAMES[scheme->encoding]);
    print_place(scheme->signature);
    if (scheme->form.numbered)
        printf("1, 2, …");
    if (scheme->each != NULL)
        printf(" for each of `%s`", scheme->each);
    if (scheme->tolerance_s > 0)
        printf("; %d s", scheme->tolerance_s);
}

static void print_check(const struct scheme *scheme)
{
    switch (scheme->method) {
    case METHOD_NONE:
        printf(scheme->confidence == SCHEME_WEAK ? "**not checked**: how it signs is not known for sure"
                                                 : "**not checked**: it signs nothing");
        break;
    case METHOD_CHOSEN: printf("as `auth_type` says"); break;
    case METHOD_PUBLISH: printf("the project's API key, by the publish call only"); break;
    case METHOD_HMAC:
        if (scheme->signature != NULL)
            print_signature(scheme, "HMAC");
        else
            printf("HMAC over the body, in the header that you name");
        break;
    case METHOD_HASH: print_signature(scheme, "digest"); break;
    case METHOD_TOKEN:
        printf("the secret itself, ");
        print_place(scheme->signature);
        break;
    case METHOD_BASIC: printf("Basic"); break;
    case METHOD_API_KEY: printf("a key in the header or query parameter that you name"); break;
    case METHOD_RSA: print_signature(scheme, "RSA"); break;
    case METHOD_RSA_PSS: print_signature(scheme, "RSA-PSS"); break;
    case METHOD_ECDSA: print_signature(scheme, "ECDSA P-256"); break;
    case METHOD_ED25519: print_signature(scheme, "Ed25519"); break;
    case METHOD_JWT:
        printf("JWT, ");
        print_place(scheme->signature);
        break;
    }
}

/* The hosts that its key comes from, each once. */
static void print_origin(const struct scheme *scheme)
{
    const char *const *locations = scheme->origin->locations;
    static const char *const forms[] = {"key set", "certificate", "key"};
    const char *between = "";
    printf("; %s from ", forms[scheme->origin->form]);
    for (size_t i = 0; locations[i] != NULL; i++) {
        size_t size = strcspn(locations[i], "/");
        bool known = false;
        for (size_t k = 0; k < i; k++)
            known |= strncmp(locations[k], locations[i], size + 1) == 0;
        if (known)
            continue;
        printf("%s`%.*s`", between, (int)size, locations[i]);
        between = ", ";
    }
}

static void print_fields(const struct scheme *scheme)
{
    const char *between = "";
    for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
        if (strncmp(field->name, "previous_", 9) == 0)
            continue; /* said once, above the table */
        printf("%s`%s`%s", between, field->name, field->optional ? " (optional)" : "");
        between = ", ";
    }
}

static void print_row(const struct scheme *scheme)
{
    printf("| `%s` | ", scheme->type);
    if (scheme->documentation != NULL)
        printf("[%s](%s) | ", scheme->name, scheme->documentation);
    else
        printf("%s | ", scheme->name);
    print_check(scheme);
    if (scheme->origin != NULL)
        print_origin(scheme);
    printf(" | ");
    print_fields(scheme);
    printf(" | %s | %s |\n", scheme->find != NULL ? scheme->find : "",
           scheme->subscription != NULL ? "confirmed" : scheme->handshakes != NULL ? "answered" : "");
}

/* Rows in the order of their types, which the tables by family do not have among each other. */
static const struct scheme *next_row(const struct scheme *before, bool auth_type_only)
{
    const struct scheme *found = NULL, *scheme;
    for (size_t i = 0; (scheme = scheme_at(i)) != NULL; i++) {
        if (scheme->auth_type_only == auth_type_only && (before == NULL || strcmp(scheme->type, before->type) > 0) &&
            (found == NULL || strcmp(scheme->type, found->type) < 0))
            found = scheme;
    }
    return found;
}

static void print_table(bool auth_type_only)
{
    printf("| type | sender | what is checked | `config.auth` | where it is found | handshake |\n"
           "| --- | --- | --- | --- | --- | --- |\n");
    for (const struct scheme *scheme = next_row(NULL, auth_type_only); scheme != NULL;
         scheme = next_row(scheme, auth_type_only))
        print_row(scheme);
}

static const char HEAD[] =
    "# Source types\n\n"
    "<!-- Made by `make source-table` from src/verify; do not edit. -->\n\n"
    "A source's `type` says who sends to it. With the members of `config.auth` that its row names, every request is\n"
    "checked before anything is made of it; what does not pass is recorded with the cause `VERIFICATION_FAILED`, can be\n"
    "looked at, and can be retried once the secret is mended (a retry is your decision: it is not checked again, and the\n"
    "request's `verified` stays false). Without `config.auth` nothing is checked, but for `AWS_SNS`, which needs none.\n\n"
    "* **Not checked** means what it says: such a source takes every request, its `authenticated` and the requests'\n"
    "  `verified` are false, whatever its `config.auth` holds. It takes `auth_type` `HMAC`, `BASIC_AUTH` or `API_KEY` in\n"
    "  place of its own, for senders that can be told to add a header or a password.\n"
    "* **Some senders publish their keys.** They are fetched when a request needs one, from the hosts that the row names and\n"
    "  from no other, and kept as long as the sender says ([decision 10](decisions/0010-fetched-keys.md)). While one cannot\n"
    "  be had, requests are answered 503, so that the sender sends them again, and recorded as `VERIFICATION_FAILED` with the\n"
    "  reason as `rejection_detail`. Where the row has `public_key`, a key that you enter (PEM) takes the place of the fetched\n"
    "  one; `previous_public_key` beside it helps over a change.\n"
    "* **Anybody can subscribe a URL to a topic of their own** at `AWS_SNS`. The question whether that is wanted is answered\n"
    "  with yes once its signature passes (confirmed), unless `topic_arn` names another topic. What could not be confirmed is\n"
    "  answered 503 and recorded with its reason. Messages in the raw form carry no signature and do not pass.\n"
    "* Sources of type `WEBHOOK` take any row's name as `auth_type`; those of type `HTTP` take `HMAC`, `BASIC_AUTH` and\n"
    "  `API_KEY`.\n"
    "* **Changing a secret.** Beside `webhook_secret_key` (or `api_key`, `token`, `public_key`, `password`) may stand the\n"
    "  one that it took the place of, as `previous_webhook_secret_key` and so on: both pass until you take it out.\n"
    "* A number of seconds is how far the signed time may lie from the gateway's clock, before or after it. Where a row has\n"
    "  none, the sender documents none, and a recorded request passes again at any time.\n"
    "* Some signatures are over the URL. That is the gateway's `public_url`, or the custom domain that the request came by,\n"
    "  with the path and query as they arrived; what stands before the gateway must not change them.\n"
    "* A header that holds a signature must be there once. Where the scheme knows several signatures in it, one that fits\n"
    "  is enough.\n"
    "* **Handshakes** are what senders ask of a URL before they use it. They are answered, and are neither events nor\n"
    "  requests. Some answers are made with the secret; those questions are answered only when they are a short word, so\n"
    "  that nobody gets a signature of a webhook by asking for it. `verify_token`, where a row has it, must then be what\n"
    "  the sender says; without it anything is taken.\n"
    "* **Answers that are signed.** `PRAXIS` gets its acknowledgement with the digest that it looks for, made with the secret\n"
    "  that it signed with; `ALIPAY` one that is signed with your `private_key`, or unsigned without it. Only what passed\n"
    "  is answered so, and a `custom_response` takes its place.\n"
    "* Senders with *the secret itself* in their row put it into every request, where it stays: in the recorded request, and\n"
    "  in what destinations get.\n\n";

int main(void)
{
    fputs(HEAD, stdout);
    print_table(false);
    printf("\n## Only as `auth_type`\n\n");
    print_table(true);
    return 0;
}
