#include "cli/workflow_credentials.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"

#define PREFIX "FAIRLEAD_CREDENTIAL_"

static const char *find_in_environment(const char *scheme)
{
    struct buffer name = {0};
    buffer_append_string(&name, PREFIX);
    for (; *scheme != '\0'; scheme++) {
        bool small = *scheme >= 'a' && *scheme <= 'z', plain = (*scheme >= 'A' && *scheme <= 'Z') ||
                                                              (*scheme >= '0' && *scheme <= '9');
        buffer_append_byte(&name, small ? (char)(*scheme - 'a' + 'A') : plain ? *scheme : '_');
    }
    const char *value = getenv(buffer_string(&name));
    buffer_free(&name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

struct credentials workflow_credentials(const struct workflow_options *options)
{
    bool has_key = options->key != NULL && options->key[0] != '\0';
    return (struct credentials){.key = has_key ? options->key : NULL,
                                .only_named_servers = options->key_from_environment,
                                .named = options->credentials, .named_count = options->credential_count,
                                .find = find_in_environment};
}

/* Also a password by itself. */
static void add(struct mask *mask, const char *value)
{
    const char *colon = strchr(value, ':');
    mask_add(mask, text_of(value));
    if (colon != NULL)
        mask_add(mask, text_of(colon + 1));
}

void workflow_credentials_mask(const struct workflow_options *options, struct mask *mask)
{
    mask_add(mask, text_of(options->key));
    for (size_t i = 0; i < options->credential_count; i++)
        add(mask, options->credentials[i].value);
    for (char **entry = environ; *entry != NULL; entry++) {
        if (strncmp(*entry, PREFIX, sizeof PREFIX - 1) == 0 && strchr(*entry, '=') != NULL)
            add(mask, strchr(*entry, '=') + 1);
    }
}
