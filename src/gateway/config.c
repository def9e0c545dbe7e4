#include "gateway/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"

enum { LONGEST_LINE = 8192 };

static bool copy_value(char *out, size_t room, const char *name, struct text value, struct error *error)
{
    if (value.size >= room)
        return error_set(error, ERROR_INVALID, "%s is longer than %zu characters", name, room - 1);
    memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return true;
}

/* HOST:PORT, [IPv6]:PORT */
static bool set_listen(struct config *config, struct text value, struct error *error)
{
    ptrdiff_t colon = -1;
    for (size_t i = 0; i < value.size; i++)
        colon = value.data[i] == ':' ? (ptrdiff_t)i : colon;
    int64_t port;
    if (colon < 1 || !text_to_integer(text_slice(value, (size_t)colon + 1, value.size), &port) || port < 0 ||
        port > 65535)
        return error_set(error, ERROR_INVALID, "listen is \"%.*s\", but must be HOST:PORT, for example 127.0.0.1:8420",
                         TEXT_ARGS(value));
    struct text host = text_slice(value, 0, (size_t)colon);
    if (text_starts_with(host, TEXT("[")) && text_ends_with(host, TEXT("]")))
        host = text_slice(host, 1, host.size - 2);
    config->listen_port = (uint16_t)port;
    return copy_value(config->listen_host, sizeof config->listen_host, "listen", host, error);
}

static bool set_data(struct config *config, struct text value, struct error *error)
{
    if (value.size == 0)
        return error_set(error, ERROR_INVALID, "data is empty, but must be a directory");
    return copy_value(config->data, sizeof config->data, "data", value, error);
}

static bool set_store(struct config *config, struct text value, struct error *error)
{
    if (text_starts_with(value, TEXT("sqlite:")))
        return set_data(config, text_slice(value, 7, value.size), error);
    return error_set(error, ERROR_INVALID, "store is \"%.*s\", but only sqlite:DIRECTORY is built", TEXT_ARGS(value));
}

static bool set_public_url(struct config *config, struct text value, struct error *error)
{
    while (text_ends_with(value, TEXT("/")))
        value.size--;
    if (value.size > 0 && !text_starts_with(value, TEXT("http://")) && !text_starts_with(value, TEXT("https://")))
        return error_set(error, ERROR_INVALID, "public_url is \"%.*s\", but must begin with http:// or https://",
                         TEXT_ARGS(value));
    return copy_value(config->public_url, sizeof config->public_url, "public_url", value, error);
}

static bool set_transform_program(struct config *config, struct text value, struct error *error)
{
    return copy_value(config->transform_program, sizeof config->transform_program, "transform_program", value, error);
}

static bool set_provider_ca(struct config *config, struct text value, struct error *error)
{
    return copy_value(config->provider.authorities, sizeof config->provider.authorities, "provider_ca", value, error);
}

static bool set_provider_connect(struct config *config, struct text value, struct error *error)
{
    if (!provider_connect_is_valid(value))
        return error_set(error, ERROR_INVALID, "provider_connect must be HOST=ADDRESS:PORT, or more with commas between");
    return copy_value(config->provider.connect, sizeof config->provider.connect, "provider_connect", value, error);
}

static bool set_ingest_loops(struct config *config, struct text value, struct error *error)
{
    int64_t loops;
    if (!text_to_integer(value, &loops) || loops < 1 || loops > 64)
        return error_set(error, ERROR_INVALID, "ingest_loops is \"%.*s\", but must be from 1 to 64", TEXT_ARGS(value));
    config->ingest_loops = (unsigned)loops;
    return true;
}

static bool set_api_key(struct config *config, struct text value, struct error *error)
{
    if (value.size < 12)
        return error_set(error, ERROR_INVALID, "api_key has %zu characters, but needs at least 12", value.size);
    return copy_value(config->api_key, sizeof config->api_key, "api_key", value, error);
}

static bool set_log_level(struct config *config, struct text value, struct error *error)
{
    (void)config;
    char name[16] = "";
    enum log_level level;
    if (value.size >= sizeof name || !copy_value(name, sizeof name, "log_level", value, error) ||
        !log_level_parse(name, &level))
        return error_set(error, ERROR_INVALID, "log_level is \"%.*s\", but must be debug, info, warn or error",
                         TEXT_ARGS(value));
    log_set_level(level);
    return true;
}

