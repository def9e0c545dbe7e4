#include "arazzo/runner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "arazzo/inputs.h"
#include "arazzo/step_run.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

#define TELL(run, call, ...)                                                            \
    do {                                                                                \
        for (size_t tell = 0; tell < (run)->options->observer_count; tell++) {          \
            const struct run_observer *observer = &(run)->options->observers[tell];     \
            if (observer->call != NULL)                                                 \
                observer->call(observer->user, __VA_ARGS__);                            \
        }                                                                               \
    } while (0)

/* What becomes of a workflow after a step. */
enum continuation { GO_NEXT, GO_TO_STEP, GO_RETRY, GO_ELSEWHERE, GO_END, GO_FAIL };

/* How often a retry of the current step was taken. */
struct retries {
    const struct action *action;
    int64_t taken;
};

/* A run of one workflow, while it lasts. */
struct progress {
    struct frame frame;
    struct workflow_result *result;
    const struct step *current, *target; /* target: of GO_TO_STEP */
    const struct workflow *elsewhere;    /* of GO_ELSEWHERE */
    int attempt;
    struct retries retries[16]; /* of the current step */
    size_t retry_count;
    bool unreachable;
};

static void fail(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct progress *progress, const char *format, ...)
{
    struct buffer sentence = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sentence, format, arguments);
    va_end(arguments);
    free(progress->result->failure);
    progress->result->failure = memory_copy_string(buffer_string(&sentence));
    progress->result->outcome = progress->unreachable ? RUN_UNREACHABLE : RUN_FAILED;
    buffer_free(&sentence);
}

/* ---- retries ---- */

static bool sleep_for(struct progress *progress, double seconds)
{
    struct run *run = progress->frame.run;
    int64_t left = run->deadline_ms - clock_monotonic_ms();
    if (seconds <= 0)
        return true;
    if (seconds * 1000 > (double)left) {
        fail(progress, "a retry after %g s would come after the end of the run's time (workflow_timeout_ms)", seconds);
        return false;
    }
    TELL(run, waits, progress->current, seconds);
    struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
    return true;
}

/* Seconds that the reply asks for, as a number or a date; `otherwise` when it does not. */
static double retry_after(const struct attempt *attempt, double otherwise)
{
    int64_t seconds, moment;
    struct text value = attempt->exchange ? http_headers_get(&attempt->exchange->reply_headers, TEXT("retry-after"))
                                          : TEXT_NONE;
    if (value.data != NULL && text_to_integer(value, &seconds) && seconds >= 0)
        return (double)seconds;
    if (value.data != NULL && clock_parse_http_date(value, &moment))
        return moment > clock_now_ms() ? (double)(moment - clock_now_ms()) / 1000 : 0;
    return otherwise > 0 ? otherwise : 0;
}

/* True when the retry may be taken once more, which is then counted. */
static bool take_retry(struct progress *progress, const struct action *action)
{
    size_t i = 0;
    while (i < progress->retry_count && progress->retries[i].action != action)
        i++;
    if (i == sizeof progress->retries / sizeof progress->retries[0])
        return false;
    if (i == progress->retry_count)
        progress->retries[progress->retry_count++] = (struct retries){action, 0};
    return progress->retries[i].taken++ < action->retry_limit;
}

/* ---- actions ---- */

