#include "arazzo/report.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

struct report {
    const struct document *document;
    const char *path;
    const struct mask *mask;
    int64_t started_ms;
    json_t *workflows; /* in the order of their beginning */
    json_t *open;      /* those that have not ended, innermost last */
    bool failed;
};

static json_t *optional_text(const char *text)
{
    return text ? json_text(text_of(text)) : json_null();
}

/* A text beyond the limit is cut, and a value that would be is given as its text. */
static json_t *body_json(const json_t *value, struct text body)
{
    if (value != NULL && body.size <= (size_t)limits.workflow_report_body_bytes)
        return json_incref((json_t *)value);
    return body.size > 0 ? json_text(text_slice(body, 0, (size_t)limits.workflow_report_body_bytes)) : json_null();
}

static json_t *request_json(const struct exchange *exchange)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "method", exchange->method, "url", exchange->url, "headers",
                     mask_headers(exchange->headers, exchange->header_count), "body",
                     body_json(exchange->body_json, buffer_text(&exchange->body)));
}

static json_t *response_json(const struct exchange *exchange)
{
    if (exchange->status == 0)
        return json_null();
    return json_pack("{s:i, s:o, s:o, s:I}", "status", exchange->status, "headers",
                     mask_headers(exchange->reply_headers.items, exchange->reply_headers.count), "body",
                     body_json(exchange->reply_json, buffer_text(&exchange->reply)), "durationMs",
                     (json_int_t)(exchange->total_us / 1000));
}

static json_t *findings_json(const struct step_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        const struct criterion *criterion = finding->criterion;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:s}", "condition", criterion ? criterion->condition : "any 2xx", "type",
                            criterion ? criterion_type_names[criterion->type] : "simple", "holds", finding->holds,
                            "why", finding->why ? finding->why : ""));
    }
    return list;
}

static json_t *operation_json(const struct operation *operation)
{
    return operation ? json_sprintf("%s %s", operation->method, operation->path) : json_null();
}

static void step_ended(void *user, const struct step_result *result)
{
    struct report *report = user;
    json_t *workflow = json_array_get(report->open, json_array_size(report->open) - 1);
    bool asked = result->exchange != NULL && result->exchange->url != NULL;
    json_t *step = json_pack(
        "{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "stepId", result->step->id, "outcome",
        !result->succeeded ? "failure" : result->rehearsed ? "rehearsed" : "success", "attempt", result->attempt,
        "operation", operation_json(result->operation), "reason", optional_text(result->failure), "request",
        asked ? request_json(result->exchange) : json_null(), "response",
        asked ? response_json(result->exchange) : json_null(), "criteria", findings_json(result), "outputs",
        result->outputs ? json_incref((json_t *)result->outputs) : json_object(), "action",
        optional_text(result->action ? result->action->name : NULL), "startedAt", json_moment(result->started_ms),
        "durationMs", (json_int_t)result->duration_ms);
    json_array_append_new(json_object_get(workflow, "steps"), step);
}

static void workflow_started(void *user, const struct workflow *workflow, const json_t *inputs)
{
    struct report *report = user;
    json_t *entry = json_pack("{s:s, s:s, s:n, s:O, s:{}, s:o, s:i, s:[]}", "workflowId", workflow->id, "outcome",
                              "failure", "reason", "inputs", inputs, "outputs", "startedAt",
                              json_moment(clock_now_ms()), "durationMs", 0, "steps");
    json_array_append(report->workflows, entry);
    json_array_append_new(report->open, entry);
}

static void workflow_ended(void *user, const struct workflow_result *result)
{
    static const char *const outcomes[] = {"success", "failure", "unreachable"};
    struct report *report = user;
    size_t last = json_array_size(report->open) - 1;
    json_t *entry = json_array_get(report->open, last);
    json_object_set_new(entry, "outcome", json_string(outcomes[result->outcome]));
    json_object_set_new(entry, "reason", optional_text(result->failure));
    json_object_set(entry, "outputs", result->outputs);
    json_object_set_new(entry, "durationMs", json_integer(result->duration_ms));
    if (last == 0)
        report->failed = report->failed || result->outcome != RUN_SUCCEEDED;
    json_array_remove(report->open, last);
}

struct report *report_create(const struct document *document, const char *document_path, const struct mask *mask)
{
    struct report *report = NEW(struct report);
    *report = (struct report){document, document_path, mask, clock_now_ms(), json_array(), json_array(), false};
    return report;
}

struct run_observer report_observer(struct report *report)
{
    return (struct run_observer){.workflow_started = workflow_started, .step_ended = step_ended,
                                 .workflow_ended = workflow_ended, .user = report};
}

json_t *report_json(struct report *report)
{
    bool failed = report->failed || json_array_size(report->workflows) == 0; /* refused before anything was run */
    json_t *whole = json_pack("{s:o, s:o, s:s, s:o, s:I, s:O}", "document", optional_text(report->path), "arazzo",
                              optional_text(report->document->version), "outcome",
                              failed ? "failure" : "success", "startedAt", json_moment(report->started_ms),
                              "durationMs", (json_int_t)(clock_now_ms() - report->started_ms), "workflows",
                              report->workflows);
    json_t *masked = mask_json(report->mask, whole);
    json_decref(whole);
    return masked;
}

void report_free(struct report *report)
{
    json_decref(report->workflows);
    json_decref(report->open);
    free(report);
}
