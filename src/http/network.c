#include "http/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

enum { IPV4_AT = 12, IPV4_BITS = 96, ALL_BITS = 128 };

/* ---- reading and writing ---- */

static struct address mapped(const uint8_t ipv4[4])
{
    struct address address = {{[10] = 0xff, [11] = 0xff}};
    memcpy(address.bytes + IPV4_AT, ipv4, 4);
    return address;
}

static bool is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped((const uint8_t[4]){0}).bytes, IPV4_AT) == 0;
}

bool address_parse(struct text text, struct address *address)
{
    char copy[ADDRESS_TEXT];
    uint8_t ipv4[4];
    if (text.size == 0 || text.size >= sizeof copy || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (inet_pton(AF_INET, copy, ipv4) != 1)
        return inet_pton(AF_INET6, copy, address->bytes) == 1;
    *address = mapped(ipv4);
    return true;
}

bool address_of_socket(const struct sockaddr *socket, struct address *address, uint16_t *port)
{
    uint16_t network_order;
    if (socket->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, socket, sizeof in);
        *address = mapped((const uint8_t *)&in.sin_addr);
        network_order = in.sin_port;
    } else if (socket->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, socket, sizeof in);
        memcpy(address->bytes, &in.sin6_addr, ADDRESS_BYTES);
        network_order = in.sin6_port;
    } else {
        return false;
    }
    if (port != NULL)
        *port = ntohs(network_order);
    return true;
}

void address_write_text(const struct address *address, char text[ADDRESS_TEXT])
{
    if (is_ipv4(address))
        inet_ntop(AF_INET, address->bytes + IPV4_AT, text, ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT);
}

/* ---- networks ---- */

static uint8_t mask(unsigned bits, size_t byte)
{
    unsigned before = (unsigned)byte * 8;
    return (uint8_t)(bits <= before ? 0 : bits >= before + 8 ? 0xff : 0xff << (before + 8 - bits));
}

bool network_read(struct text text, struct network *network)
{
    ptrdiff_t slash = text_find_byte(text, '/');
    struct text first = slash < 0 ? text : text_slice(text, 0, (size_t)slash);
    int64_t bits = ALL_BITS;
    if (!address_parse(first, &network->first))
        return false;
    if (slash >= 0) {
        bool ipv4 = text_find_byte(first, ':') < 0;
        struct text length = text_slice(text, (size_t)slash + 1, text.size);
        if (length.size == 0 || length.data[0] == '-' || !text_to_integer(length, &bits))
            return false;
        if (bits > (ipv4 ? ALL_BITS - IPV4_BITS : ALL_BITS))
            return false;
        bits += ipv4 ? IPV4_BITS : 0;
    }
    network->bits = (unsigned)bits;
    for (size_t i = 0; i < ADDRESS_BYTES; i++) {
        if ((network->first.bytes[i] & ~mask(network->bits, i)) != 0)
            return false;
    }
    return true;
}

bool network_holds(const struct network *network, const struct address *address)
{
    size_t whole = network->bits / 8;
    return memcmp(network->first.bytes, address->bytes, whole) == 0 &&
           (whole == ADDRESS_BYTES ||
            ((network->first.bytes[whole] ^ address->bytes[whole]) & mask(network->bits, whole)) == 0);
}

/* ---- what is known of them ---- */

#define METADATA "a cloud metadata address"
#define LOCAL_LINK "a link-local address"
#define RESERVED "a reserved address"
#define SITE "a private address"
#define LABORATORY "an address for documentation or tests"

