#include "http/head.h"

#include "base/limits.h"

enum { LONGEST_METHOD = 32, LENGTH_DIGITS = 18 };

static bool fail(struct head_problem *problem, int status, const char *message)
{
    *problem = (struct head_problem){status, message};
    return false;
}

ptrdiff_t head_find_end(const char *bytes, size_t size, size_t *seen)
{
    for (size_t i = *seen; i < size; i++) {
        if (bytes[i] == '\n') {
            if (i == 0 || bytes[i - 1] != '\r')
                return -1;
            if (i >= 3 && bytes[i - 2] == '\n')
                return (ptrdiff_t)i + 1;
        } else if (i > 0 && bytes[i - 1] == '\r') {
            return -1;
        }
    }
    *seen = size;
    return 0;
}

bool head_is_token_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

bool head_is_token(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!head_is_token_byte(text.data[i]))
            return false;
    }
    return text.size > 0;
}

/* The next line without its CRLF. The head is known to be made of such lines. */
static struct text take_line(struct text *rest)
{
    ptrdiff_t end = text_find_byte(*rest, '\n');
    struct text line = text_slice(*rest, 0, (size_t)end - 1);
    *rest = text_slice(*rest, (size_t)end + 1, rest->size);
    return line;
}

/* What a host with an optional port is made of (RFC 3986 section 3.2), without the user information. */
static bool is_authority(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        bool alphanumeric =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (!alphanumeric && (byte == '\0' || strchr("-._~%!$&'()*+;=:[]", byte) == NULL))
            return false;
    }
    return true;
}

/*
 * "http://host/path" is taken as "/path": a proxy's form that servers must understand (RFC 9112 section 3.2.2).
 * *authority is TEXT_NONE in the usual form. TEXT_NONE: the target is malformed.
 */
static struct text origin_form(struct text target, struct text *authority)
{
    size_t scheme = text_starts_with(target, TEXT("http://"))    ? 7
                    : text_starts_with(target, TEXT("https://")) ? 8
                                                                 : 0;
    *authority = TEXT_NONE;
    if (scheme == 0)
        return target;
    struct text behind = text_slice(target, scheme, target.size);
    ptrdiff_t slash = text_find_byte(behind, '/');
    *authority = slash < 0 ? behind : text_slice(behind, 0, (size_t)slash);
    if (authority->size == 0 || !is_authority(*authority))
        return TEXT_NONE;
    return slash < 0 ? TEXT("/") : text_slice(behind, (size_t)slash, behind.size);
}

static bool parse_target(struct text target, struct request_head *head, struct head_problem *problem)
{
    target = origin_form(target, &head->authority);
    if (target.size == 0 || target.data[0] != '/')
        return fail(problem, 400, "the request target must be a path");
    for (size_t i = 0; i < target.size; i++) {
        unsigned char byte = (unsigned char)target.data[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '#')
            return fail(problem, 400, "the request target holds a byte that must be percent-encoded");
    }
    ptrdiff_t mark = text_find_byte(target, '?');
    head->path = mark < 0 ? target : text_slice(target, 0, (size_t)mark);
    head->query = mark < 0 ? TEXT_NONE : text_slice(target, (size_t)mark + 1, target.size);
    return true;
}

static bool parse_request_line(struct text line, struct request_head *head, struct head_problem *problem)
{
    ptrdiff_t first = text_find_byte(line, ' ');
    struct text behind = first < 0 ? TEXT_NONE : text_slice(line, (size_t)first + 1, line.size);
    ptrdiff_t second = text_find_byte(behind, ' ');
    if (first < 0 || second < 0)
        return fail(problem, 400, "the request line must be METHOD TARGET VERSION");
    head->method = text_slice(line, 0, (size_t)first);
    struct text version = text_slice(behind, (size_t)second + 1, behind.size);
    if (!head_is_token(head->method) || head->method.size > LONGEST_METHOD)
        return fail(problem, 400, "the method is malformed");
    if (text_equal(head->method, TEXT("CONNECT")))
        return fail(problem, 400, "this is no proxy");
    bool known = text_equal(version, TEXT("HTTP/1.1")) || text_equal(version, TEXT("HTTP/1.0"));
    if (!known && version.size == 8 && text_starts_with(version, TEXT("HTTP/")))
        return fail(problem, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (!known)
        return fail(problem, 400, "the protocol version is malformed");
    head->minor_version = version.data[7] - '0';
    return parse_target(text_slice(behind, 0, (size_t)second), head, problem);
}

static bool refuse(const char **problem, const char *why)
{
    *problem = why;
    return false;
}

bool head_parse_field(char *line, size_t size, struct http_header *header, const char **problem)
{
    struct text whole = {line, size};
    ptrdiff_t colon = text_find_byte(whole, ':');
    if (size > 0 && (line[0] == ' ' || line[0] == '\t'))
        return refuse(problem, "folded header lines are not taken");
    if (colon < 0 || !head_is_token(text_slice(whole, 0, (size_t)colon)))
        return refuse(problem, "a header line must be \"name: value\", without space before the colon");
    for (ptrdiff_t i = 0; i < colon; i++) {
        if (line[i] >= 'A' && line[i] <= 'Z')
            line[i] = (char)(line[i] + ('a' - 'A'));
    }
    struct text value = text_slice(whole, (size_t)colon + 1, size);
    for (size_t i = 0; i < value.size; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7F)
            return refuse(problem, "a header value holds a control character");
    }
    *header = (struct http_header){text_slice(whole, 0, (size_t)colon), text_trim(value)};
    return true;
}

