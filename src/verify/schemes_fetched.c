/*
 * Keys that are fetched from the provider: key sets, certificates at a URL that the request names, and calls that need
 * credentials. Each row says which hosts are the provider's, and nothing else is ever called for it.
 */
#include "verify/scheme_rows.h"

static const char *const SNS_CERTIFICATES[] = {
    "sns.*.amazonaws.com/SimpleNotificationService-*.pem", "sns.*.amazonaws.com.cn/SimpleNotificationService-*.pem", NULL,
};
/* By region, as the provider's own libraries have it. */
static const char *const SNS_NAMES[] = {
    "sns.amazonaws.com", "sns.*.amazonaws.com", "sns-signing.*.amazonaws.com", "sns-us-gov-west-1.amazonaws.com",
    "sns-cn-north-1.amazonaws.com.cn", "sns-cn-northwest-1.amazonaws.com.cn", "sns.*.amazonaws.com.cn", NULL,
};
static const struct key_origin SNS_ORIGIN = {
    .form = DOCUMENT_CERTIFICATES, .urls = {{NULL, "{j:SigningCertURL}", NULL}}, .locations = SNS_CERTIFICATES,
    .names = SNS_NAMES, .alone = true,
};
static const struct named_digest SNS_VERSIONS[] = {{"1", DIGEST_SHA1}, {"2", DIGEST_SHA256}, {0}};
static const char *const SNS_TYPES[] = {"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation", NULL};
static const struct requirement SNS_REQUIREMENTS[] = {
    {"j:Type", SNS_TYPES, NULL}, {"j:TopicArn", NULL, "topic_arn"}, {0},
};
static const char *const SNS_CONFIRMATIONS[] = {
    "sns.*.amazonaws.com/?Action=ConfirmSubscription&**", "sns.*.amazonaws.com.cn/?Action=ConfirmSubscription&**", NULL,
};
static const struct subscription SNS_SUBSCRIPTION = {
    "j:Type", "SubscriptionConfirmation", "j:SubscribeURL", SNS_CONFIRMATIONS,
};

/* Wallets and the payments network have keys of their own. */
static const char *const CIRCLE_KEYS[] = {
    "api.circle.com/v2/notifications/publicKey/*", "api.circle.com/v2/cpn/notifications/publicKey/*", NULL,
};
static const struct key_origin CIRCLE_ORIGIN = {
    .form = DOCUMENT_KEY, .urls = {{NULL, "https://api.circle.com/v2/notifications/publicKey/{h:X-Circle-Key-Id}", NULL}},
    .other_url = "https://api.circle.com/v2/cpn/notifications/publicKey/{h:X-Circle-Key-Id}", .locations = CIRCLE_KEYS,
    .member = "data.publicKey", .authorization = "Bearer {cfg.api_key}",
};

static const char *const EBAY_KEYS[] = {
    "api.ebay.com/commerce/notification/v1/public_key/*", "api.sandbox.ebay.com/commerce/notification/v1/public_key/*",
    "api.ebay.com/identity/v1/oauth2/token", "api.sandbox.ebay.com/identity/v1/oauth2/token", NULL,
};
static const struct key_origin EBAY_ORIGIN = {
    .form = DOCUMENT_KEY,
    .urls = {{"PRODUCTION", "https://api.ebay.com/commerce/notification/v1/public_key/{sig.kid}",
              "https://api.ebay.com/identity/v1/oauth2/token"},
             {"SANDBOX", "https://api.sandbox.ebay.com/commerce/notification/v1/public_key/{sig.kid}",
              "https://api.sandbox.ebay.com/identity/v1/oauth2/token"}},
    .locations = EBAY_KEYS, .member = "key", .token_id = "client_id", .token_secret = "client_secret",
    .token_form = "grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope",
};
static const char *const EBAY_ALGORITHMS[] = {"ecdsa", "ECDSA", NULL};
static const struct requirement EBAY_REQUIREMENTS[] = {{"sig.alg", EBAY_ALGORITHMS, NULL}, {0}};
static const struct named_digest EBAY_DIGESTS[] = {{"SHA1", DIGEST_SHA1}, {0}};

static const char *const FIREBLOCKS_KEYS[] = {
    "keys.fireblocks.io/.well-known/jwks.json", "eu-keys.fireblocks.io/.well-known/jwks.json",
    "eu2-keys.fireblocks.io/.well-known/jwks.json", "sandbox-keys.fireblocks.io/.well-known/jwks.json", NULL,
};
static const struct key_origin FIREBLOCKS_ORIGIN = {
    .form = DOCUMENT_JWKS,
    .urls = {{"US_PRODUCTION", "https://keys.fireblocks.io/.well-known/jwks.json", NULL},
             {"EU", "https://eu-keys.fireblocks.io/.well-known/jwks.json", NULL},
             {"EU2", "https://eu2-keys.fireblocks.io/.well-known/jwks.json", NULL},
             {"SANDBOX", "https://sandbox-keys.fireblocks.io/.well-known/jwks.json", NULL}},
    .locations = FIREBLOCKS_KEYS,
};

