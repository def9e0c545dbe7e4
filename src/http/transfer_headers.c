/* A request's headers, as libcurl takes them: exactly those that the call names. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/client_parts.h"
#include "http/redirect.h"

static char *put(char *to, struct text text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    return to + text.size;
}

/* One line of the list that libcurl takes, at *next in header_lines. */
static void add_line(struct transfer *transfer, size_t index, char **next, const struct http_header *header)
{
    struct curl_slist *item = &transfer->headers[index];
    bool unwanted = header->value.data == NULL;
    *item = (struct curl_slist){*next, NULL};
    if (index > 0)
        transfer->headers[index - 1].next = item;
    *next = put(*next, header->name);
    /* libcurl's way to leave one out is ":", and to send an empty value ";". */
    *next = put(*next, unwanted ? TEXT(":") : header->value.size == 0 ? TEXT(";") : TEXT(": "));
    *next = put(*next, header->value);
    *(*next)++ = '\0';
}

/* Room for so many lines, which then do not move. Both are bounded by limits.header_count and header_bytes. */
static void make_room(struct transfer *transfer, size_t lines, size_t bytes)
{
    if (transfer->header_room < lines) {
        transfer->headers = memory_resize(transfer->headers, lines * sizeof *transfer->headers);
        transfer->header_room = lines;
    }
    if (transfer->header_bytes < bytes) {
        transfer->header_lines = memory_resize(transfer->header_lines, bytes);
        transfer->header_bytes = bytes;
    }
}

/* What a redirect leaves behind. */
static bool stays_behind(const struct transfer *transfer, size_t index)
{
    const struct http_call *call = transfer->call;
    struct text name = call->headers[index].name;
    bool marked = index >= call->credentials_from && index < call->credentials_to;
    return (transfer->hop.elsewhere && (marked || redirect_is_credential(name))) ||
           (transfer->hop.without_body && redirect_describes_body(name));
}

/* Only what the call names is sent: what libcurl would add by itself is taken out. A setting may name the user agent. */
void transfer_set_headers(struct transfer *transfer)
{
    static const struct http_header unwanted[] = {
        {{"Accept", 6}, {NULL, 0}}, {{"User-Agent", 10}, {NULL, 0}}, {{"Content-Type", 12}, {NULL, 0}},
        {{"Expect", 6}, {NULL, 0}}};
    enum { USER_AGENT = 1, UNWANTED = sizeof unwanted / sizeof unwanted[0], UNWANTED_BYTES = 64, LINE_OVERHEAD = 3 };
    const struct http_call *call = transfer->call;
    const struct http_header agent = {TEXT("user-agent"), text_of(transfer->client->settings->user_agent)};
    struct http_headers given = {(struct http_header *)call->headers, call->header_count};
    size_t count = 0, bytes = UNWANTED_BYTES + agent.name.size + agent.value.size + LINE_OVERHEAD;
    for (size_t i = 0; i < given.count; i++)
        bytes += given.items[i].name.size + given.items[i].value.size + LINE_OVERHEAD;
    make_room(transfer, given.count + UNWANTED + 1, bytes);
    char *next = transfer->header_lines;
    for (size_t i = 0; i < UNWANTED; i++) {
        bool is_agent = i == USER_AGENT && agent.value.size > 0;
        if (is_agent)
            add_line(transfer, count++, &next, &agent);
        else if (http_headers_get(&given, unwanted[i].name).data == NULL)
            add_line(transfer, count++, &next, &unwanted[i]);
    }
    for (size_t i = 0; i < given.count; i++) {
        struct http_header header = given.items[i];
        if (agent.value.size > 0 && text_equal_ignoring_case(header.name, agent.name))
            continue;
        if (header.value.data == NULL)
            header.value = TEXT("");
        if (!stays_behind(transfer, i))
            add_line(transfer, count++, &next, &header);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, count > 0 ? transfer->headers : NULL);
}
