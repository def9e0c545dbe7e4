#include "arazzo/step_run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arazzo/criterion.h"
#include "arazzo/value.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

struct scope attempt_scope(const struct frame *frame, const struct attempt *attempt)
{
    return (struct scope){
        .exchange = attempt ? attempt->exchange : NULL,
        .inputs = frame->inputs,
        .outputs = attempt && attempt->called_outputs ? attempt->called_outputs : attempt ? attempt->outputs : NULL,
        .steps = frame->steps,
        .workflows = frame->run->documents[frame->sources->number].workflows,
        .sources = frame->run->documents[frame->sources->number].sources,
        .components = frame->sources->document->components,
        .self = frame->sources->document->self,
        .rehearsal = frame->run->options->rehearsal,
    };
}

bool criteria_hold(const struct criteria *criteria, const struct scope *scope, struct finding *findings)
{
    bool all = true;
    for (size_t i = 0; i < criteria->count; i++) {
        struct buffer why = {0};
        bool holds = criterion_holds(&criteria->items[i], scope, &why);
        all = all && holds;
        if (findings != NULL)
            findings[i] = (struct finding){&criteria->items[i], holds, memory_copy_string(buffer_string(&why))};
        buffer_free(&why);
    }
    return all;
}

json_t *outputs_resolve(const json_t *outputs, const struct scope *scope)
{
    const char *name;
    json_t *value, *resolved = outputs ? json_object() : NULL;
    json_object_foreach((json_t *)outputs, name, value) {
        json_t *found = value_resolve(value, scope, NULL);
        json_object_set_new(resolved, name, found ? found : json_null());
    }
    return resolved;
}

static bool is_unreachable(enum http_failure failure)
{
    return failure == HTTP_CONNECTION_REFUSED || failure == HTTP_DNS_LOOKUP_FAILED || failure == HTTP_NOT_FOUND ||
           failure == HTTP_HOST_UNREACHABLE || failure == HTTP_NETWORK_UNREACHABLE || failure == HTTP_TIMEOUT;
}

/* What is left of the run's time, and of the step's. */
static int64_t time_left_ms(const struct run *run, const struct step *step)
{
    int64_t left = run->deadline_ms - clock_monotonic_ms();
    int64_t of_step = step->timeout_ms > 0 ? step->timeout_ms : limits.workflow_request_timeout_ms;
    left = left < of_step ? left : of_step;
    return left > 1 ? left : 1;
}

/* Each line of them. */
static void tell_notes(const struct run *run, const struct step *step, struct buffer *notes)
{
    struct text rest = buffer_text(notes), line;
    while (text_split(&rest, '\n', &line)) {
        char sentence[512];
        snprintf(sentence, sizeof sentence, "%.*s", TEXT_ARGS(line));
        if (line.size > 0)
            RUN_TELL(run, notes, step, sentence);
    }
    buffer_free(notes);
}

static bool send_request(struct frame *frame, const struct step *step, struct attempt *attempt)
{
    struct run *run = frame->run;
    const struct workflow_source *source;
    struct buffer notes = {0};
    attempt->exchange = exchange_create();
    struct scope scope = attempt_scope(frame, attempt);
    scope.notes = &notes;
    if (!sources_find(frame->sources, step, &source, &attempt->operation, &attempt->error))
        return false;
    attempt->result.operation = &attempt->operation;
    struct request_plan plan = {source, &attempt->operation, frame->workflow, step, &scope, run->credentials};
    bool built = request_build(&plan, attempt->exchange, &notes, &attempt->error);
    tell_notes(run, step, &notes);
    if (!built)
        return false;
    if (run->options->rehearsal)
        return true;
    exchange_send(attempt->exchange, run->client, time_left_ms(run, step));
    if (attempt->exchange->failure == HTTP_OK)
        return !attempt->exchange->reply_cut ||
               error_set(&attempt->error, ERROR_TOO_LARGE, "the reply is larger than workflow_response_bytes");
    if (attempt->exchange->failure == HTTP_TIMEOUT && clock_monotonic_ms() >= run->deadline_ms)
        return error_set(&attempt->error, ERROR_TOO_LARGE,
                         "it takes longer than %" PRId64 " ms (limit workflow_timeout_ms)", limits.workflow_timeout_ms);
    attempt->unreachable = is_unreachable(attempt->exchange->failure);
    return error_set(&attempt->error, ERROR_UNREACHABLE, "%s", attempt->exchange->failure_text);
}

