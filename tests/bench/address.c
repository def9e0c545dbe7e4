#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESS_BACKLOG 1024

static void address_name(struct address *address)
{
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address->socket.sin_addr, host, sizeof host);
    snprintf(address->authority, sizeof address->authority, "%s:%u", host,
             ntohs(address->socket.sin_port));
}

bool address_parse(struct address *address, const char *text, struct fault *fault)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return fault_set(fault, "'%s' is not HOST:PORT", text);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end || port > 65535)
        return fault_set(fault, "'%s' has no port between 0 and 65535", text);
    *address = (struct address){.path = "/"};
    address->socket.sin_family = AF_INET;
    address->socket.sin_port = htons((uint16_t)port);
    const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (inet_pton(AF_INET, number, &address->socket.sin_addr) != 1)
        return fault_set(fault, "'%s' is not an IPv4 address or localhost", host);
    address_name(address);
    return true;
}

bool address_parse_url(struct address *address, const char *url, struct fault *fault)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return fault_set(fault, "'%s' does not begin with http://", url);
    const char *authority = url + strlen(scheme);
    size_t length = strcspn(authority, "/?#");
    char text[64];
    if (length >= sizeof text || strlen(authority + length) + 2 > ADDRESS_PATH_MAX)
        return fault_set(fault, "the URL '%.80s' is too long", url);
    memcpy(text, authority, length);
    text[length] = '\0';
    if (!address_parse(address, text, fault))
        return false;
    const char *path = authority + length;
    snprintf(address->path, sizeof address->path, "%s%s", *path == '/' ? "" : "/", path);
    return true;
}

int address_listen(struct address *address, struct fault *fault)
{
    int yes = 1;
    socklen_t length = sizeof address->socket;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (struct sockaddr *)&address->socket, length) == 0 &&
        listen(fd, ADDRESS_BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)&address->socket, &length) == 0) {
        address_name(address);
        return fd;
    }
    fault_set(fault, "cannot listen on %s: %s", address->authority, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static void address_no_delay(int fd)
{
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int address_connect(const struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    address_no_delay(fd);
    if (connect(fd, (const struct sockaddr *)&address->socket, sizeof address->socket) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

int address_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        address_no_delay(fd);
    return fd;
}
