#include "transform/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/memory.h"

static const struct {
    const char *type;
    enum execution_log_level level;
} LEVELS[FRAME_LEVELS] = {
    [FRAME_DEBUG] = {"debug", EXECUTION_DEBUG}, [FRAME_LOG] = {"log", EXECUTION_INFO},
    [FRAME_INFO] = {"info", EXECUTION_INFO},    [FRAME_WARN] = {"warn", EXECUTION_WARN},
    [FRAME_ERROR] = {"error", EXECUTION_ERROR},
};

/* ---- what it printed ----------------------------------------------------------------------------------- */

static void add_line(struct transform_result *result, enum frame_level level, struct text message)
{
    json_array_append_new(result->console, json_pack("{s:s, s:o}", "type", LEVELS[level].type, "message",
                                                     json_text(message.data ? message : TEXT(""))));
    if (LEVELS[level].level > result->log_level)
        result->log_level = LEVELS[level].level;
}

static bool read_console(struct transform_result *result, struct text lines)
{
    while (lines.size > 0) {
        uint32_t size;
        if (lines.size < FRAME_LINE_HEAD || (unsigned char)lines.data[0] >= FRAME_LEVELS)
            return false;
        memcpy(&size, lines.data + 1, sizeof size);
        if (size > lines.size - FRAME_LINE_HEAD)
            return false;
        add_line(result, (enum frame_level)lines.data[0], text_slice(lines, FRAME_LINE_HEAD, size));
        lines = text_slice(lines, FRAME_LINE_HEAD + size, lines.size);
    }
    return true;
}

static void fail(struct transform_result *result, enum transform_outcome outcome, struct text message)
{
    result->outcome = outcome;
    result->body = TEXT_NONE;
    json_decref(result->request);
    result->request = NULL;
    add_line(result, FRAME_ERROR, message);
    result->log_level = EXECUTION_FATAL;
}

static void fail_limit(struct transform_result *result, enum transform_outcome outcome, const char *sentence,
                       int64_t most)
{
    struct buffer message = {0};
    buffer_printf(&message, "%s %lld", sentence, (long long)most);
    fail(result, outcome, buffer_text(&message));
    buffer_free(&message);
}

/* ---- the request ----------------------------------------------------------------------------------- */

/* What may stand in a request's header as it is sent. */
static bool is_header_value(struct text value)
{
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_header_name(struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c) != NULL)
            return false;
    }
    return name.size > 0;
}

/* Sets the outcome unless the headers can be sent. */
static bool check_headers(struct transform_result *result)
{
    struct buffer problem = {0};
    json_t *value;
    const char *name;
    json_t *headers = json_member(result->request, "headers");
    size_t size = json_member_text(result->request, "path").size + json_member_text(result->request, "query").size;
    json_object_foreach(headers, name, value)
    {
        struct text text = {json_string_value(value), json_string_length(value)};
        size += strlen(name) + text.size;
        if (!is_header_name(text_of(name)))
            buffer_printf(&problem, "\"%.100s\" is no name of a header", name);
        else if (!json_is_string(value) || !is_header_value(text))
            buffer_printf(&problem, "the header %.100s must be a string without line breaks", name);
        if (problem.size > 0)
            break;
    }
    if (json_object_size(headers) > (size_t)limits.header_count)
        buffer_printf(&problem, "there must be at most %lld headers", (long long)limits.header_count);
    else if (size > (size_t)limits.header_bytes)
        buffer_printf(&problem, "headers, path and query must have at most %lld bytes", (long long)limits.header_bytes);
    bool good = problem.size == 0;
    if (!good)
        fail(result, TRANSFORM_BAD_RESULT, buffer_text(&problem));
    buffer_free(&problem);
    return good;
}

static bool is_clean(struct text path)
{
    for (size_t i = 0; i < path.size; i++) {
        if ((unsigned char)path.data[i] <= ' ' || path.data[i] == 0x7f)
            return false;
    }
    return true;
}

static void check_body(struct transform_result *result)
{
    const char *problem = json_scan_check(result->body.data, result->body.size, (size_t)limits.json_depth);
    struct buffer message = {0};
    if (problem == NULL)
        return;
    buffer_printf(&message, "body: %s", problem);
    fail(result, TRANSFORM_BAD_RESULT, buffer_text(&message));
    buffer_free(&message);
}

static void check_request(struct transform_result *result, struct text head)
{
    result->request = json_parse(head, NULL);
    if (!json_is_object(json_member(result->request, "headers")) ||
        !json_is_string(json_member(result->request, "path")) ||
        !json_is_string(json_member(result->request, "query"))) {
        fail(result, TRANSFORM_BAD_RESULT, TEXT("the result of the handler is no request"));
        return;
    }
    struct text path = json_member_text(result->request, "path"), query = json_member_text(result->request, "query");
    if (!is_clean(path) || !is_clean(query))
        fail(result, TRANSFORM_BAD_RESULT,
             TEXT("path and query must be encoded: they have blanks or control characters"));
    else if (check_headers(result) && result->body_kind == FRAME_BODY_JSON)
        check_body(result);
}

/* ---- frames ---------------------------------------------------------------------------------------- */

static void start(struct transform_result *result)
{
    *result = (struct transform_result){.log_level = EXECUTION_DEBUG, .console = json_array()};
}

void transform_result_read(struct transform_result *result, const struct frame_reply *reply, char *bytes)
{
    start(result);
    result->bytes = bytes;
    struct text console = {bytes, reply->sizes[FRAME_CONSOLE]};
    struct text head = {bytes + console.size, reply->sizes[FRAME_RESULT_HEAD]};
    result->body = (struct text){head.data + head.size, reply->sizes[FRAME_RESULT_BODY]};
    result->body_kind = (enum frame_body)reply->body_kind;
    bool fits = read_console(result, console) && reply->body_kind <= FRAME_BODY_JSON &&
                (reply->body_kind != FRAME_BODY_NONE || result->body.size == 0);
    if (!fits)
        fail(result, TRANSFORM_WORKER_DIED, TEXT("the worker answered in a form of its own"));
    else if (reply->outcome == FRAME_DONE)
        check_request(result, head);
    else if (reply->outcome == FRAME_THREW)
        fail(result, TRANSFORM_THREW, head);
    else if (reply->outcome == FRAME_BAD_RESULT)
        fail(result, TRANSFORM_BAD_RESULT, head);
    else if (reply->outcome == FRAME_TIMED_OUT)
        fail_limit(result, TRANSFORM_TIMED_OUT, "the code ran longer than it may, in ms:", limits.transform_cpu_ms);
    else if (reply->outcome == FRAME_OUT_OF_MEMORY)
        fail_limit(result, TRANSFORM_OUT_OF_MEMORY, "the code needed more memory than it may have, in bytes:",
                   limits.transform_memory_bytes);
    else if (reply->outcome == FRAME_TOO_LARGE)
        fail_limit(result, TRANSFORM_TOO_LARGE, "the result is larger than it may be, in bytes:",
                   limits.transform_result_bytes);
    else
        fail(result, TRANSFORM_WORKER_DIED, TEXT("the worker answered in a form of its own"));
}

void transform_result_fail(struct transform_result *result, enum transform_outcome outcome, const char *message)
{
    start(result);
    fail(result, outcome, text_of(message));
}

void transform_result_free(struct transform_result *result)
{
    json_decref(result->console);
    json_decref(result->request);
    free(result->bytes);
    *result = (struct transform_result){0};
}
