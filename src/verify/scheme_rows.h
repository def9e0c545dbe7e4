/*
 * scheme_rows.h - words for writing rows of schemes, and the sets of fields that they share. Internal to the tables.
 */
#pragma once

#include "verify/handshakes.h"
#include "verify/scheme.h"

#define HMAC(of, as) .method = METHOD_HMAC, .digest = DIGEST_##of, .encoding = ENCODING_##as
#define HASH(of, as) .method = METHOD_HASH, .digest = DIGEST_##of, .encoding = ENCODING_##as
#define RSA(of, as) .method = METHOD_RSA, .digest = DIGEST_##of, .encoding = ENCODING_##as
#define ECDSA(of, as) .method = METHOD_ECDSA, .digest = DIGEST_##of, .encoding = ENCODING_##as
#define ED25519(as) .method = METHOD_ED25519, .encoding = ENCODING_##as
#define TOKEN_AT(where) .method = METHOD_TOKEN, .signature = where
#define BASIC .method = METHOD_BASIC, .secret = "password", .refused_status = 401, .fields = basic_fields

#define AT(where) .signature = where
#define PREFIX(text) .form.prefix = text
#define OPTIONAL_PREFIX(text) .form.prefix = text, .form.prefix_optional = true
#define PARTS(bytes) .form.separators = bytes
#define PAIRS(bytes, name) .form.separators = bytes, .form.named = name
#define SIGNED(template) .content = template
#define OTHER(when, template) .other_when = when, .other_content = template
#define TIME(where, of, seconds) .time = where, .unit = TIME_##of, .tolerance_s = seconds
#define KEY(form) .key = KEY_##form

/* standardwebhooks.com: id, time and body; the header may hold several signatures, each "v1,BASE64" */
#define STANDARD_WEBHOOKS(name)                                                                         \
    HMAC(SHA256, BASE64), AT("h:" name "-signature"), PREFIX("v1,"), PARTS(" "),                        \
    SIGNED("{h:" name "-id}.{h:" name "-timestamp}.{body}"), TIME("h:" name "-timestamp", SECONDS, 300)

#define SECRET .secret = "webhook_secret_key", .fields = secret_fields
#define SECRET_IN_API_KEY .secret = "api_key", .fields = api_key_fields
#define SECRET_AND_APP_KEY .secret = "webhook_secret_key", .fields = app_key_fields
#define SECRET_AND_VERIFY_TOKEN .secret = "webhook_secret_key", .fields = verify_token_fields
#define SECRET_AND_DRAINS_SECRET .secret = "webhook_secret_key", .fields = drains_fields
#define SECRET_AND_STORE_NAME .secret = "webhook_secret_key", .fields = store_name_fields
#define PUBLIC_KEY(form) .key = KEY_##form, .secret = "public_key", .fields = public_key_fields
#define GENERIC_HMAC .secret = "webhook_secret_key", .fields = hmac_fields
#define GENERIC_KEY .secret = "api_key", .refused_status = 401, .fields = header_key_fields
#define VAPI_HMAC .secret = "webhook_secret_key", .fields = vapi_fields

#define REFUSED(status) .refused_status = status
#define HANDSHAKES(table) .handshakes = handshakes_##table
#define REPLY(type, body) .reply_type = type, .reply = body
#define ACKNOWLEDGEMENT(row) .acknowledgement = &acknowledgement_##row
#define AUTH_TYPE_ONLY .auth_type_only = true
#define OPEN .confidence = SCHEME_OPEN
#define OPEN_VERIFY_TOKEN .confidence = SCHEME_OPEN, .fields = open_token_fields
#define WEAK .confidence = SCHEME_WEAK
#define FETCHED_FROM(origin_of) .origin = &origin_of
#define OR_ENTERED .key = KEY_PEM, .secret = "public_key"
#define DIGEST_NAMED(where, table) .digest_at = where, .digests = table
#define FIND(text) .find = text
#define DOC(url) .documentation = url

extern const struct acknowledgement acknowledgement_alipay, acknowledgement_praxis;
extern const struct auth_field alipay_fields[];
extern const struct auth_field secret_fields[], api_key_fields[], app_key_fields[], verify_token_fields[],
    drains_fields[], store_name_fields[], public_key_fields[], basic_fields[], hmac_fields[], header_key_fields[],
    token_fields[], vapi_fields[], open_token_fields[], ebay_fields[], pubsub_fields[],
    neon_fields[], paypal_fields[], fireblocks_fields[], circle_fields[], volume_fields[], sns_fields[];
