#include "http/client_settings.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <strings.h>

#include "http/target.h"

const char *const http_client_setting_names[] = {
    "delivery_http_version", "delivery_ip_family", "delivery_proxy", "delivery_proxy_ca", "delivery_no_proxy",
    "delivery_source", "delivery_user_agent", NULL,
};

static bool copy_value(char *out, size_t room, struct text name, struct text value, struct error *error)
{
    if (value.size >= room)
        return error_set(error, ERROR_INVALID, "%.*s is longer than %zu characters", TEXT_ARGS(name), room - 1);
    for (size_t i = 0; i < value.size; i++) {
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7F)
            return error_set(error, ERROR_INVALID, "%.*s holds a control character", TEXT_ARGS(name));
    }
    if (value.size > 0)
        memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return true;
}

bool http_version_parse(struct text name, enum http_version *version)
{
    static const char *const names[] = {
        [HTTP_VERSION_ANY] = "any", [HTTP_VERSION_1_1] = "1.1", [HTTP_VERSION_2_PLAIN] = "2-plain"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_equal(name, text_of(names[i]))) {
            *version = (enum http_version)i;
            return true;
        }
    }
    return false;
}

static bool set_version(struct http_client_settings *settings, struct text value, struct error *error)
{
    return http_version_parse(value, &settings->version) ||
           error_set(error, ERROR_INVALID, "delivery_http_version is \"%.*s\", but must be any, 1.1 or 2-plain",
                     TEXT_ARGS(value));
}

static bool set_family(struct http_client_settings *settings, struct text value, struct error *error)
{
    static const char *const names[] = {
        [HTTP_FAMILY_ANY] = "any", [HTTP_FAMILY_IPV4] = "ipv4", [HTTP_FAMILY_IPV6] = "ipv6"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (text_equal(value, text_of(names[i]))) {
            settings->family = (enum http_family)i;
            return true;
        }
    }
    return error_set(error, ERROR_INVALID, "delivery_ip_family is \"%.*s\", but must be any, ipv4 or ipv6",
                     TEXT_ARGS(value));
}

static bool is_proxy(const char *url)
{
    static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    CURLU *parts = curl_url();
    char *scheme = NULL, *host = NULL;
    bool good = false;
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0') {
        for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
            good |= strcmp(scheme, schemes[i]) == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    return good;
}

static bool set_proxy(struct http_client_settings *settings, struct text name, struct text value, struct error *error)
{
    return copy_value(settings->proxy, sizeof settings->proxy, name, value, error) &&
           (value.size == 0 || is_proxy(settings->proxy) ||
            error_set(error, ERROR_INVALID,
                      "delivery_proxy must be a URL: http://, https://, socks4://, socks4a://, socks5:// or "
                      "socks5h://"));
}

bool http_client_settings_proxy_is_secure(const struct http_client_settings *settings)
{
    return strncasecmp(settings->proxy, "https:", 6) == 0;
}

static bool holds_certificates(const char *path)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store != NULL && X509_STORE_load_file(store, path) == 1;
    X509_STORE_free(store);
    ERR_clear_error();
    return good;
}

static bool set_proxy_ca(struct http_client_settings *settings, struct text name, struct text value, struct error *error)
{
    return copy_value(settings->proxy_ca, sizeof settings->proxy_ca, name, value, error) &&
           (value.size == 0 || holds_certificates(settings->proxy_ca) ||
            error_set(error, ERROR_INVALID, "delivery_proxy_ca: %s holds no certificates, or cannot be read",
                      settings->proxy_ca));
}

bool http_client_settings_set(struct http_client_settings *settings, struct text name, struct text value,
                              struct error *error)
{
    if (text_equal(name, TEXT("delivery_http_version")))
        return set_version(settings, value, error);
    if (text_equal(name, TEXT("delivery_ip_family")))
        return set_family(settings, value, error);
    if (text_equal(name, TEXT("delivery_proxy")))
        return set_proxy(settings, name, value, error);
    if (text_equal(name, TEXT("delivery_proxy_ca")))
        return set_proxy_ca(settings, name, value, error);
    if (text_equal(name, TEXT("delivery_no_proxy")))
        return copy_value(settings->no_proxy, sizeof settings->no_proxy, name, value, error);
    if (text_equal(name, TEXT("delivery_source")))
        return copy_value(settings->source, sizeof settings->source, name, value, error);
    if (text_equal(name, TEXT("delivery_user_agent")))
        return copy_value(settings->user_agent, sizeof settings->user_agent, name, value, error);
    return false;
}

static bool is_below(struct text name, struct text domain)
{
    size_t size = domain.size;
    return name.size > size && text_equal_ignoring_case(text_slice(name, name.size - size, size), domain) && name.data[name.size - size - 1] == '.';
}

static bool holds(struct text entry, const struct target *target)
{
    struct network network;
    struct text host = text_of(target->host);
    if (text_starts_with(entry, TEXT("[")) && text_ends_with(entry, TEXT("]")))
        entry = text_slice(entry, 1, entry.size - 2);
    if (text_equal(entry, TEXT("*")))
        return true;
    if (network_read(entry, &network))
        return target->is_literal && network_holds(&network, &target->address);
    while (text_starts_with(entry, TEXT(".")))
        entry = text_slice(entry, 1, entry.size);
    while (text_ends_with(entry, TEXT(".")))
        entry.size--;
    return entry.size > 0 && (text_equal_ignoring_case(host, entry) || is_below(host, entry));
}

bool http_client_settings_direct(const struct http_client_settings *settings, const char *url)
{
    struct target target;
    struct text rest = text_of(settings->no_proxy), entry;
    if (settings->no_proxy[0] == '\0' || !target_read(url, &target))
        return false;
    while (text_split(&rest, ',', &entry)) {
        if (holds(text_trim(entry), &target))
            return true;
    }
    return false;
}
