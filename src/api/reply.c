#include "api/api.h"
#include "api/call.h"
#include "api/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { RATE_LIMIT_SHOWN = 100000, RATE_WINDOW_MS = 60000, MESSAGE_SIZE = 1024, PROBLEMS_SHOWN = 50, CHOICES_SIZE = 400 };

static json_t *error_json(int status, const char *message, json_t *data)
{
    return json_pack("{s:s, s:b, s:i, s:s, s:o, s:o}", "level", "error", "handled", 1, "status", status, "code",
                     http_status_code(status), "message", json_text(text_of(message)), "data",
                     data != NULL ? data : json_null());
}

bool call_fail(struct call *call, int status, json_t *data, const char *format, ...)
{
    if (call->status != 0 && call->status != 200) {
        json_decref(data);
        return false;
    }
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    json_decref(call->reply);
    call->status = status;
    call->reply = error_json(status, message, data);
    return false;
}

bool call_fail_error(struct call *call, const struct error *error)
{
    static const int statuses[] = {
        [ERROR_INVALID] = 422, [ERROR_UNAUTHORIZED] = 401, [ERROR_NOT_FOUND] = 404, [ERROR_GONE] = 410,
        [ERROR_CONFLICT] = 409, [ERROR_REFUSED] = 422, [ERROR_TOO_LARGE] = 413, [ERROR_BUSY] = 503,
        [ERROR_STORE_FULL] = 507, [ERROR_STORE_IO] = 503, [ERROR_UNREACHABLE] = 503, [ERROR_INTERNAL] = 500,
        [ERROR_FORBIDDEN] = 403,
    };
    int status = (size_t)error->code < sizeof statuses / sizeof statuses[0] ? statuses[error->code] : 0;
    json_t *data = status == 422 ? json_pack("[o]", json_text(text_of(error->message))) : NULL;
    return call_fail(call, status ? status : 500, data, "%s", error->message);
}

bool call_fail_missing(struct call *call, const char *what, struct text id)
{
    return call_fail(call, 404, json_pack("{s:o}", "id", json_text(id)), "there is no %s %.*s", what,
                     TEXT_ARGS(id));
}

bool call_fail_gone(struct call *call, const char *what, struct text id)
{
    return call_fail(call, 410, json_pack("{s:o, s:b}", "id", json_text(id), "deleted", 1),
                     "the %s %.*s was deleted", what, TEXT_ARGS(id));
}

bool call_fail_taken(struct call *call, const char *what, const char *resource_type, struct text name,
                     enum id_kind kind, int64_t other)
{
    char id[ID_TEXT_SIZE];
    id_format(kind, other, id);
    return call_fail(call, 409, json_pack("{s:s, s:s}", "id", id, "resource_type", resource_type),
                     "there is a %s of the name %.*s: %s", what, TEXT_ARGS(name), id);
}

void call_problem(struct call *call, const char *format, ...)
{
    char sentence[MESSAGE_SIZE];
    va_list arguments;
    if (++call->problem_count > PROBLEMS_SHOWN)
        return;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (call->problems == NULL)
        call->problems = json_array();
    json_array_append_new(call->problems, json_text(text_of(sentence)));
}

const char *call_choices(struct call *call, const char *const *names)
{
    struct buffer list = {0};
    for (const char *const *name = names; *name != NULL; name++) {
        if (name[0][0] != '\0')
            buffer_printf(&list, "%s%s", list.size == 0 ? ": " : name[1] == NULL ? " or " : ", ", *name);
    }
    bool fits = !list.failed && list.size <= CHOICES_SIZE;
    const char *choices = fits ? arena_copy_string(call->arena, buffer_text(&list)) : "";
    buffer_free(&list);
    return choices;
}

bool call_check(struct call *call)
{
    if (call->problems == NULL)
        return true;
    json_t *problems = call->problems;
    call->problems = NULL;
    size_t count = call->problem_count;
    const char *first = json_string_value(json_array_get(problems, 0));
    if (count > 1)
        return call_fail(call, 422, problems, "%s (and %zu more)", first, count - 1);
    return call_fail(call, 422, problems, "%s", first ? first : "the input is not valid");
}