static bool set_quick_start(struct config *config, struct text value, struct error *error)
{
    bool on = text_equal(value, TEXT("true")) || text_equal(value, TEXT("1"));
    if (!on && !text_equal(value, TEXT("false")) && !text_equal(value, TEXT("0")))
        return error_set(error, ERROR_INVALID, "quick_start is \"%.*s\", but must be true or false", TEXT_ARGS(value));
    config->quick_start = on;
    return true;
}

static const struct {
    const char *name;
    bool (*set)(struct config *, struct text, struct error *);
} SETTINGS[] = {
    {"listen", set_listen},         {"data", set_data},
    {"store", set_store},           {"public_url", set_public_url},
    {"ingest_loops", set_ingest_loops}, {"api_key", set_api_key},
    {"log_level", set_log_level},   {"quick_start", set_quick_start},
    {"transform_program", set_transform_program}, {"provider_ca", set_provider_ca},
    {"provider_connect", set_provider_connect},
};

void config_defaults(struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *config = (struct config){.listen_host = "127.0.0.1", .listen_port = 8420, .data = "./data"};
    config->ingest_loops = cores >= 4 ? (unsigned)(cores > 16 ? 8 : cores / 2) : 1;
}

void config_free(struct config *config)
{
    egress_free(&config->egress);
}

bool config_set(struct config *config, struct text name, struct text value, struct error *error)
{
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        if (text_equal(name, text_of(SETTINGS[i].name)))
            return SETTINGS[i].set(config, value, error);
    }
    struct error bad = {0};
    if (channel_settings_set(&config->channels, name, value, &bad) ||
        (bad.code == ERROR_NONE && egress_set(&config->egress, name, value, &bad)))
        return true;
    if (bad.code == ERROR_NONE && http_client_settings_set(&config->client, name, value, &bad))
        return true;
    return bad.code != ERROR_NONE ? error_set(error, bad.code, "%s", bad.message) : limits_set(name, value, error);
}

static bool read_line(struct config *config, struct text line, struct error *error)
{
    line = text_trim(line);
    if (line.size == 0 || line.data[0] == '#')
        return true;
    ptrdiff_t equals = text_find_byte(line, '=');
    if (equals < 0)
        return error_set(error, ERROR_INVALID, "a line must be \"name = value\"");
    return config_set(config, text_trim(text_slice(line, 0, (size_t)equals)),
                      text_trim(text_slice(line, (size_t)equals + 1, line.size)), error);
}

bool config_read_file(struct config *config, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_INVALID, "cannot read %s: %s", path, strerror(errno));
    char line[LONGEST_LINE];
    bool good = true;
    for (int number = 1; good && fgets(line, sizeof line, file) != NULL; number++) {
        good = read_line(config, text_of(line), error);
        if (!good)
            error_prefix(error, "%s line %d", path, number);
    }
    fclose(file);
    return good;
}

static bool read_variable(struct config *config, const char *name, struct error *error)
{
    char variable[128] = "FAIRLEAD_";
    size_t length = strlen(variable);
    for (size_t i = 0; name[i] != '\0' && length + 1 < sizeof variable; i++)
        variable[length++] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - ('a' - 'A') : name[i]);
    variable[length] = '\0';
    const char *value = getenv(variable);
    if (value == NULL || value[0] == '\0')
        return true;
    return config_set(config, text_of(name), text_of(value), error) || error_prefix(error, "%s", variable);
}

bool config_read_environment(struct config *config, struct error *error)
{
    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        if (!read_variable(config, SETTINGS[i].name, error))
            return false;
    }
    for (size_t i = 0; channel_setting_names[i] != NULL; i++) {
        if (!read_variable(config, channel_setting_names[i], error))
            return false;
    }
    for (size_t i = 0; egress_setting_names[i] != NULL; i++) {
        if (!read_variable(config, egress_setting_names[i], error))
            return false;
    }
    for (size_t i = 0; http_client_setting_names[i] != NULL; i++) {
        if (!read_variable(config, http_client_setting_names[i], error))
            return false;
    }
    for (size_t i = 0; i < limit_row_count; i++) {
        if (!read_variable(config, limit_rows[i].name, error))
            return false;
    }
    return true;
}
