/* The config objects of sources and destinations, as JSON. */
#include "api/nouns.h"

#include <stdlib.h>

#include "model/settings.h"

json_t *config_read(struct text stored)
{
    json_t *config = stored.size > 0 ? json_parse(stored, NULL) : NULL;
    if (json_is_object(config))
        return config;
    json_decref(config);
    return json_object();
}

void config_hide_secrets(json_t *config)
{
    for (size_t i = 0; SECRET_MEMBERS[i] != NULL; i++)
        json_object_del(config, SECRET_MEMBERS[i]);
}

struct text config_text(struct call *call, const json_t *value)
{
    char *text = json_to_string(value);
    struct text copy = arena_copy_text(call->arena, text_of(text != NULL ? text : ""));
    free(text);
    return copy;
}

void config_merge(json_t *config, json_t *change)
{
    const char *name;
    json_t *value;
    json_object_foreach(change, name, value)
    {
        if (json_is_null(value))
            json_object_del(config, name);
        else
            json_object_set(config, name, value);
    }
}

void config_fold(json_t *input, const char *from, const char *to)
{
    json_t *value = json_member(input, from);
    if (value == NULL)
        return;
    json_t *config = json_member(input, "config");
    if (!json_is_object(config)) {
        config = json_object();
        json_object_set_new(input, "config", config);
    }
    if (json_member(config, to) == NULL)
        json_object_set(config, to, value);
    json_object_del(input, from);
}