bool call_reply(struct call *call, json_t *reply)
{
    if (reply == NULL)
        return call_fail(call, 500, NULL, "no memory for the reply");
    call->status = 200;
    call->reply = reply;
    return true;
}

bool call_reply_id(struct call *call, struct text id)
{
    return call_reply(call, json_pack("{s:o}", "id", json_text(id)));
}

bool call_reply_written(struct call *call, struct buffer *written)
{
    call->written = *written;
    *written = (struct buffer){0};
    if (buffer_reserve(&call->written, 1)) {
        call->status = 200;
        return true;
    }
    buffer_free(&call->written);
    return call_fail(call, 500, NULL, "no memory for the reply");
}

/* `rate`: NULL for a call that nobody counts. */
static void send_json(struct http_exchange *exchange, int status, struct text text, const char *allow,
                      const struct rate_state *rate)
{
    bool limited = rate != NULL && rate->limit > 0;
    char limit[24], remaining[24], reset[CLOCK_TEXT_SIZE], wait[24];
    snprintf(limit, sizeof limit, "%lld", (long long)(limited ? rate->limit : RATE_LIMIT_SHOWN));
    snprintf(remaining, sizeof remaining, "%lld", (long long)(limited ? rate->remaining : RATE_LIMIT_SHOWN));
    clock_format(clock_now_ms() + (limited ? rate->reset_ms : RATE_WINDOW_MS), reset);
    struct http_header headers[6] = {
        {TEXT("x-ratelimit-limit"), text_of(limit)},
        {TEXT("x-ratelimit-remaining"), text_of(remaining)},
        {TEXT("x-ratelimit-reset"), text_of(reset)},
    };
    size_t count = 3;
    if (allow != NULL)
        headers[count++] = (struct http_header){TEXT("allow"), text_of(allow)};
    if (status == 401)
        headers[count++] = (struct http_header){TEXT("www-authenticate"), TEXT("Bearer, Basic realm=\"api\"")};
    if (status == 429) {
        snprintf(wait, sizeof wait, "%lld", (long long)((rate->wait_ms + 999) / 1000));
        headers[count++] = (struct http_header){TEXT("retry-after"), text_of(wait)};
    }
    struct http_reply reply = {
        .status = status,
        .content_type = "application/json; charset=utf-8",
        .body = text,
        .headers = headers,
        .header_count = count,
    };
    http_reply(exchange, &reply);
}

void call_release(struct call *call)
{
    json_decref(call->reply);
    json_decref(call->body);
    json_decref(call->problems);
    query_free(&call->query);
}

void call_send(struct call *call)
{
    static const char no_memory[] = "{\"level\":\"error\",\"handled\":true,\"status\":500,\"code\":"
                                    "\"FATAL_ERROR\",\"message\":\"no memory for the reply\",\"data\":null}";
    struct buffer text = call->written;
    if (call->reply != NULL)
        json_write(&text, call->reply);
    call_release(call);
    bool done = text.size > 0 && !text.failed;
    send_json(call->exchange, done ? call->status : 500, done ? buffer_text(&text) : text_of(no_memory), call->allow,
              &call->rate);
    buffer_free(&text);
}

void api_refuse(struct http_exchange *exchange, int status, const char *message)
{
    json_t *error = error_json(status, message, NULL);
    char *text = error != NULL ? json_to_string(error) : NULL;
    send_json(exchange, status, text_of(text != NULL ? text : "{}"), NULL, NULL);
    free(text);
    json_decref(error);
}

json_t *call_id(enum id_kind kind, int64_t key)
{
    char text[ID_TEXT_SIZE];
    if (key == 0)
        return json_null();
    id_format(kind, key, text);
    return json_string(text);
}

json_t *call_integer_or_null(int64_t value, int64_t none)
{
    return value == none ? json_null() : json_integer(value);
}
