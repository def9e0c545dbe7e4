#include "deliver/auth.h"

#include <inttypes.h>

#include "base/encoding.h"
#include "base/id.h"

static void add(struct envelope *envelope, const char *name, struct text value)
{
    envelope->headers.items[envelope->headers.count++] = (struct http_header){text_of(name), value};
}

/* ---- HMAC ---- */

bool auth_hmac(struct text key, const struct text *parts, size_t count, unsigned char mac[DIGEST_BYTES_MOST], size_t *size)
{
    struct hasher hasher = hasher_of_hmac(DIGEST_SHA256, key);
    for (size_t i = 0; i < count; i++)
        hasher_add(&hasher, parts[i]);
    *size = hasher_end(&hasher, mac);
    return *size > 0;
}

static struct text base64_mac(struct arena *arena, struct text key, const struct text *parts, size_t count)
{
    unsigned char mac[DIGEST_BYTES_MOST];
    size_t size = 0;
    struct buffer out = {0};
    if (auth_hmac(key, parts, count, mac, &size))
        base64_encode(&out, (struct text){(const char *)mac, size});
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

/* ---- the kinds ---- */

static void add_signature(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    if (input->project == NULL)
        return;
    const struct project *project = &input->project->record;
    add(envelope, "x-hookdeck-signature", base64_mac(arena, project->signing_secret, &input->request->body, 1));
    if (project->previous_until > input->now)
        add(envelope, "x-hookdeck-signature-2", base64_mac(arena, project->previous_secret, &input->request->body, 1));
}

static void add_custom_signature(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = &input->destination->settings;
    add(envelope, arena_copy_string(arena, settings->key),
        base64_mac(arena, settings->secret, &input->request->body, 1));
}

static void add_basic(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = &input->destination->settings;
    struct buffer out = {0};
    const char *pair = arena_printf(arena, "%.*s:%.*s", TEXT_ARGS(settings->username), TEXT_ARGS(settings->password));
    buffer_append_string(&out, "Basic ");
    base64_encode(&out, text_of(pair));
    add(envelope, "authorization", arena_copy_text(arena, buffer_text(&out)));
    buffer_free(&out);
}

static void add_key(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    const struct destination_settings *settings = &input->destination->settings;
    if (!settings->key_in_query)
        add(envelope, arena_copy_string(arena, settings->key), settings->secret);
}

static void add_bearer(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    add(envelope, "authorization",
        text_of(arena_printf(arena, "Bearer %.*s", TEXT_ARGS(input->destination->settings.secret))));
}

/* A preview has no token to show. */
static void add_token(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    if (input->token.size > 0)
        add(envelope, "authorization", text_of(arena_printf(arena, "Bearer %.*s", TEXT_ARGS(input->token))));
}

/* standardwebhooks.com: the key is the base64 behind "whsec_", what is signed is "id.timestamp.body". */
static void add_standard_webhooks(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    static const struct text prefix = {"whsec_", 6};
    struct text secret = input->destination->settings.secret;
    struct buffer key = {0};
    char id[ID_TEXT_SIZE];
    id_format(ID_EVENT, input->event->id, id);
    if (text_starts_with(secret, prefix))
        secret = text_slice(secret, prefix.size, secret.size);
    const char *timestamp = arena_printf(arena, "%" PRId64, input->now / 1000);
    const struct text parts[] = {text_of(id), TEXT("."), text_of(timestamp), TEXT("."), input->request->body};
    if (!base64_decode(&key, secret))
        buffer_clear(&key);
    struct text mac = base64_mac(arena, buffer_text(&key), parts, sizeof parts / sizeof parts[0]);
    buffer_free(&key);
    add(envelope, "webhook-id", arena_copy_text(arena, text_of(id)));
    add(envelope, "webhook-timestamp", text_of(timestamp));
    add(envelope, "webhook-signature", text_of(arena_printf(arena, "v1,%.*s", TEXT_ARGS(mac))));
}

static const struct auth_kind {
    void (*add)(struct arena *arena, const struct envelope_input *input, struct envelope *envelope);
    const char *replaced[AUTH_HEADERS]; /* the sender's headers that give way; x-hookdeck-* always do */
    bool replaces_key;  /* also the header that is named by the settings' key */
    bool needs_token;
    bool sends_secret;  /* the headers that take the places of those hold it */
} KINDS[] = {
    [DESTINATION_AUTH_SIGNATURE] = {.add = add_signature},
    [DESTINATION_AUTH_CUSTOM_SIGNATURE] = {.add = add_custom_signature, .replaces_key = true},
    [DESTINATION_AUTH_BASIC] = {add_basic, {"authorization"}, .sends_secret = true},
    [DESTINATION_AUTH_API_KEY] = {.add = add_key, .replaces_key = true, .sends_secret = true},
    [DESTINATION_AUTH_BEARER] = {add_bearer, {"authorization"}, .sends_secret = true},
    [DESTINATION_AUTH_OAUTH2_CLIENT] = {add_token, {"authorization"}, .needs_token = true, .sends_secret = true},
    [DESTINATION_AUTH_OAUTH2_CODE] = {add_token, {"authorization"}, .needs_token = true, .sends_secret = true},
    [DESTINATION_AUTH_GCP] = {add_token, {"authorization"}, .needs_token = true, .sends_secret = true},
    [DESTINATION_AUTH_AWS] = {.add = auth_aws_sign, .replaced = {"authorization", "x-amz-date", "x-amz-content-sha256",
                                                                 "x-amz-security-token"}},
    [DESTINATION_AUTH_STANDARD_WEBHOOKS] = {.add = add_standard_webhooks,
                                            .replaced = {"webhook-id", "webhook-timestamp", "webhook-signature"}},
};

bool auth_needs_token(enum destination_auth auth)
{
    return KINDS[auth].needs_token;
}

bool auth_replaces(const struct destination_settings *settings, struct text name)
{
    const struct auth_kind *kind = &KINDS[settings->auth];
    if (kind->replaces_key && !settings->key_in_query && text_equal_ignoring_case(name, settings->key))
        return true;
    for (size_t i = 0; i < AUTH_HEADERS && kind->replaced[i] != NULL; i++) {
        if (text_equal(name, text_of(kind->replaced[i])))
            return true;
    }
    return false;
}

bool auth_hides(const struct destination_settings *settings, struct text name)
{
    return KINDS[settings->auth].sends_secret && auth_replaces(settings, name);
}

void auth_add(struct arena *arena, const struct envelope_input *input, struct envelope *envelope)
{
    KINDS[input->destination->settings.auth].add(arena, input, envelope);
}