/* The first that holds an address says what it is. */
static const struct {
    const char *network;
    enum address_reach reach;
    const char *what;
} FACTS[] = {
    {"169.254.169.254", REACH_FORBIDDEN, METADATA}, /* most */
    {"169.254.170.2", REACH_FORBIDDEN, METADATA},   /* AWS, of containers */
    {"169.254.170.23", REACH_FORBIDDEN, METADATA},  /* AWS, of pods */
    {"169.254.42.42", REACH_FORBIDDEN, METADATA},   /* Scaleway */
    {"169.254.0.23", REACH_FORBIDDEN, METADATA},    /* Tencent */
    {"169.254.0.0/16", REACH_FORBIDDEN, LOCAL_LINK},
    {"100.100.100.200", REACH_FORBIDDEN, METADATA}, /* Alibaba */
    {"168.63.129.16", REACH_FORBIDDEN, METADATA},   /* Azure */
    {"192.0.0.192", REACH_FORBIDDEN, METADATA},     /* Oracle */
    {"0.0.0.0", REACH_FORBIDDEN, "the unspecified address"},
    {"0.0.0.0/8", REACH_FORBIDDEN, RESERVED},
    {"192.0.0.0/24", REACH_FORBIDDEN, RESERVED},
    {"192.88.99.0/24", REACH_FORBIDDEN, RESERVED}, /* relays of 6to4, once */
    {"224.0.0.0/4", REACH_FORBIDDEN, "a multicast address"},
    {"255.255.255.255", REACH_FORBIDDEN, "the broadcast address"},
    {"240.0.0.0/4", REACH_FORBIDDEN, RESERVED},
    {"127.0.0.0/8", REACH_PRIVATE, "a loopback address"},
    {"10.0.0.0/8", REACH_PRIVATE, SITE},
    {"172.16.0.0/12", REACH_PRIVATE, SITE},
    {"192.168.0.0/16", REACH_PRIVATE, SITE},
    {"100.64.0.0/10", REACH_PRIVATE, "a carrier's shared address"},
    {"192.0.2.0/24", REACH_PRIVATE, LABORATORY},
    {"198.51.100.0/24", REACH_PRIVATE, LABORATORY},
    {"203.0.113.0/24", REACH_PRIVATE, LABORATORY},
    {"198.18.0.0/15", REACH_PRIVATE, LABORATORY},
    {"::ffff:0:0/96", REACH_PUBLIC, NULL}, /* all other IPv4 */

    {"fd00:ec2::/112", REACH_FORBIDDEN, METADATA},       /* AWS */
    {"fd20:ce::254", REACH_FORBIDDEN, METADATA},         /* Google */
    {"fd00:42::42", REACH_FORBIDDEN, METADATA},          /* Scaleway */
    {"fd00:a9fe:a9fe::/112", REACH_FORBIDDEN, METADATA}, /* Linode */
    {"::", REACH_FORBIDDEN, "the unspecified address"},
    {"fe80::/10", REACH_FORBIDDEN, LOCAL_LINK},
    {"ff00::/8", REACH_FORBIDDEN, "a multicast address"},
    {"::1", REACH_PRIVATE, "a loopback address"},
    {"fc00::/7", REACH_PRIVATE, SITE},
    {"fec0::/10", REACH_PRIVATE, SITE},
    {"2001:db8::/32", REACH_PRIVATE, LABORATORY},
    {"3fff::/20", REACH_PRIVATE, LABORATORY},
    {"2001:2::/48", REACH_PRIVATE, LABORATORY},
    {"64:ff9b:1::/48", REACH_PRIVATE, "a translator's local address"},
    {"64:ff9b::/96", REACH_PUBLIC, NULL},  /* with an IPv4 address inside, which decides */
    {"::ffff:0:0:0/96", REACH_PUBLIC, NULL},
    {"2001::/32", REACH_PUBLIC, NULL},
    {"2001::/23", REACH_FORBIDDEN, RESERVED},
    {"2000::/3", REACH_PUBLIC, NULL},
    {"::/0", REACH_FORBIDDEN, RESERVED}, /* given to nobody yet */
};
enum { FACT_COUNT = sizeof FACTS / sizeof FACTS[0] };

/* IPv6 addresses with an IPv4 address inside. */
static const struct {
    const char *network;
    uint8_t at[4]; /* its bytes */
    uint8_t flipped;
    bool perhaps; /* not when they are zeros */
} INSIDES[] = {
    {"::ffff:0:0:0/96", {12, 13, 14, 15}, 0, false}, /* translated, RFC 2765 */
    {"64:ff9b::/96", {12, 13, 14, 15}, 0, false},    /* NAT64, RFC 6052 */
    {"64:ff9b:1::/48", {12, 13, 14, 15}, 0, true},   /* RFC 8215: a longer prefix, of 96 bits, in this one */
    {"64:ff9b:1::/48", {6, 7, 9, 10}, 0, true},      /* or this one itself */
    {"2002::/16", {2, 3, 4, 5}, 0, false},           /* 6to4, RFC 3056 */
    {"2001::/32", {4, 5, 6, 7}, 0, false},           /* Teredo, RFC 4380: the server */
    {"2001::/32", {12, 13, 14, 15}, 0xff, false},    /* and the client */
};
enum { INSIDE_COUNT = sizeof INSIDES / sizeof INSIDES[0] };

static struct network fact_networks[FACT_COUNT], inside_networks[INSIDE_COUNT];
static pthread_once_t read_once = PTHREAD_ONCE_INIT;

static void read_tables(void)
{
    for (size_t i = 0; i < FACT_COUNT; i++)
        network_read(text_of(FACTS[i].network), &fact_networks[i]);
    for (size_t i = 0; i < INSIDE_COUNT; i++)
        network_read(text_of(INSIDES[i].network), &inside_networks[i]);
}

/* RFC 5214: the interface's part of an IPv6 address, whatever its network. */
static bool is_isatap(const struct address *address)
{
    const uint8_t *part = address->bytes + 8;
    return (part[0] & ~0x02) == 0 && part[1] == 0 && part[2] == 0x5e && part[3] == 0xfe;
}

size_t address_forms(const struct address *address, struct address forms[ADDRESS_FORMS])
{
    size_t count = 0;
    forms[count++] = *address;
    if (is_ipv4(address))
        return count;
    pthread_once(&read_once, read_tables);
    for (size_t i = 0; i < INSIDE_COUNT; i++) {
        uint8_t ipv4[4], any = 0;
        if (!network_holds(&inside_networks[i], address))
            continue;
        for (size_t k = 0; k < sizeof ipv4; k++)
            any |= ipv4[k] = address->bytes[INSIDES[i].at[k]] ^ INSIDES[i].flipped;
        if (any != 0 || !INSIDES[i].perhaps)
            forms[count++] = mapped(ipv4);
    }
    if (is_isatap(address))
        forms[count++] = mapped(address->bytes + IPV4_AT);
    return count;
}

enum address_reach address_reach(const struct address *address, const char **what)
{
    struct address forms[ADDRESS_FORMS];
    size_t count = address_forms(address, forms);
    enum address_reach worst = REACH_PUBLIC;
    *what = NULL;
    pthread_once(&read_once, read_tables);
    for (size_t i = 0; i < count; i++) {
        size_t fact = 0;
        while (!network_holds(&fact_networks[fact], &forms[i])) /* the last one holds all */
            fact++;
        if (FACTS[fact].reach > worst) {
            worst = FACTS[fact].reach;
            *what = FACTS[fact].what;
        }
    }
    return worst;
}
