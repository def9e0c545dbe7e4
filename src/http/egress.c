#include "http/egress.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http/target.h"

static const struct address ANY = {{0}};

/* ---- lists ---- */

static bool name_fits(const struct egress_rule *rule, struct text host)
{
    struct text pattern = text_of(rule->text);
    if (!text_starts_with(pattern, TEXT("*.")))
        return text_equal(pattern, host);
    pattern = text_slice(pattern, 1, pattern.size); /* with its dot */
    return host.size > pattern.size && text_ends_with(host, pattern);
}

static const struct egress_rule *find_name(const struct egress_list *list, const char *host)
{
    for (size_t i = 0; list->names > 0 && i < list->count; i++) {
        if (!list->rules[i].is_network && name_fits(&list->rules[i], text_of(host)))
            return &list->rules[i];
    }
    return NULL;
}

static const struct egress_rule *find_network(const struct egress_list *list, const struct address *address)
{
    for (size_t i = 0; list->names < list->count && i < list->count; i++) {
        if (list->rules[i].is_network && network_holds(&list->rules[i].network, address))
            return &list->rules[i];
    }
    return NULL;
}

/* One form is enough to be denied. */
static const struct egress_rule *find_denied(const struct egress_list *list, const struct address *forms, size_t count)
{
    const struct egress_rule *rule = NULL;
    for (size_t i = 0; rule == NULL && i < count; i++)
        rule = find_network(list, &forms[i]);
    return rule;
}

/* To be allowed it must be named as it is, or each address inside it. */
static bool is_listed(const struct egress_list *list, const struct address *forms, size_t count)
{
    if (find_network(list, &forms[0]) != NULL)
        return true;
    for (size_t i = 1; i < count; i++) {
        if (find_network(list, &forms[i]) == NULL)
            return false;
    }
    return count > 1;
}

/* ---- the gateway itself ---- */

/* Only a machine's own address can be bound to. */
static bool is_of_this_machine(const struct address *address)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct address again;
    memcpy(&ipv4.sin_addr, address->bytes + 12, 4);
    memcpy(&ipv6.sin6_addr, address->bytes, ADDRESS_BYTES);
    bool is_ipv4 = address_of_socket((const struct sockaddr *)&ipv4, &again, NULL) &&
                   memcmp(&again, address, sizeof again) == 0;
    int probe = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool own = probe >= 0 && bind(probe, is_ipv4 ? (const struct sockaddr *)&ipv4 : (const struct sockaddr *)&ipv6,
                                  is_ipv4 ? sizeof ipv4 : sizeof ipv6) == 0;
    if (probe >= 0)
        close(probe);
    return own;
}

static bool is_ingest(struct text path)
{
    static const struct text beginnings[] = {{"/e/", 3}, {"/v1/publish/", 12}};
    return text_starts_with(path, beginnings[0]) || text_starts_with(path, beginnings[1]);
}

static bool is_at(const struct egress_face *face, const struct address *address)
{
    return memcmp(&face->address, &ANY, sizeof ANY) == 0 ? is_of_this_machine(address)
                                                         : memcmp(&face->address, address, sizeof *address) == 0;
}

static bool is_web_port(uint16_t port)
{
    return port == 80 || port == 443;
}

/* Who serves the public URL by https mostly takes http as well. */
static bool is_port_of(const struct egress_face *face, uint16_t port)
{
    return face->port == port || (face->host[0] != '\0' && is_web_port(face->port) && is_web_port(port));
}

/* Behind a proxy in front of the gateway, paths outside of the public URL's are somebody else's. */
static bool reaches_api(const struct egress_face *face, const struct target *target, const struct address *address)
{
    struct text path = text_of(target->path), own = text_of(face->path);
    if (face->host[0] == '\0')
        return address != NULL && is_at(face, address) && !is_ingest(path);
    if (strcmp(face->host, target->host) != 0 || !text_starts_with(path, own))
        return false;
    path = text_slice(path, own.size, path.size);
    return (path.size == 0 || path.data[0] == '/') && !is_ingest(path);
}

/* ---- the decision ---- */