static bool call_workflow(struct frame *frame, const struct step *step, struct attempt *attempt)
{
    struct scope scope = attempt_scope(frame, attempt);
    json_t *given = request_inputs(&step->parameters, &frame->workflow->parameters, &scope);
    const struct workflow_sources *owner;
    const struct workflow *called = sources_workflow(frame->sources, step->target, &owner, NULL);
    const struct workflow_result *result = run_called(frame->run, owner, called, given);
    json_decref(given);
    attempt->called_outputs = json_incref(result->outputs);
    attempt->unreachable = result->outcome == RUN_UNREACHABLE;
    return result->outcome == RUN_SUCCEEDED ||
           error_set(&attempt->error, ERROR_REFUSED, "workflow %s failed: %s", called->id, result->failure);
}

/* The criteria, or any 2xx where there are none. */
static bool judge(const struct frame *frame, const struct step *step, struct attempt *attempt)
{
    struct scope scope = attempt_scope(frame, attempt);
    size_t count = step->criteria.count;
    if (count == 0 && step->kind == STEP_WORKFLOW)
        return true;
    attempt->findings = memory_allocate_zeroed((count > 0 ? count : 1) * sizeof *attempt->findings);
    attempt->result.findings = attempt->findings;
    attempt->result.finding_count = count > 0 ? count : 1;
    if (count > 0) {
        if (criteria_hold(&step->criteria, &scope, attempt->findings))
            return true;
        for (size_t i = 0; i < count; i++) {
            if (!attempt->findings[i].holds)
                return error_set(&attempt->error, ERROR_REFUSED, "%s does not hold: %s",
                                 step->criteria.items[i].condition, attempt->findings[i].why);
        }
    }
    int status = attempt->exchange->status;
    bool good = status >= 200 && status <= 299;
    char why[64];
    snprintf(why, sizeof why, "the reply is %d", status);
    attempt->findings[0] = (struct finding){NULL, good, memory_copy_string(why)};
    return good || error_set(&attempt->error, ERROR_REFUSED, "%s, which is no success", why);
}

static void keep_outputs(const struct frame *frame, const struct step *step, struct attempt *attempt)
{
    struct scope scope = attempt_scope(frame, attempt);
    if (step->outputs != NULL)
        attempt->outputs = outputs_resolve(step->outputs, &scope);
    else if (attempt->called_outputs != NULL)
        attempt->outputs = json_incref(attempt->called_outputs);
}

void attempt_step(struct frame *frame, const struct step *step, int number, struct attempt *attempt)
{
    int64_t started = clock_monotonic_ms();
    bool rehearsal = frame->run->options->rehearsal;
    *attempt = (struct attempt){.result = {.workflow = frame->workflow, .step = step, .attempt = number,
                                           .rehearsed = rehearsal, .started_ms = clock_now_ms()}};
    struct step_result *result = &attempt->result;
    bool answered = step->kind == STEP_WORKFLOW ? call_workflow(frame, step, attempt)
                                                : send_request(frame, step, attempt);
    result->exchange = attempt->exchange;
    result->succeeded = answered && (rehearsal || judge(frame, step, attempt));
    if (!rehearsal) /* else nothing came back, and later steps show the expressions themselves */
        keep_outputs(frame, step, attempt);
    result->outputs = attempt->outputs;
    result->failure = result->succeeded ? NULL : attempt->error.message;
    result->duration_ms = clock_monotonic_ms() - started;
}

void attempt_free(struct attempt *attempt)
{
    for (size_t i = 0; attempt->findings != NULL && i < attempt->result.finding_count; i++)
        free(attempt->findings[i].why);
    free(attempt->findings);
    exchange_free(attempt->exchange);
    json_decref(attempt->outputs);
    json_decref(attempt->called_outputs);
}
