#include "cli/workflow_lines.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "cli/terminal.h"
#include "cli/workflow_progress.h"

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
    workflow_progress_hide(lines->progress);
    while (text_split(&rest, '\n', &line))
        fprintf(stderr, "%*s%.*s\n", (lines->depth - 1 + deeper) * 2, "", TEXT_ARGS(line));
    buffer_free(&text);
    buffer_free(&masked);
}

static const char *begin(const struct workflow_lines *lines, enum colour colour)
{
    return terminal_begin(lines->coloured, colour);
}

static const char *end(const struct workflow_lines *lines)
{
    return terminal_end(lines->coloured);
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
    lines->workflows++;
    print_line(lines, 0, "%s%s%s", begin(lines, COLOUR_STRONG), workflow->id, end(lines));
}

static void step_started(void *user, const struct step *step, int attempt)
{
    struct workflow_lines *lines = user;
    char text[160];
    snprintf(text, sizeof text, attempt > 1 ? "%s, attempt %d" : "%s", step->id, attempt);
    workflow_progress_show(lines->progress, text, 0);
}

/* ---- a step ---- */

static enum colour colour_of_status(int status)
{
    return status >= 200 && status <= 299 ? COLOUR_GOOD : status >= 400 ? COLOUR_BAD : COLOUR_DOUBT;
}

static void print_request(const struct workflow_lines *lines, const char *mark, const struct step_result *result,
                          const char *attempt)
{
    struct buffer url = {0}, reply = {0};
    int status = result->exchange->status;
    if (status != 0)
        buffer_printf(&reply, " %s%d%s, %lld ms", begin(lines, colour_of_status(status)), status, end(lines),
                      (long long)result->duration_ms);
    write_url(&url, result);
    print_line(lines, 1, "%s %-*s %s %s%s%s", mark, NAME_COLUMN, result->step->id, result->exchange->method,
               buffer_string(&url), buffer_string(&reply), attempt);
    buffer_free(&url);
    buffer_free(&reply);
}

static void print_step(const struct workflow_lines *lines, const struct step_result *result)
{
    enum colour colour = !result->succeeded ? COLOUR_BAD : result->rehearsed ? COLOUR_DOUBT : COLOUR_GOOD;
    char mark[32], attempt[24] = "";
    snprintf(mark, sizeof mark, "%s%s%s", begin(lines, colour),
             !result->succeeded ? "FAILED" : result->rehearsed ? "would " : "ok    ", end(lines));
    if (result->attempt > 1)
        snprintf(attempt, sizeof attempt, " (attempt %d)", result->attempt);
    if (result->exchange == NULL)
        print_line(lines, 1, "%s %-*s %s%s", mark, NAME_COLUMN, result->step->id, result->step->target, attempt);
    else if (result->exchange->url == NULL)
        print_line(lines, 1, "%s %-*s not sent", mark, NAME_COLUMN, result->step->id);
    else
        print_request(lines, mark, result, attempt);
}

static void print_findings(const struct workflow_lines *lines, const struct step_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        const char *condition = finding->criterion ? finding->criterion->condition : "any 2xx";
        bool explained = finding->why != NULL && finding->why[0] != '\0';
        print_line(lines, 3, "%s%s%s %s%s%s", begin(lines, finding->holds ? COLOUR_FAINT : COLOUR_BAD),
                   finding->holds ? "holds:" : "does not hold:", end(lines), condition, explained ? ": " : "",
                   explained ? finding->why : "");
    }
}

static void step_ended(void *user, const struct step_result *result)
{
    struct workflow_lines *lines = user;
    const struct exchange *exchange = result->exchange;
    lines->steps++;
    lines->steps_failed += !result->succeeded;
    lines->retries += result->action != NULL && result->action->type == ACTION_RETRY;
    lines->rehearsed = result->rehearsed;
    print_step(lines, result);
    if (lines->verbose && exchange != NULL && exchange->url != NULL)
        print_exchange(lines, exchange);
    print_findings(lines, result);
    if (!result->succeeded && result->finding_count == 0 && result->failure != NULL)
        print_line(lines, 3, "%s", result->failure);
    if (!result->succeeded && exchange != NULL && !lines->verbose)
        print_body(lines, "the reply:", &exchange->reply, REPLY_SHOWN);
    if (result->action != NULL)
        print_action(lines, result->action);
}

static void waits(void *user, const struct step *step, double seconds)
{
    struct workflow_lines *lines = user;
    char text[160];
    print_line(lines, 1, "%swait  %s %-*s %g s until the next attempt", begin(lines, COLOUR_DOUBT), end(lines),
               NAME_COLUMN, step->id, seconds);
    snprintf(text, sizeof text, "%s, next attempt", step->id);
    workflow_progress_show(lines->progress, text, (int64_t)(seconds * 1000));
}

/* ---- the end ---- */

static void workflow_ended(void *user, const struct workflow_result *result)
{
    struct workflow_lines *lines = user;
    bool good = result->outcome == RUN_SUCCEEDED;
    lines->workflows_failed += !good;
    if (good)
        print_line(lines, 0, "%s: %sdone%s in %lld ms", result->workflow->id, begin(lines, COLOUR_GOOD), end(lines),
                   (long long)result->duration_ms);
    else
        print_line(lines, 0, "%s: %sfailed%s: %s", result->workflow->id, begin(lines, COLOUR_BAD), end(lines),
                   result->failure);
    lines->depth--;
}

void workflow_lines_begin(struct workflow_lines *lines, const struct mask *mask, bool verbose)
{
    *lines = (struct workflow_lines){.mask = mask, .verbose = verbose, .coloured = terminal_has_colours(stderr),
                                     .progress = workflow_progress_create(), .started_ms = clock_monotonic_ms()};
}

static void notes(void *user, const struct step *step, const char *sentence)
{
    print_line(user, 1, "warning: step %s: %s", step->id, sentence);
}

struct run_observer workflow_lines_observer(struct workflow_lines *lines)
{
    return (struct run_observer){.workflow_started = workflow_started, .step_started = step_started,
                                 .step_ended = step_ended, .notes = notes, .waits = waits,
                                 .workflow_ended = workflow_ended,
                                 .user = lines};
}

void workflow_lines_end(struct workflow_lines *lines)
{
    bool good = lines->workflows_failed == 0;
    workflow_progress_free(lines->progress);
    lines->progress = NULL;
    lines->depth = 1;
    if (lines->workflows == 0)
        return;
    print_line(lines, 0, "%s%zu workflow%s, %zu failed%s; %zu step%s%s, %zu failed, %zu retr%s; %lld ms",
               begin(lines, good ? COLOUR_GOOD : COLOUR_BAD), lines->workflows, lines->workflows == 1 ? "" : "s",
               lines->workflows_failed, end(lines), lines->steps, lines->steps == 1 ? "" : "s",
               lines->rehearsed ? " (not sent)" : "", lines->steps_failed, lines->retries,
               lines->retries == 1 ? "y" : "ies", (long long)(clock_monotonic_ms() - lines->started_ms));
}