/* "NAME (ADDRESS) is not called: ..." with what of the two is known. Returns false. */
__attribute__((format(printf, 4, 5))) static bool refuse(char *reason, const struct target *target,
                                                         const struct address *address, const char *format, ...)
{
    char text[ADDRESS_TEXT] = "";
    if (address != NULL)
        address_write_text(address, text);
    bool named = text[0] == '\0' || (!target->is_literal && target->host[0] != '\0');
    size_t used = (size_t)snprintf(reason, EGRESS_REASON, "%.120s%s%s%s is not called: ", named ? target->host : text,
                                   named && text[0] ? " (" : "", named ? text : "", named && text[0] ? ")" : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason + used, EGRESS_REASON - used, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_name(const struct egress *egress, const struct target *target, char *reason)
{
    const struct egress_rule *rule = find_name(&egress->deny, target->host);
    return rule == NULL || refuse(reason, target, NULL, "egress_deny holds %.100s", rule->text);
}

static bool check_own(const struct egress *egress, const struct target *target, const struct address *address,
                      uint16_t port, char *reason)
{
    for (size_t i = 0; !egress->own_api_allowed && i < egress->face_count; i++) {
        const struct egress_face *face = &egress->faces[i];
        if (is_port_of(face, port) && reaches_api(face, target, address))
            return refuse(reason, target, address, "it is this gateway, which is called at /e/ and /v1/publish/ only");
    }
    return true;
}

static bool check_address(const struct egress *egress, const struct target *target, const struct address *address,
                          char *reason)
{
    struct address forms[ADDRESS_FORMS];
    size_t count = address_forms(address, forms);
    const struct egress_rule *denied = find_denied(&egress->deny, forms, count);
    const char *what;
    enum address_reach reach = address_reach(address, &what);
    if (denied != NULL)
        return refuse(reason, target, address, "egress_deny holds %.100s", denied->text);
    if (reach == REACH_FORBIDDEN)
        return refuse(reason, target, address, "it is %s, which is always refused", what);
    if (!check_own(egress, target, address, target->port, reason))
        return false;
    bool refused = reach == REACH_PRIVATE ? egress->private_refused : egress->public_refused;
    if (!refused || is_listed(&egress->allow, forms, count) || find_name(&egress->allow, target->host) != NULL)
        return true;
    return reach == REACH_PRIVATE
               ? refuse(reason, target, address, "it is %s, which egress_private refuses and egress_allow does not hold", what)
               : refuse(reason, target, address, "egress_public refuses it and egress_allow does not hold it");
}

static bool read_target(const char *url, struct target *target, char *reason)
{
    return target_read(url, target) || (snprintf(reason, EGRESS_REASON, "this is no URL that can be called"), false);
}

bool egress_name_is_allowed(const struct egress *egress, const char *url, char reason[EGRESS_REASON])
{
    struct target target;
    if (egress == NULL)
        return true;
    return read_target(url, &target, reason) && check_name(egress, &target, reason) &&
           (target.is_literal ? check_address(egress, &target, &target.address, reason)
                              : check_own(egress, &target, NULL, target.port, reason));
}

bool egress_connect_is_allowed(const struct egress *egress, const char *url, const struct sockaddr *address,
                               char reason[EGRESS_REASON])
{
    struct target target;
    struct address to;
    if (egress == NULL)
        return true;
    if (!address_of_socket(address, &to, NULL)) {
        snprintf(reason, EGRESS_REASON, "only addresses of IPv4 and IPv6 are called");
        return false;
    }
    return read_target(url, &target, reason) && check_name(egress, &target, reason) &&
           check_address(egress, &target, &to, reason);
}

bool egress_request_is_allowed(const struct egress *egress, const char *url, const char *address, uint16_t port,
                               char reason[EGRESS_REASON])
{
    struct target target;
    struct address to;
    bool own_port = false;
    for (size_t i = 0; egress != NULL && i < egress->face_count; i++)
        own_port |= is_port_of(&egress->faces[i], port);
    if (!own_port)
        return true;
    struct text plain = text_of(address);
    ptrdiff_t zone = text_find_byte(plain, '%');
    bool known = address_parse(zone < 0 ? plain : text_slice(plain, 0, (size_t)zone), &to);
    return read_target(url, &target, reason) && check_own(egress, &target, known ? &to : NULL, port, reason);
}

/* ---- the faces ---- */

static struct egress_face *add_face(struct egress *egress)
{
    return egress->face_count < EGRESS_FACES ? &egress->faces[egress->face_count++] : NULL;
}

void egress_add_listener(struct egress *egress, const struct sockaddr *listener)
{
    static const struct address any_ipv4 = {{[10] = 0xff, [11] = 0xff}};
    struct egress_face *face = add_face(egress);
    if (face == NULL || !address_of_socket(listener, &face->address, &face->port))
        return;
    if (memcmp(&face->address, &any_ipv4, sizeof any_ipv4) == 0)
        face->address = ANY;
}

void egress_add_public_url(struct egress *egress, const char *url)
{
    struct target target;
    struct egress_face *face = target_read(url, &target) ? add_face(egress) : NULL;
    if (face == NULL)
        return;
    face->port = target.port;
    snprintf(face->host, sizeof face->host, "%s", target.host);
    struct text path = text_of(target.path);
    while (text_ends_with(path, TEXT("/")))
        path.size--;
    snprintf(face->path, sizeof face->path, "%.*s", (int)text_slice(path, 0, sizeof face->path - 1).size, target.path);
}
