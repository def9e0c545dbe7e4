#include "api/contract_rows.h"
#include "api/nouns.h"

#include "api/validate.h"
#include "catalog/verification.h"
#include "store/integration.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *sources_json(struct call *call, const struct integration *integration)
{
    struct error error = {0};
    int64_t *ids;
    size_t count;
    if (!store_read_integration_sources(call->reader, call->arena, integration->id, &ids, &count, &error)) {
        call_fail_error(call, &error);
        return NULL;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, call_id(ID_SOURCE, ids[i]));
    return array;
}

/* NULL with the refusal in the call when the sources could not be read. Configs are secrets from end to end. */
static json_t *integration_json(struct call *call, const struct integration *integration, bool with_configs)
{
    json_t *sources = sources_json(call, integration);
    if (sources == NULL)
        return NULL;
    json_t *features = json_parse(integration->features, NULL);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", call_id(ID_INTEGRATION, integration->id),
                     "team_id", call_id(ID_PROJECT, integration->project_id), "label", json_text(integration->label),
                     "provider", json_text(integration->provider), "features",
                     features != NULL ? features : json_array(), "configs",
                     with_configs ? config_read(integration->configs) : json_object(), "sources", sources, "updated_at",
                     json_moment(integration->updated_at), "created_at", json_moment(integration->created_at));
}

static bool integration_find(struct call *call, struct integration *integration)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_INTEGRATION, call->id, &key))
        return call_fail_missing(call, "integration", call->id);
    if (store_read_integration(call->reader, call->arena, call->project_id, key, integration, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "integration", call->id)
                                         : call_fail_error(call, &error);
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct integration integration;
    if (!store_read_integration(call->reader, call->arena, call->project_id, id, &integration, &error))
        return call_fail_error(call, &error);
    return call_reply(call, integration_json(call, &integration, call->query.include_auth));
}

/* ---- the configs of providers ---------------------------------------------------------------------- */

static const char *const ALGORITHM_NAMES[] = {"md5", "sha1", "sha256", "sha512", NULL};
static const char *const ENCODING_NAMES[] = {"base64", "hex", NULL};
#define SECRET(member) {member, VALUE_TEXT, .required = true, .least = 1, .most = URL_MOST}
#define PREVIOUS(member) {"previous_" member, VALUE_TEXT | VALUE_NULL, .least = 1, .most = URL_MOST}

static const struct field_row hmac_fields[] = {
    SECRET("webhook_secret_key"), PREVIOUS("webhook_secret_key"),
    {"algorithm", VALUE_TEXT, .required = true, .names = ALGORITHM_NAMES, .among_secrets = true},
    {"header_key", VALUE_TEXT, .required = true, .least = 1, .most = TEXT_MOST},
    {"encoding", VALUE_TEXT, .required = true, .names = ENCODING_NAMES, .among_secrets = true},
    END,
};
static const struct field_row vercel_fields[] = {
    {"webhook_secret_key", VALUE_TEXT | VALUE_NULL, .most = URL_MOST}, PREVIOUS("webhook_secret_key"),
    SECRET("vercel_log_drains_secret"), END,
};
/* The older form: one secret, of one kind or the other, or none, whatever the provider calls it. */
static const struct field_row single_fields[] = {
    {"webhook_secret_key", VALUE_TEXT, .least = 1, .most = URL_MOST},
    {"api_key", VALUE_TEXT, .least = 1, .most = URL_MOST},
    END,
};

static void check_configs(struct call *call, struct text provider, const json_t *configs)
{
    bool single = json_member(configs, "webhook_secret_key") != NULL || json_member(configs, "api_key") != NULL;
    const struct scheme *scheme = scheme_find(provider);
    if (text_equal(provider, TEXT("HMAC")))
        validate_object(call, configs, hmac_fields, "configs.");
    else if (text_equal(provider, TEXT("VERCEL_LOG_DRAINS")))
        validate_object(call, configs, vercel_fields, "configs.");
    else if (!scheme->auth_type_only && (json_object_size(configs) == 0 || (json_object_size(configs) == 1 && single)))
        validate_object(call, configs, single_fields, "configs.");
    else if (!scheme->auth_type_only && json_object_size(configs) == 2 &&
             json_member(configs, "webhook_secret_key") != NULL && json_member(configs, "api_key") != NULL)
        call_problem(call, "configs: must have webhook_secret_key or api_key, not both");
    else
        auth_check_scheme(call, scheme, configs, "configs.");
}