static size_t count_of(const struct http_headers *headers, struct text name, struct text *value)
{
    size_t count = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (text_equal(headers->items[i].name, name)) {
            *value = headers->items[i].value;
            count++;
        }
    }
    return count;
}

static bool check_host(const struct request_head *head, struct head_problem *problem)
{
    struct text host = TEXT_NONE;
    size_t count = count_of(&head->headers, TEXT("host"), &host);
    if (count > 1)
        return fail(problem, 400, "more than one Host");
    if (count == 0 && head->minor_version == 1)
        return fail(problem, 400, "HTTP/1.1 needs a Host");
    if (!is_authority(host))
        return fail(problem, 400, "the Host is malformed");
    if (count == 1 && head->authority.data != NULL && !text_equal_ignoring_case(host, head->authority))
        return fail(problem, 400, "the Host is not that of the request target");
    return true;
}

bool head_parse_length(struct text value, int64_t *length)
{
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    }
    return value.size > 0 && value.size <= LENGTH_DIGITS && text_to_integer(value, length);
}

static bool read_framing(struct request_head *head, struct head_problem *problem)
{
    struct text length = TEXT_NONE, coding = TEXT_NONE;
    size_t lengths = count_of(&head->headers, TEXT("content-length"), &length);
    size_t codings = count_of(&head->headers, TEXT("transfer-encoding"), &coding);
    head->content_length = -1;
    if (lengths > 1)
        return fail(problem, 400, "more than one Content-Length");
    if (lengths == 1 && codings > 0)
        return fail(problem, 400, "Content-Length and Transfer-Encoding exclude each other");
    if (lengths == 1 && !head_parse_length(length, &head->content_length))
        return fail(problem, 400, "the Content-Length is malformed");
    if (codings > 0 && head->minor_version == 0)
        return fail(problem, 400, "HTTP/1.0 knows no Transfer-Encoding");
    if (codings > 1 || (codings == 1 && !text_equal_ignoring_case(coding, TEXT("chunked"))))
        return fail(problem, 400, "the only Transfer-Encoding taken is one \"chunked\"");
    head->chunked = codings == 1;
    return true;
}

bool head_has_token(const struct http_headers *headers, struct text name, struct text token)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct text rest = headers->items[i].value, part;
        while (text_equal(headers->items[i].name, name) && text_split(&rest, ',', &part)) {
            if (text_equal_ignoring_case(text_trim(part), token))
                return true;
        }
    }
    return false;
}

static bool read_expectation(struct request_head *head, struct head_problem *problem)
{
    struct text value = TEXT_NONE;
    size_t count = count_of(&head->headers, TEXT("expect"), &value);
    head->expects_continue = count == 1 && text_equal_ignoring_case(value, TEXT("100-continue"));
    return count == 0 || head->expects_continue || fail(problem, 417, "the only expectation met is 100-continue");
}

bool head_parse(struct arena *arena, char *bytes, size_t size, struct request_head *head,
                struct head_problem *problem)
{
    *head = (struct request_head){0};
    struct text rest = {bytes, size}, line = take_line(&rest);
    if (!parse_request_line(line, head, problem))
        return false;
    size_t lines = 0;
    for (size_t i = 0; i < rest.size; i++)
        lines += rest.data[i] == '\n';
    if (lines > (size_t)limits.header_count + 1) /* and the empty one */
        return fail(problem, 431, "too many headers");
    head->headers.items = ARENA_ARRAY(arena, struct http_header, lines);
    while ((line = take_line(&rest)).size > 0) {
        problem->status = 400;
        if (!head_parse_field(bytes + (line.data - bytes), line.size, &head->headers.items[head->headers.count],
                              &problem->message))
            return false;
        head->headers.count++;
    }
    bool wants_close = head_has_token(&head->headers, TEXT("connection"), TEXT("close"));
    bool wants_more = head_has_token(&head->headers, TEXT("connection"), TEXT("keep-alive"));
    head->keep_alive = !wants_close && (head->minor_version == 1 || wants_more);
    return check_host(head, problem) && read_framing(head, problem) && read_expectation(head, problem);
}
