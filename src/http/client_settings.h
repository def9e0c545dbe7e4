/*
 * client_settings.h - how the gateway goes out to others, as its settings say it. The client takes them with
 * http_client_set; what has a number is in base/limits.h (delivery_*).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

enum http_version {
    HTTP_VERSION_ANY,     /* HTTP/2 where a TLS server wants it (ALPN), else HTTP/1.1 */
    HTTP_VERSION_1_1,
    HTTP_VERSION_2_PLAIN, /* as the first, and HTTP/2 without TLS and without asking ("prior knowledge") */
};

enum http_family { HTTP_FAMILY_ANY, HTTP_FAMILY_IPV4, HTTP_FAMILY_IPV6 };

/* Texts end with NUL; empty: none. */
struct http_client_settings {
    enum http_version version;
    enum http_family family;
    char proxy[1024];    /* URL: http, https, socks4, socks4a, socks5, socks5h; may hold a user and a password */
    char proxy_ca[1024]; /* file of certificates in PEM: whom an https proxy is believed, in place of the system's */
    char no_proxy[4096]; /* hosts, domains and networks (CIDR) that are called without it, separated by commas */
    char source[256];    /* the address or the interface that connections come from */
    char user_agent[256]; /* of all calls, in place of their own */
};

/* "any", "1.1", "2-plain". */
bool http_version_parse(struct text name, enum http_version *version);

/* The names of the settings; ends with NULL. */
extern const char *const http_client_setting_names[];
/* Is that URL called without the proxy, by no_proxy? "*" holds all, a name also the names below it. */
bool http_client_settings_direct(const struct http_client_settings *settings, const char *url);
/* Is the proxy itself spoken to over TLS? */
bool http_client_settings_proxy_is_secure(const struct http_client_settings *settings);
/* False without an error when it is no setting of these. No message shows the proxy, which may hold a password. */
bool http_client_settings_set(struct http_client_settings *settings, struct text name, struct text value,
                              struct error *error);