/* A key that is none would let nothing pass. */
static void check_keys(struct call *call, const struct integration *integration)
{
    struct error error = {0};
    struct verifier *verifier = verification_of_integration(integration, &error);
    struct text message = text_of(error.message), where = TEXT("config.auth.");
    if (text_starts_with(message, where))
        message = text_slice(message, where.size, message.size);
    if (error.code != ERROR_NONE)
        call_problem(call, "configs.%.*s", TEXT_ARGS(message));
    verifier_free(verifier);
}

/* ---- changed ------------------------------------------------------------------------------------- */

/* Lays the input over the record and checks what came of it. */
static bool merge_input(struct call *call, json_t *input, struct integration *integration)
{
    struct text provider = json_member_text(input, "provider"), label = json_member_text(input, "label");
    const json_t *features = json_member(input, "features"), *configs = json_member(input, "configs");
    if (provider.data != NULL)
        integration->provider = provider;
    if (label.data != NULL)
        integration->label = label;
    if (integration->label.data == NULL)
        integration->label = integration->provider;
    if (features != NULL)
        integration->features = config_text(call, features);
    if (configs != NULL)
        integration->configs = config_text(call, configs);
    json_t *merged = config_read(integration->configs);
    check_configs(call, integration->provider, merged);
    if (call->problem_count == 0 && json_object_size(merged) > 0)
        check_keys(call, integration);
    json_decref(merged);
    integration->updated_at = call->now;
    return call_check(call);
}

static bool put(struct call *call, const struct integration *integration)
{
    struct error error = {0};
    call->changed_id = integration->id;
    return store_put_integration(call->transaction, integration, &error) || call_fail_error(call, &error);
}

/* Its sources are verified by it: stored once more, they are made ready anew (catalog.h). */
static bool touch_source(struct call *call, int64_t id)
{
    struct error error = {0};
    struct source source;
    return (store_read_source(call->reader, call->arena, call->project_id, id, &source, &error) &&
            store_put_source(call->transaction, &source, &error)) || call_fail_error(call, &error);
}

static bool touch_sources(struct call *call, const struct integration *integration)
{
    struct error error = {0};
    int64_t *ids;
    size_t count;
    if (!store_read_integration_sources(call->reader, call->arena, integration->id, &ids, &count, &error))
        return call_fail_error(call, &error);
    for (size_t i = 0; i < count; i++) {
        if (!touch_source(call, ids[i]))
            return false;
    }
    return true;
}

static bool change_create(struct call *call)
{
    struct integration integration = {.id = id_new(), .project_id = call->project_id, .features = TEXT("[]"),
                                      .configs = TEXT("{}"), .created_at = call->now};
    return merge_input(call, call->body, &integration) && put(call, &integration);
}

static bool change_update(struct call *call)
{
    struct integration integration;
    return integration_find(call, &integration) && merge_input(call, call->body, &integration) &&
           put(call, &integration) && touch_sources(call, &integration);
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct integration integration;
    return integration_find(call, &integration) && touch_sources(call, &integration) &&
           (store_delete_integration(call->transaction, integration.id, &error) || call_fail_error(call, &error));
}

static bool change_attach(struct call *call)
{
    struct error error = {0};
    struct integration integration;
    struct source source;
    return integration_find(call, &integration) && source_find(call, call->second_id, &source) &&
           (store_attach_integration(call->transaction, integration.id, source.id, &error) ||
            call_fail_error(call, &error)) && touch_source(call, source.id);
}

