/* What the user enters: the members of config.auth that the rows share. */
#include "verify/scheme_rows.h"

enum { KEY_NAME_MOST = 255, SECRET_MOST = 4096, HEADER_MOST = 1024, PEM_MOST = 8192 };

static const char *const ALGORITHMS[] = {"md5", "sha1", "sha256", "sha512", NULL};
static const char *const VAPI_ALGORITHMS[] = {"sha256", "sha1", "sha512", NULL};
static const char *const ENCODINGS[] = {"base64", "base64url", "hex", NULL};
static const char *const FIREBLOCKS_ENVIRONMENTS[] = {"US_PRODUCTION", "EU", "EU2", "SANDBOX", NULL};
static const char *const ENVIRONMENTS[] = {"PRODUCTION", "SANDBOX", NULL};

/* Beside each secret may stand the one that it took the place of: both pass. */
#define NEEDED(member, longest) {.name = member, .most = longest}
#define OPTIONAL(member, longest) {.name = member, .most = longest, .optional = true}
#define ROTATED(member, longest) NEEDED(member, longest), OPTIONAL("previous_" member, longest)
/* In place of the one that would be fetched. */
#define KEY_THAT_IS_ENTERED OPTIONAL("public_key", PEM_MOST), OPTIONAL("previous_public_key", PEM_MOST)
#define SECRET_KEY ROTATED("webhook_secret_key", SECRET_MOST)

const struct auth_field secret_fields[] = {SECRET_KEY, {0}};
const struct auth_field api_key_fields[] = {ROTATED("api_key", SECRET_MOST), {0}};
const struct auth_field token_fields[] = {ROTATED("token", SECRET_MOST), {0}};
const struct auth_field public_key_fields[] = {ROTATED("public_key", PEM_MOST), {0}};
const struct auth_field alipay_fields[] = {ROTATED("public_key", PEM_MOST), OPTIONAL("private_key", PEM_MOST), {0}};
const struct auth_field basic_fields[] = {
    NEEDED("username", KEY_NAME_MOST), ROTATED("password", KEY_NAME_MOST), {0},
};
const struct auth_field hmac_fields[] = {
    {.name = "header_key", .most = KEY_NAME_MOST, .header_name = true}, SECRET_KEY,
    {.name = "algorithm", .optional = true, .names = ALGORITHMS},
    {.name = "encoding", .optional = true, .names = ENCODINGS}, {0},
};
const struct auth_field vapi_fields[] = {
    SECRET_KEY, {.name = "header_key", .most = KEY_NAME_MOST, .header_name = true, .optional = true},
    {.name = "algorithm", .optional = true, .names = VAPI_ALGORITHMS},
    {.name = "encoding", .optional = true, .names = ENCODINGS}, {0},
};
const struct auth_field header_key_fields[] = {
    {.name = "header_key", .most = KEY_NAME_MOST, .header_name = true}, ROTATED("api_key", HEADER_MOST), {0},
};
const struct auth_field app_key_fields[] = {SECRET_KEY, NEEDED("app_key", KEY_NAME_MOST), {0}};
const struct auth_field verify_token_fields[] = {SECRET_KEY, OPTIONAL("verify_token", KEY_NAME_MOST), {0}};
const struct auth_field open_token_fields[] = {OPTIONAL("verify_token", KEY_NAME_MOST), {0}};
const struct auth_field drains_fields[] = {
    OPTIONAL("webhook_secret_key", SECRET_MOST), OPTIONAL("previous_webhook_secret_key", SECRET_MOST),
    OPTIONAL("log_drains_secret", SECRET_MOST), {0},
};
const struct auth_field store_name_fields[] = {SECRET_KEY, OPTIONAL("store_name", KEY_NAME_MOST), {0}};
const struct auth_field sns_fields[] = {OPTIONAL("topic_arn", HEADER_MOST), {0}};
const struct auth_field ebay_fields[] = {
    {.name = "environment", .names = ENVIRONMENTS}, NEEDED("dev_id", SECRET_MOST), NEEDED("client_id", SECRET_MOST),
    NEEDED("client_secret", SECRET_MOST), NEEDED("verification_token", SECRET_MOST), {0},
};
const struct auth_field pubsub_fields[] = {
    NEEDED("audience", SECRET_MOST), NEEDED("service_account_email", SECRET_MOST), {0},
};
const struct auth_field neon_fields[] = {NEEDED("neon_auth_url", SECRET_MOST), {0}};
const struct auth_field paypal_fields[] = {NEEDED("webhook_id", SECRET_MOST), KEY_THAT_IS_ENTERED, {0}};
const struct auth_field fireblocks_fields[] = {
    {.name = "environment", .names = FIREBLOCKS_ENVIRONMENTS}, KEY_THAT_IS_ENTERED, {0},
};
const struct auth_field circle_fields[] = {NEEDED("api_key", SECRET_MOST), KEY_THAT_IS_ENTERED, {0}};
const struct auth_field volume_fields[] = {{.name = "environment", .names = ENVIRONMENTS}, {0}};
