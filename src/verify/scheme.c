#include "verify/scheme.h"

static const struct scheme *const TABLES[] = {
    schemes_of_bodies, schemes_with_times, schemes_of_keys, schemes_of_others,
    schemes_of_fetched_keys, schemes_unchecked,
};

const struct scheme *scheme_at(size_t index)
{
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        for (const struct scheme *scheme = TABLES[i]; scheme->type != NULL; scheme++) {
            if (index-- == 0)
                return scheme;
        }
    }
    return NULL;
}

const struct scheme *scheme_find(struct text type)
{
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
        for (const struct scheme *scheme = TABLES[i]; scheme->type != NULL; scheme++) {
            if (text_equal(type, text_of(scheme->type)))
                return scheme;
        }
    }
    return NULL;
}

bool scheme_checks(const struct scheme *scheme)
{
    return scheme->method > METHOD_PUBLISH;
}

static bool is_generic(const struct scheme *auth_type)
{
    return auth_type->auth_type_only && auth_type->method != METHOD_NONE && auth_type->signature == NULL;
}

bool scheme_takes_auth_type(const struct scheme *type, const struct scheme *auth_type)
{
    if (type == auth_type)
        return true;
    if (type->method == METHOD_CHOSEN)
        return is_generic(auth_type) || text_equal(text_of(type->type), TEXT("WEBHOOK"));
    return type->confidence != SCHEME_CHECKED && type->method != METHOD_PUBLISH && is_generic(auth_type);
}