static bool change_detach(struct call *call)
{
    struct error error = {0};
    struct integration integration;
    struct source source;
    int64_t attached = 0;
    if (!integration_find(call, &integration) || !source_find(call, call->second_id, &source))
        return false;
    if (!store_read_source_integration(call->reader, source.id, &attached, &error) && error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (attached != integration.id)
        return call_fail(call, 404, json_pack("{s:o}", "id", json_text(call->second_id)),
                         "the integration is not attached to the source %.*s", TEXT_ARGS(call->second_id));
    error = (struct error){0};
    return (store_detach_integration(call->transaction, source.id, &error) || call_fail_error(call, &error)) &&
           touch_source(call, source.id);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool integration_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool integration_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool integration_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool integration_attach(struct call *call)
{
    return call_write(call, change_attach) && call_reply(call, json_pack("{s:b}", "success", 1));
}

static bool integration_detach(struct call *call)
{
    return call_write(call, change_detach) && call_reply(call, json_pack("{s:b}", "success", 1));
}

static bool integration_get(struct call *call)
{
    struct integration integration;
    return integration_find(call, &integration) &&
           call_reply(call, integration_json(call, &integration, call->query.include_auth));
}

static bool integration_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct integration *integrations = NULL;
    if (list.limit > 0 && !store_list_integrations(call->reader, call->arena, &list, &integrations, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++) {
        if (json_array_append_new(models, integration_json(call, &integrations[i], false)) != 0) {
            json_decref(models);
            return call_fail(call, 500, NULL, "no memory for the reply");
        }
    }
    return page_reply(call, models, &page);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const char *const PROVIDER_NAMES[] = {
    "ADYEN", "AIPRISE", "AIRCALL", "AIRTABLE", "AIRWALLEX", "AKENEO", "ALCHEMY", "ALIPAY", "API_KEY", "ASANA",
    "ASCEND", "ASHBY", "ATTENTIVE", "AWS_SNS", "BASIC_AUTH", "BIGCOMMERCE", "BONDSMITH", "BRIDGE_API", "BRIDGE_XYZ",
    "BUNNY_STREAM", "CHAINDOTS", "CHARGEBEE_BILLING", "CIRCLE", "CLAUDE", "CLIO", "CLOUDINARY", "CLOUDSIGNAL",
    "COINBASE", "COMMERCELAYER", "COMMUNITY", "COURIER", "CURSOR", "CUSTOMERIO", "DISCORD", "DOCUSIGN", "EBAY",
    "ELEVENLABS", "ENODE", "EXACT_ONLINE", "FACEBOOK", "FASTSPRING", "FAUNDIT", "FAVRO", "FIREBLOCKS", "FIREFLIES",
    "FISERV", "FLEXPORT", "FRONTAPP", "FUSIONAUTH", "GEMINI", "GITHUB", "GITLAB", "GOCARDLESS", "GOOGLE_PUBSUB",
    "GREENDOT", "HMAC", "HOOKDECK_OUTPOST", "HUBSPOT", "INTERCOM", "LINEAR", "LINKEDIN", "LITHIC", "MAILCHIMP",
    "MAILGUN", "MANAGED", "MERAKI", "NEON", "NMI", "NUVEMSHOP", "NYLAS", "OKTA", "OPENAI", "ORB", "OURA", "PADDLE",
    "PAYMOB", "PAYPAL", "PAYPRO_GLOBAL", "PAYSTACK", "PERSONA", "PICQER", "PIPEDRIVE", "POLAR", "PORTAL",
    "POSTMARK", "PRAXIS", "PROPERTY-FINDER", "PYLON", "QUOTER", "RAZORPAY", "RECHARGE", "RECURLY", "REPAY",
    "REPLICATE", "RESEND", "RETELL", "REVOLUT", "RING_CENTRAL", "SANITY", "SCRAPFLY", "SENDGRID", "SHIPBOB",
    "SHIPHERO", "SHIPSTATION", "SHOPIFY", "SHOPLINE", "SLACK", "SMARTCAR", "SMILE", "SOLIDGATE", "SQUARE",
    "STATSIG", "STRIPE", "SVIX", "SYNCTERA", "TALLY", "TEBEX", "TELNYX", "THREE_D_EYE", "TIKTOK", "TIKTOK_SHOP",
    "TOKENIO", "TREEZOR", "TRELLO", "TWILIO", "TWITCH", "TWITTER", "TYPEFORM", "UBER", "UPOLLO", "USPS", "UTILA",
    "VAPI", "VERCEL", "VERCEL_LOG_DRAINS", "VOLUME", "WALMART", "WECHAT", "WHATSAPP", "WIX", "WOOCOMMERCE",
    "WORKOS", "XERO", "ZENDESK", "ZEROHASH", "ZOOM", NULL,
};
static const char *const FEATURE_NAMES[] = {"VERIFICATION", "HANDSHAKE", NULL};
static const struct field_row feature_item = {"", VALUE_TEXT, .names = FEATURE_NAMES};

#define INTEGRATION_FIELDS(needed)                                                                      \
    {"provider", VALUE_TEXT, .required = needed, .names = PROVIDER_NAMES},                              \
    {"label", VALUE_TEXT, .least = 1, .most = TEXT_MOST},                                               \
    {"features", VALUE_ARRAY, .item = &feature_item}, {.name = "configs", VALUE_OBJECT}, END
static const struct field_row integration_fields[] = {INTEGRATION_FIELDS(true)};
static const struct field_row integration_change_fields[] = {INTEGRATION_FIELDS(false)};

static const struct field_row id_item = {.name = "", VALUE_TEXT};
static const struct field_row integration_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "team_id", VALUE_TEXT, .required = true},
    {.name = "label", VALUE_TEXT, .required = true},
    {"provider", VALUE_TEXT, .required = true, .names = PROVIDER_NAMES},
    {"features", VALUE_ARRAY, .required = true, .item = &feature_item},
    {.name = "configs", VALUE_OBJECT, .required = true},
    {"sources", VALUE_ARRAY, .required = true, .item = &id_item},
    MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct field_row success_shape[] = {{.name = "success", VALUE_BOOLEAN, .required = true}, END};
static const struct shape shapes[] = {
    {"Integration", integration_shape}, {"DeletedIntegration", deleted_shape},
    {"AttachedIntegrationToSource", success_shape}, {"DetachedIntegrationFromSource", success_shape}, END,
};

static const struct parameter_row integration_parameters[] = {
    {"label", PARAMETER_TEXT, FIELD_LABEL, .most = TEXT_MOST},
    {"provider", PARAMETER_ENUM, FIELD_PROVIDER, .names = PROVIDER_NAMES}, PAGING(by_creation, 100), END,
};

static const struct operation operations[] = {
    {"GET", "/integrations", "getIntegrations", "List integrations", integration_list, integration_parameters, NULL,
     "IntegrationPaginatedResult"},
    {"POST", "/integrations", "createIntegration", "Create an integration", integration_create, NULL,
     integration_fields, "Integration"},
    {"GET", "/integrations/{id}", "getIntegration", "Get an integration", integration_get,
     include_auth_parameters, NULL, "Integration"},
    {"PUT", "/integrations/{id}", "updateIntegration", "Change an integration", integration_update, NULL,
     integration_change_fields, "Integration"},
    {"DELETE", "/integrations/{id}", "deleteIntegration", "Delete an integration and detach it", integration_delete,
     NULL, NULL, "DeletedIntegration"},
    {"PUT", "/integrations/{id}/attach/{source_id}", "attachIntegrationToSource", "Attach an integration to a source",
     integration_attach, NULL, no_fields, "AttachedIntegrationToSource"},
    {"PUT", "/integrations/{id}/detach/{source_id}", "detachIntegrationToSource", "Detach an integration from a source",
     integration_detach, NULL, no_fields, "DetachedIntegrationFromSource"},
};
OPERATIONS(integration_operations, operations, shapes);
