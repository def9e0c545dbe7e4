/* A list of rules, a line below it a URL, below that an address: what is decided holds however it is asked. */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>

#include "base/memory.h"
#include "http/egress.h"
#include "http/target.h"

static void check_address(struct text text)
{
    struct address address, again;
    struct network network;
    const char *what;
    char written[ADDRESS_TEXT];
    if (!address_parse(text, &address))
        return;
    address_write_text(&address, written);
    MUST(address_parse(text_of(written), &again) && memcmp(&again, &address, sizeof address) == 0);
    MUST((address_reach(&address, &what) == REACH_PUBLIC) == (what == NULL));
    MUST(network_read(text_of(written), &network) && network_holds(&network, &address));
}

/* What is refused before anything is looked up is refused at the connection; forbidden addresses are never allowed. */
static void check_url(const struct egress *egress, const char *url, struct text text)
{
    struct target target;
    struct address address;
    char reason[EGRESS_REASON];
    const char *what;
    bool by_name = egress_name_is_allowed(egress, url, reason);
    if (!target_read(url, &target)) {
        MUST(!by_name);
        return;
    }
    if (!address_parse(text, &address))
        address = target.is_literal ? target.address : (struct address){{0}};
    struct sockaddr_in6 socket = {.sin6_family = AF_INET6, .sin6_port = htons(target.port)};
    memcpy(&socket.sin6_addr, &address, sizeof address);
    bool by_address = egress_connect_is_allowed(egress, url, (const struct sockaddr *)&socket, reason);
    MUST(!by_address || address_reach(&address, &what) != REACH_FORBIDDEN);
    if (target.is_literal && memcmp(&address, &target.address, sizeof address) == 0)
        MUST(by_name == by_address);
    else if (!by_name && !target.is_literal)
        MUST(!by_address);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = {(const char *)bytes, size}, list = TEXT_NONE, url = TEXT_NONE;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct egress egress = {.private_refused = size % 2 == 0};
    struct error error = {0};
    text_split(&rest, '\n', &list);
    text_split(&rest, '\n', &url);
    if (egress_set(&egress, size % 4 < 2 ? TEXT("egress_deny") : TEXT("egress_allow"), list, &error))
        MUST(error.code == ERROR_NONE);
    egress_add_listener(&egress, (const struct sockaddr *)&own);
    egress_add_public_url(&egress, "http://gate.example/hooks");
    char *copy = strndup(url.data ? url.data : "", url.size);
    check_address(rest);
    check_url(&egress, copy, rest);
    free(copy);
    egress_free(&egress);
    return 0;
}