static bool has_action(const struct actions *actions, const char *name)
{
    for (size_t i = 0; i < actions->count; i++) {
        if (strcmp(actions->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The first that fits: of the step, then of the workflow where the step has none of that name. */
static const struct action *choose_action(struct progress *progress, const struct attempt *attempt)
{
    bool good = attempt->result.succeeded;
    const struct actions *own = good ? &progress->current->on_success : &progress->current->on_failure;
    const struct actions *shared = good ? &progress->frame.workflow->on_success : &progress->frame.workflow->on_failure;
    struct scope scope = attempt_scope(&progress->frame, attempt);
    for (size_t i = 0; i < own->count + shared->count; i++) {
        const struct action *action = i < own->count ? &own->items[i] : &shared->items[i - own->count];
        if (i >= own->count && has_action(own, action->name))
            continue;
        if (criteria_hold(&action->criteria, &scope, NULL) &&
            (action->type != ACTION_RETRY || take_retry(progress, action)))
            return action;
    }
    return NULL;
}

static void run_one_step(struct progress *progress, const struct step *step, int number, struct attempt *attempt);

/* What a retry wants run before it. */
static bool prepare_retry(struct progress *progress, const struct action *action)
{
    struct run *run = progress->frame.run;
    if (action->workflow_id != NULL) {
        const struct workflow *workflow = document_workflow(run->document, action->workflow_id);
        const struct workflow_result *result = run_called(run, workflow, progress->frame.inputs);
        if (result->outcome != RUN_SUCCEEDED)
            fail(progress, "workflow %s, to be run before a retry, failed: %s", workflow->id, result->failure);
        return result->outcome == RUN_SUCCEEDED;
    }
    if (action->step_id != NULL) {
        struct attempt attempt;
        run_one_step(progress, workflow_step(progress->frame.workflow, action->step_id), 1, &attempt);
        bool good = attempt.result.succeeded;
        if (!good)
            fail(progress, "step %s, to be run before a retry, failed: %s", action->step_id, attempt.error.message);
        TELL(run, step_ended, &attempt.result);
        attempt_free(&attempt);
        return good;
    }
    return true;
}

static enum continuation follow(struct progress *progress, const struct action *action, const struct attempt *attempt)
{
    bool good = attempt->result.succeeded;
    if (action == NULL || action->type == ACTION_END) {
        if (!good)
            fail(progress, "step %s: %s", progress->current->id, attempt->error.message);
        return action != NULL ? (good ? GO_END : GO_FAIL) : good ? GO_NEXT : GO_FAIL;
    }
    if (action->type == ACTION_RETRY) {
        double seconds = retry_after(attempt, action->retry_after_s);
        return sleep_for(progress, seconds) && prepare_retry(progress, action) ? GO_RETRY : GO_FAIL;
    }
    if (action->step_id != NULL) {
        progress->target = workflow_step(progress->frame.workflow, action->step_id);
        return GO_TO_STEP;
    }
    progress->elsewhere = document_workflow(progress->frame.run->document, action->workflow_id);
    return GO_ELSEWHERE;
}

/* ---- steps ---- */

static void run_one_step(struct progress *progress, const struct step *step, int number, struct attempt *attempt)
{
    struct run *run = progress->frame.run;
    TELL(run, step_started, step, number);
    attempt_step(&progress->frame, step, number, attempt);
    json_t *outputs = attempt->outputs ? json_incref(attempt->outputs) : json_object();
    json_object_set_new(progress->frame.steps, step->id, json_pack("{s:o}", "outputs", outputs));
}

static bool within_limits(struct progress *progress)
{
    struct run *run = progress->frame.run;
    if (++run->steps > limits.workflow_steps)
        fail(progress, "more than %" PRId64 " steps (limit workflow_steps)", limits.workflow_steps);
    else if (clock_monotonic_ms() >= run->deadline_ms)
        fail(progress, "it takes longer than %" PRId64 " ms (limit workflow_timeout_ms)", limits.workflow_timeout_ms);
    else
        return true;
    return false;
}

static enum continuation run_step(struct progress *progress)
{
    struct attempt attempt;
    struct run *run = progress->frame.run;
    if (!within_limits(progress))
        return GO_FAIL;
    run_one_step(progress, progress->current, progress->attempt, &attempt);
    progress->unreachable = attempt.unreachable;
    bool rehearsed = run->options->rehearsal && attempt.result.succeeded;
    const struct action *action = rehearsed ? NULL : choose_action(progress, &attempt);
    attempt.result.action = action;
    TELL(run, step_ended, &attempt.result);
    enum continuation next = follow(progress, action, &attempt);
    attempt_free(&attempt);
    return next;
}

/* Walks the steps until something ends the walk. */
static enum continuation run_steps(struct progress *progress)
{
    const struct workflow *workflow = progress->frame.workflow;
    enum continuation next = GO_NEXT;
    for (progress->current = workflow->steps; progress->current < workflow->steps + workflow->step_count;) {
        next = run_step(progress);
        if (next == GO_RETRY) {
            progress->attempt++;
            continue;
        }
        if (next != GO_NEXT && next != GO_TO_STEP)
            return next;
        progress->current = next == GO_NEXT ? progress->current + 1 : progress->target;
        progress->attempt = 1;
        progress->retry_count = 0;
    }
    return GO_END;
}

/* ---- workflows ---- */

static struct workflow_result *add_result(struct run *run, const struct workflow *workflow)
{
    struct workflow_result *result = NEW(struct workflow_result);
    if (run->result_count == run->result_capacity) {
        run->result_capacity = run->result_capacity ? run->result_capacity * 2 : 8;
        run->results = memory_resize(run->results, run->result_capacity * sizeof(struct workflow_result *));
    }
    run->results[run->result_count++] = result;
    result->workflow = workflow;
    result->started_ms = clock_now_ms();
    return result;
}

/* A dependency was run before in this run, or is now. */
static bool run_dependencies(struct progress *progress)
{
    struct run *run = progress->frame.run;
    const struct workflow *workflow = progress->frame.workflow;
    for (size_t i = 0; i < workflow->depends_on_count; i++) {
        const struct workflow *needed = document_workflow(run->document, workflow->depends_on[i]);
        const struct workflow_result *result = NULL;
        for (size_t j = 0; j < run->result_count; j++) {
            if (run->results[j]->workflow == needed && run->results[j] != progress->result)
                result = run->results[j];
        }
        if (result == NULL)
            result = run_called(run, needed, progress->frame.inputs);
        if (result->outcome != RUN_SUCCEEDED) {
            progress->unreachable = result->outcome == RUN_UNREACHABLE;
            fail(progress, "%s, which it depends on, failed: %s", needed->id, result->failure);
            return false;
        }
    }
    return true;
}

static void keep_outputs(struct progress *progress)
{
    struct scope scope = attempt_scope(&progress->frame, NULL);
    struct workflow_result *result = progress->result;
    if (result->outputs == NULL)
        result->outputs = outputs_resolve(progress->frame.workflow->outputs, &scope);
    if (result->outputs == NULL)
        result->outputs = json_object();
    json_object_set_new(progress->frame.run->workflows, progress->frame.workflow->id,
                        json_pack("{s:O, s:O}", "inputs", result->inputs, "outputs", result->outputs));
}

/* goto of a workflow: it takes over, and its end is ours. */
static void go_elsewhere(struct progress *progress)
{
    const struct workflow_result *other =
        run_called(progress->frame.run, progress->elsewhere, progress->frame.inputs);
    progress->result->outputs = json_incref(other->outputs);
    if (other->outcome == RUN_SUCCEEDED)
        return;
    progress->unreachable = other->outcome == RUN_UNREACHABLE;
    fail(progress, "workflow %s: %s", other->workflow->id, other->failure);
}

static void run_frame(struct progress *progress)
{
    struct run *run = progress->frame.run;
    if (++run->nesting > limits.workflow_nesting)
        fail(progress, "workflows call each other more than %" PRId64 " deep (limit workflow_nesting)",
             limits.workflow_nesting);
    else if (run_dependencies(progress) && run_steps(progress) == GO_ELSEWHERE)
        go_elsewhere(progress);
    run->nesting--;
}

const struct workflow_result *run_workflow(struct run *run, const struct workflow *workflow, json_t *inputs)
{
    int64_t started = clock_monotonic_ms();
    if (run->deadline_ms == 0)
        run->deadline_ms = started + limits.workflow_timeout_ms;
    struct workflow_result *result = add_result(run, workflow);
    struct progress progress = {.frame = {run, workflow, inputs, json_object()}, .result = result, .attempt = 1};
    result->inputs = json_incref(inputs);
    TELL(run, workflow_started, workflow, inputs);
    run_frame(&progress);
    keep_outputs(&progress);
    json_decref(progress.frame.steps);
    result->duration_ms = clock_monotonic_ms() - started;
    TELL(run, workflow_ended, result);
    return result;
}

/* Of what the caller has, the called one takes what it declares. */
static json_t *inputs_for(const struct run *run, const struct workflow *workflow, json_t *given, struct error *error)
{
    const json_t *properties = json_object_get(workflow->inputs, "properties");
    const char *name;
    json_t *value, *fitting = json_object();
    json_object_foreach(given, name, value) {
        if (properties == NULL || json_object_get(properties, name) != NULL)
            json_object_set(fitting, name, value);
    }
    if (run->options->rehearsal) /* values from replies are stand-ins, which no schema takes */
        return fitting;
    json_t *inputs = inputs_resolve(workflow->inputs, fitting, error);
    json_decref(fitting);
    return inputs;
}

const struct workflow_result *run_called(struct run *run, const struct workflow *workflow, json_t *given)
{
    struct error error = {0};
    json_t *inputs = inputs_for(run, workflow, given, &error);
    if (inputs != NULL) {
        const struct workflow_result *done = run_workflow(run, workflow, inputs);
        json_decref(inputs);
        return done;
    }
    struct workflow_result *result = add_result(run, workflow);
    result->outcome = RUN_FAILED;
    result->failure = memory_copy_string(error.message);
    result->inputs = json_object();
    result->outputs = json_object();
    TELL(run, workflow_started, workflow, result->inputs);
    TELL(run, workflow_ended, result);
    return result;
}

/* ---- the run ---- */

struct run *run_create(const struct document *document, const struct workflow_sources *sources, struct http_client *client,
                       const struct run_options *options)
{
    struct run *run = NEW(struct run);
    *run = (struct run){.document = document, .sources = sources, .client = client, .options = options,
                        .source_values = json_object(), .workflows = json_object()};
    for (size_t i = 0; i < document->source_count; i++)
        json_object_set_new(run->source_values, document->sources[i].name,
                            json_pack("{s:s, s:s}", "url", document->sources[i].url, "type", "openapi"));
    return run;
}

static bool check_steps(const struct run *run, const struct workflow *workflow, bool *seen, struct error *error);

static bool check_named(const struct run *run, const char *id, bool *seen, struct error *error)
{
    const struct workflow *workflow = id ? document_workflow(run->document, id) : NULL;
    return workflow == NULL || check_steps(run, workflow, seen, error);
}

static bool check_actions(const struct run *run, const struct actions *actions, bool *seen, struct error *error)
{
    for (size_t i = 0; i < actions->count; i++) {
        if (!check_named(run, actions->items[i].workflow_id, seen, error))
            return false;
    }
    return true;
}

static bool leads_somewhere(const struct run *run, const struct step *step, struct error *error)
{
    const struct workflow_source *source;
    struct operation operation;
    struct buffer url = {0};
    bool good = sources_find(run->sources, step, &source, &operation, error) &&
                (run->options->rehearsal || source_base_url(source, &operation, &url, error));
    buffer_free(&url);
    return good;
}

/* Each workflow is looked at once. */
static bool check_steps(const struct run *run, const struct workflow *workflow, bool *seen, struct error *error)
{
    bool *here = &seen[workflow - run->document->workflows];
    if (*here)
        return true;
    *here = true;
    for (size_t i = 0; i < workflow->depends_on_count; i++) {
        if (!check_named(run, workflow->depends_on[i], seen, error))
            return false;
    }
    for (size_t i = 0; i < workflow->step_count; i++) {
        const struct step *step = &workflow->steps[i];
        if (step->kind == STEP_WORKFLOW) {
            if (!check_named(run, step->target, seen, error))
                return false;
        } else if (!leads_somewhere(run, step, error)) {
            return error_prefix(error, "step %s, line %d", step->id, step->line);
        }
        if (!check_actions(run, &step->on_success, seen, error) || !check_actions(run, &step->on_failure, seen, error))
            return false;
    }
    return check_actions(run, &workflow->on_success, seen, error) &&
           check_actions(run, &workflow->on_failure, seen, error);
}

bool run_check(const struct run *run, const struct workflow *workflow, struct error *error)
{
    bool *seen = memory_allocate_zeroed(run->document->workflow_count * sizeof *seen);
    bool good = check_steps(run, workflow, seen, error);
    free(seen);
    return good;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->result_count; i++) {
        free(run->results[i]->failure);
        json_decref(run->results[i]->inputs);
        json_decref(run->results[i]->outputs);
        free(run->results[i]);
    }
    free(run->results);
    json_decref(run->source_values);
    json_decref(run->workflows);
    free(run);
}
