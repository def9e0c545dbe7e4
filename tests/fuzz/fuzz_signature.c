/*
 * Requests at sources of every type: the first byte picks the type, the first line is what holds the signature, the
 * second the query, then come lines of headers up to an empty one, then the body.
 */
#include "fuzz.h"

#include <string.h>

#include "verify/fetch.h"

#define NEON_URL "https://ep-x-1.neonauth.us-east-1.aws.neon.tech/neondb/auth"
enum { SCHEMES_MOST = 256, HEADERS_MOST = 32, NOW_S = 1800000000 };

static const char *key_of(const struct scheme *scheme)
{
    switch (scheme->key) {
    case KEY_HEX: return "00ff";
    case KEY_PEM:
        return scheme->method == METHOD_ECDSA
                   ? "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEklZAj5aYRrelrPZRUIbMyjDSoLLH14j1498sXQGlSKkSD/kYYdG4fjSRSnS+"
                     "f72n65sGu6pBT+bzLgDfMeCSWA=="
                   : "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCtxijVGxLjPcqVhbAA7gZwouYtBpn15uXusJx1vSZMZlSOJlWaJ+tqsiMnjBg9"
                     "iqyIubHCPr5DkyJ78uxtbCFqElUhCEWLdjAdpUuQLdcybBJ9pTAw6bZnFMcDP5nKKzMaWN4xM6mLD4tHvaeXL4xoUUudtevJiXWt"
                     "kXkGrTW/lQIDAQAB";
    case KEY_ED25519: return "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    default: return "c2VjcmV0c2VjcmV0";
    }
}

static struct verifier *make(const struct scheme *scheme)
{
    char config[4096];
    size_t used = (size_t)snprintf(config, sizeof config, "{\"auth_type\":\"%s\",\"auth\":{", scheme->type);
    for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, "private_key") == 0)
            continue; /* there is nothing in it that strangers reach */
        bool is_key = scheme->secret != NULL && strstr(field->name, scheme->secret) != NULL;
        used += (size_t)snprintf(config + used, sizeof config - used, "%s\"%s\":\"%s\"",
                                 field == scheme->fields ? "" : ",", field->name,
                                 field->names != NULL ? field->names[0] : is_key ? key_of(scheme)
                                 : strcmp(field->name, "neon_auth_url") == 0 ? NEON_URL : "x-own");
    }
    snprintf(config + used, sizeof config - used, "}}");
    return verifier_new(TEXT("WEBHOOK"), text_of(config), NULL);
}

static struct text after_letter(const char *place)
{
    return place != NULL && place[1] == ':' ? text_of(place + 2) : TEXT("x-own");
}

static void add_lines(struct text *rest, struct http_headers *headers)
{
    struct text line;
    while (headers->count < HEADERS_MOST && text_split(rest, '\n', &line) && line.size > 0) {
        ptrdiff_t colon = text_find_byte(line, ':');
        if (colon > 0)
            headers->items[headers->count++] = (struct http_header){
                text_slice(line, 0, (size_t)colon), text_slice(line, (size_t)colon + 1, line.size)};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct verifier *verifiers[SCHEMES_MOST];
    static const char *const methods[] = {"POST", "GET", "HEAD"};
    if (size < 2)
        return 0;
    const struct scheme *scheme = scheme_at(bytes[0]);
    if (scheme == NULL)
        return 0;
    if (verifiers[bytes[0]] == NULL)
        verifiers[bytes[0]] = make(scheme);
    struct text rest = {(const char *)bytes + 2, size - 2}, signature = TEXT_NONE, query = TEXT_NONE;
    struct http_header items[HEADERS_MOST + 2];
    struct http_headers headers = {items, 0};
    text_split(&rest, '\n', &signature);
    text_split(&rest, '\n', &query);
    items[headers.count++] = (struct http_header){after_letter(scheme->signature), signature};
    if (scheme->time != NULL)
        items[headers.count++] = (struct http_header){after_letter(scheme->time), TEXT("1800000000")};
    add_lines(&rest, &headers);
    struct verify_input input = {.method = text_of(methods[bytes[1] % 3]), .origin = TEXT("https://here.example"),
                                 .path = TEXT("/e/x"), .query = query, .headers = &headers, .body = rest,
                                 .now_ms = (int64_t)NOW_S * 1000};
    struct arena arena = {0};
    struct handshake_reply reply;
    struct acknowledgement_reply answer;
    struct key_wanted wanted;
    if (verify_wants_key(verifiers[bytes[0]], &input, &arena, &wanted))
        MUST(origin_takes(scheme->origin->locations, wanted.url));
    enum verdict verdict = verify_request(verifiers[bytes[0]], &input);
    MUST((verdict == VERDICT_UNCHECKED) != verifier_checks(verifiers[bytes[0]]));
    if (verify_handshake(verifiers[bytes[0]], &input, &arena, &reply))
        MUST(reply.status == 200 || reply.status == 204);
    if (verify_acknowledge(verifiers[bytes[0]], &input, &arena, &answer))
        MUST(answer.header_count == 0 || verdict == VERDICT_PASSED);
    arena_free(&arena);
    return 0;
}
