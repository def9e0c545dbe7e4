/*
 * head.h - reads the head of an HTTP/1.x request, strictly. Pure.
 *
 * Every byte is checked, and what could be understood in two ways is refused (RFC 9112 sections 2.2, 3, 5, 6 and
 * 11.2; RFC 9110 sections 5.5 and 5.6.2): lines end in CRLF, no bare CR or LF, no folding, no space before a colon,
 * no control characters, one Host, one body length in one form.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/message.h"

struct request_head {
    struct text method, path, query; /* query: TEXT_NONE without "?" */
    struct text authority;           /* of a target in absolute form; TEXT_NONE in the usual form */
    struct http_headers headers;     /* names in lower case, values trimmed */
    int minor_version;               /* of HTTP/1 */
    bool keep_alive;                 /* the sender wants to go on with this connection */
    bool chunked;
    int64_t content_length;          /* -1: none was given */
    bool expects_continue;
};

struct head_problem {
    int status; /* to answer with */
    const char *message;
};

/*
 * Looks for the end of the head in bytes [*seen, size), which is remembered in *seen for the next time.
 * > 0: the size of the head with its empty line; 0: not complete; -1: a line end that is no CRLF.
 */
ptrdiff_t head_find_end(const char *bytes, size_t size, size_t *seen);

/* `bytes` is a whole head, is changed (names become lower case) and must live as long as *head. */
bool head_parse(struct arena *arena, char *bytes, size_t size, struct request_head *head,
                struct head_problem *problem);

/* What requests and replies share. A line comes without its line end; its name becomes lower case in place. */
bool head_parse_field(char *line, size_t size, struct http_header *header, const char **problem);
bool head_parse_length(struct text value, int64_t *length); /* digits only, at most 18 */
/* Is the token in one of the headers of that name, lists separated by commas? */
bool head_has_token(const struct http_headers *headers, struct text name, struct text token);

/* tchar and token of RFC 9110 section 5.6.2: what methods and header names are made of. */
bool head_is_token_byte(char byte);
bool head_is_token(struct text text);
