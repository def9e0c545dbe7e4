#include "arazzo/secret_members.h"

/* In small letters, without "_" and "-". */
static const char *const NAMES[] = {"password",     "passwd",     "secret",       "clientsecret", "accesstoken",
                                    "refreshtoken", "idtoken",    "authtoken",    "sessiontoken", "apikey",
                                    "privatekey",   "passphrase", "signingsecret"};

static bool is_secret(const char *name)
{
    char plain[32];
    size_t size = 0;
    for (; *name != '\0'; name++) {
        if (*name == '_' || *name == '-')
            continue;
        if (size == sizeof plain - 1)
            return false;
        plain[size++] = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
    }
    plain[size] = '\0';
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(plain, NAMES[i]) == 0)
            return true;
    }
    return false;
}

void secret_members_add(struct mask *mask, const json_t *value)
{
    const char *name;
    json_t *item;
    size_t index;
    json_array_foreach(value, index, item)
        secret_members_add(mask, item);
    json_object_foreach((json_t *)value, name, item) {
        if (json_string_length(item) >= SECRET_MEMBER_SHORTEST && is_secret(name))
            mask_add(mask, (struct text){json_string_value(item), json_string_length(item)});
        else
            secret_members_add(mask, item);
    }
}

static void step_ended(void *user, const struct step_result *result)
{
    if (result->exchange == NULL)
        return;
    secret_members_add(user, result->exchange->body_json);
    secret_members_add(user, result->exchange->reply_json);
}

struct run_observer secret_members_observer(struct mask *mask)
{
    return (struct run_observer){.step_ended = step_ended, .user = mask};
}
