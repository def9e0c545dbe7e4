#include "catalog/verification.h"

#include <stdlib.h>

#include "base/log.h"
#include "model/settings.h"
#include "store/integration.h"

static bool has_field(const struct scheme *scheme, const char *name)
{
    for (const struct auth_field *field = scheme->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return true;
    }
    return false;
}

/* Integrations have their secrets by the names of earlier versions: one name for all, whatever the type's is. */
static void rename_secret(json_t *auth, const struct scheme *scheme)
{
    static const char *const older[] = {"webhook_secret_key", "api_key"};
    json_t *drains = json_member(auth, "vercel_log_drains_secret");
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        json_t *secret = json_member(auth, older[i]);
        if (scheme->secret != NULL && secret != NULL && json_member(auth, scheme->secret) == NULL &&
            !has_field(scheme, older[i])) {
            json_object_set(auth, scheme->secret, secret);
            json_object_del(auth, older[i]);
        }
    }
    if (drains != NULL) {
        json_object_set(auth, "log_drains_secret", drains);
        json_object_del(auth, "vercel_log_drains_secret");
    }
}

static bool has_feature(const struct integration *integration, const char *name)
{
    json_t *features = json_parse(integration->features, NULL);
    size_t i;
    const json_t *feature;
    bool found = false;
    json_array_foreach(features, i, feature)
        found |= json_is_string(feature) && strcmp(json_string_value(feature), name) == 0;
    json_decref(features);
    return found;
}

/* As a source of type WEBHOOK has it, which takes every provider. */
struct verifier *verification_of_integration(const struct integration *integration, struct error *error)
{
    const struct scheme *scheme = scheme_find(integration->provider);
    json_t *auth = json_parse(integration->configs, error);
    if (scheme != NULL && auth != NULL)
        rename_secret(auth, scheme);
    json_t *config = auth == NULL ? NULL
                                  : json_pack("{s:s%, s:o}", "auth_type", integration->provider.data,
                                              integration->provider.size, "auth", auth);
    char *text = config != NULL ? json_to_string(config) : NULL;
    struct verifier *verifier = verifier_new(TEXT("WEBHOOK"), text_of(text != NULL ? text : "["), error);
    verifier_restrict(verifier, has_feature(integration, "VERIFICATION"), has_feature(integration, "HANDSHAKE"));
    free(text);
    json_decref(config);
    return verifier;
}

/* NULL without an error: none is attached. */
static struct verifier *read_attached(struct store_reader *reader, const struct source *source, struct error *error)
{
    struct arena arena = {0};
    struct integration integration;
    struct verifier *verifier = NULL;
    int64_t id;
    if (store_read_source_integration(reader, source->id, &id, error) &&
        store_read_integration(reader, &arena, source->project_id, id, &integration, error))
        verifier = verification_of_integration(&integration, error);
    else if (error->code == ERROR_NOT_FOUND)
        *error = (struct error){0};
    arena_free(&arena);
    return verifier;
}

/* What cannot be read may be one: no integration takes its place, and the verifier lets nothing pass. */
static bool has_own(const struct source *source)
{
    json_t *config = json_parse(source->config.size > 0 ? source->config : TEXT("{}"), NULL);
    bool own = config == NULL || config_is_unreadable(config) || json_object_size(json_member(config, "auth")) > 0;
    json_decref(config);
    return own;
}

struct verifier *verification_read(struct store_reader *reader, const struct source *source)
{
    struct error error = {0};
    struct verifier *verifier = NULL;
    if (source->deleted_at == 0 && !has_own(source))
        verifier = read_attached(reader, source, &error);
    if (verifier == NULL)
        verifier = verifier_new(source->type, error.code == ERROR_NONE ? source->config : TEXT("["), &error);
    if (error.code != ERROR_NONE)
        log_error("requests of source %.*s cannot be verified: %s", TEXT_ARGS(source->name), error.message);
    return verifier;
}
