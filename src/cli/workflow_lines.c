#include "cli/workflow_lines.h"

#include <stdio.h>

#include "base/encoding.h"

enum { NAME_COLUMN = 24, REPLY_SHOWN = 600 };

static void print_line(const struct workflow_lines *lines, int deeper, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One or more lines, indented by the depth, with secrets masked. */
static void print_line(const struct workflow_lines *lines, int deeper, const char *format, ...)
{
    struct buffer text = {0}, masked = {0};
    struct text rest, line;
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    mask_write(&masked, lines->mask, buffer_text(&text));
    rest = buffer_text(&masked);
    while (text_split(&rest, '\n', &line))
        fprintf(stderr, "%*s%.*s\n", (lines->depth - 1 + deeper) * 2, "", TEXT_ARGS(line));
    buffer_free(&text);
    buffer_free(&masked);
}

static void print_headers(const struct workflow_lines *lines, const char *mark, const struct http_header *headers,
                          size_t count)
{
    json_t *shown = mask_headers(headers, count), *header;
    size_t index;
    json_array_foreach(shown, index, header)
        print_line(lines, 3, "%s %s: %s", mark, json_string_value(json_object_get(header, "name")),
                   json_string_value(json_object_get(header, "value")));
    json_decref(shown);
}

static void print_body(const struct workflow_lines *lines, const char *mark, const struct buffer *body, size_t most)
{
    struct text text = text_slice(buffer_text(body), 0, most);
    if (text.size > 0)
        print_line(lines, 3, "%s %.*s%s", mark, TEXT_ARGS(text), body->size > most ? " ..." : "");
}

/* Expressions in the URL of a rehearsal are for reading. */
static void write_url(struct buffer *out, const struct step_result *result)
{
    if (result->rehearsed)
        percent_decode(out, text_of(result->exchange->url), false);
    else
        buffer_append_string(out, result->exchange->url);
}

static void print_exchange(const struct workflow_lines *lines, const struct exchange *exchange)
{
    print_headers(lines, ">", exchange->headers, exchange->header_count);
    print_body(lines, ">", &exchange->body, SIZE_MAX);
    if (exchange->status == 0)
        return;
    print_line(lines, 3, "< %d %s", exchange->status, http_status_phrase(exchange->status));
    print_headers(lines, "<", exchange->reply_headers.items, exchange->reply_headers.count);
    print_body(lines, "<", &exchange->reply, SIZE_MAX);
}

static void print_action(const struct workflow_lines *lines, const struct action *action)
{
    const char *target = action->step_id ? action->step_id : action->workflow_id ? action->workflow_id : "";
    print_line(lines, 3, "%s: %s%s%s", action->name, action_type_names[action->type], target[0] ? " " : "", target);
}

static void workflow_started(void *user, const struct workflow *workflow, const json_t *inputs)
{
    struct workflow_lines *lines = user;
    (void)inputs;
    lines->depth++;
    print_line(lines, 0, "%s", workflow->id);
}

static void print_request(const struct workflow_lines *lines, const char *mark, const struct step_result *result,
                          const char *attempt)
{
    struct buffer url = {0};
    char reply[48] = "";
    if (result->exchange->status != 0)
        snprintf(reply, sizeof reply, " %d, %lld ms", result->exchange->status, (long long)result->duration_ms);
    write_url(&url, result);
    print_line(lines, 1, "%s %-*s %s %s%s%s", mark, NAME_COLUMN, result->step->id, result->exchange->method,
               buffer_string(&url), reply, attempt);
    buffer_free(&url);
}

static void step_ended(void *user, const struct step_result *result)
{
    struct workflow_lines *lines = user;
    const struct exchange *exchange = result->exchange;
    const char *mark = !result->succeeded ? "FAILED" : result->rehearsed ? "would " : "ok    ";
    char attempt[24] = "";
    if (result->attempt > 1)
        snprintf(attempt, sizeof attempt, " (attempt %d)", result->attempt);
    if (exchange == NULL)
        print_line(lines, 1, "%s %-*s %s%s", mark, NAME_COLUMN, result->step->id, result->step->target, attempt);
    else if (exchange->url == NULL)
        print_line(lines, 1, "%s %-*s not sent", mark, NAME_COLUMN, result->step->id);
    else
        print_request(lines, mark, result, attempt);
    if (lines->verbose && exchange != NULL && exchange->url != NULL)
        print_exchange(lines, exchange);
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        if (finding->holds && !lines->verbose)
            continue;
        print_line(lines, 3, "%s %s: %s", finding->holds ? "holds:" : "does not hold:",
                   finding->criterion ? finding->criterion->condition : "any 2xx", finding->why);
    }
    if (!result->succeeded && result->finding_count == 0 && result->failure != NULL)
        print_line(lines, 3, "%s", result->failure);
    if (!result->succeeded && exchange != NULL && !lines->verbose)
        print_body(lines, "the reply:", &exchange->reply, REPLY_SHOWN);
    if (result->action != NULL)
        print_action(lines, result->action);
}

static void waits(void *user, const struct step *step, double seconds)
{
    print_line(user, 1, "wait   %-*s %g s until the next attempt", NAME_COLUMN, step->id, seconds);
}

static void workflow_ended(void *user, const struct workflow_result *result)
{
    struct workflow_lines *lines = user;
    if (result->outcome == RUN_SUCCEEDED)
        print_line(lines, 0, "%s: done in %lld ms", result->workflow->id, (long long)result->duration_ms);
    else
        print_line(lines, 0, "%s: failed: %s", result->workflow->id, result->failure);
    lines->depth--;
}

struct run_observer workflow_lines_observer(struct workflow_lines *lines)
{
    return (struct run_observer){.workflow_started = workflow_started, .step_ended = step_ended, .waits = waits,
                                 .workflow_ended = workflow_ended, .user = lines};
}