static const char *const GOOGLE_KEYS[] = {"www.googleapis.com/oauth2/v3/certs", NULL};
static const struct key_origin GOOGLE_ORIGIN = {
    .form = DOCUMENT_JWKS, .urls = {{NULL, "https://www.googleapis.com/oauth2/v3/certs", NULL}}, .locations = GOOGLE_KEYS,
};
static const char *const GOOGLE_ISSUERS[] = {"https://accounts.google.com", "accounts.google.com", NULL};
static const char *const YES[] = {"true", NULL};
static const struct requirement GOOGLE_CLAIMS[] = {
    {"iss", GOOGLE_ISSUERS, NULL}, {"aud", NULL, "audience"}, {"email", NULL, "service_account_email"},
    {"email_verified", YES, NULL}, {0},
};

static const char *const NEON_KEYS[] = {"*.neonauth.**.neon.tech/**/.well-known/jwks.json", NULL};
static const struct key_origin NEON_ORIGIN = {
    .form = DOCUMENT_JWKS, .urls = {{NULL, "{cfg.neon_auth_url}/.well-known/jwks.json", NULL}}, .locations = NEON_KEYS,
    .url_member = "neon_auth_url", .id = "h:X-Neon-Signature-Kid",
};

static const char *const PAYPAL_CERTIFICATES[] = {
    "api.paypal.com/v1/notifications/certs/*", "api.sandbox.paypal.com/v1/notifications/certs/*", NULL,
};
static const char *const PAYPAL_NAMES[] = {
    "messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com", NULL,
};
static const struct key_origin PAYPAL_ORIGIN = {
    .form = DOCUMENT_CERTIFICATES, .urls = {{NULL, "{h:paypal-cert-url}", NULL}}, .locations = PAYPAL_CERTIFICATES,
    .names = PAYPAL_NAMES,
};
static const struct named_digest PAYPAL_ALGORITHMS[] = {{"SHA256withRSA", DIGEST_SHA256}, {0}};

const struct scheme schemes_of_fetched_keys[] = {
    {"AWS_SNS", "Amazon SNS", RSA(SHA256, BASE64), AT("j:Signature"), DIGEST_NAMED("j:SignatureVersion", SNS_VERSIONS),
     SIGNED("{lines(j:Message+j:MessageId+j:Subject+j:SubscribeURL+j:Timestamp+j:Token+j:TopicArn+j:Type)}"),
     .requirements = SNS_REQUIREMENTS, FETCHED_FROM(SNS_ORIGIN), .subscription = &SNS_SUBSCRIPTION, .fields = sns_fields,
     FIND("nothing is needed; topic_arn: the one topic whose messages are taken (anybody's topic can be subscribed to a URL)"),
     DOC("https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html")},
    {"CIRCLE", "Circle", ECDSA(SHA256, BASE64), AT("h:X-Circle-Signature"), SIGNED("{body}"), FETCHED_FROM(CIRCLE_ORIGIN),
     OR_ENTERED, .fields = circle_fields, HANDSHAKES(head), FIND("the API key"),
     DOC("https://developers.circle.com/cpn/guides/webhooks/verify-webhook-signatures")},
    {"EBAY", "eBay", ECDSA(SHA1, BASE64), AT("h:x-ebay-signature"), .form.base64_json = true, .form.named = "signature",
     SIGNED("{body}"), .requirements = EBAY_REQUIREMENTS, DIGEST_NAMED("sig.digest", EBAY_DIGESTS),
     FETCHED_FROM(EBAY_ORIGIN), .fields = ebay_fields, HANDSHAKES(ebay_challenge),
     FIND("Developer account, Application keys: the environment's dev, client (app) and cert ids; verification_token: the "
          "one that was entered for the endpoint"),
     DOC("https://developer.ebay.com/api-docs/commerce/notification/resources/destination/methods/createDestination")},
    {"FIREBLOCKS", "Fireblocks", .method = METHOD_JWT, .digest = DIGEST_SHA512, .detached = true,
     AT("h:Fireblocks-Webhook-Signature"), FETCHED_FROM(FIREBLOCKS_ORIGIN), OR_ENTERED, .fields = fireblocks_fields,
     FIND("the environment of the workspace"), DOC("https://developers.fireblocks.com/reference/validating-webhooks")},
    {"GOOGLE_PUBSUB", "Google Pub/Sub", .method = METHOD_JWT, .digest = DIGEST_SHA256, AT("h:Authorization"),
     PREFIX("Bearer "), .claims = GOOGLE_CLAIMS, FETCHED_FROM(GOOGLE_ORIGIN), .fields = pubsub_fields,
     FIND("audience and service account of the push subscription's authentication"),
     DOC("https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions")},
    {"NEON", "Neon", .method = METHOD_JWT, .detached = true, AT("h:X-Neon-Signature"),
     SIGNED("{h:X-Neon-Timestamp}.{base64url(body)}"), TIME("h:X-Neon-Timestamp", MILLISECONDS, 300),
     FETCHED_FROM(NEON_ORIGIN), .fields = neon_fields, FIND("Auth, Configuration: the auth URL of the branch"),
     DOC("https://neon.com/docs/auth/guides/webhooks#signature-verification")},
    {"PAYPAL", "PayPal", RSA(SHA256, BASE64), AT("h:paypal-transmission-sig"),
     DIGEST_NAMED("h:paypal-auth-algo", PAYPAL_ALGORITHMS),
     SIGNED("{h:paypal-transmission-id}|{h:paypal-transmission-time}|{cfg.webhook_id}|{crc32(body)}"),
     FETCHED_FROM(PAYPAL_ORIGIN), OR_ENTERED, .fields = paypal_fields, FIND("the id of the webhook"),
     DOC("https://developer.paypal.com/api/rest/webhooks/rest/")},
    {0},
};
