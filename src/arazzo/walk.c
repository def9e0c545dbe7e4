/* The steps of one workflow, one after the other, with what their actions make of it. */
#include "arazzo/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

void walk_fail(struct progress *progress, const char *format, ...)
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
        walk_fail(progress, "a retry after %g s would come after the end of the run's time (workflow_timeout_ms)",
                  seconds);
        return false;
    }
    RUN_TELL(run, waits, progress->current, seconds);
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

/* The parameters of the action, and what the workflow that is left has beside them. A new reference. */
static json_t *inputs_of_action(const struct progress *progress, const struct action *action,
                                const struct attempt *attempt)
{
    struct scope scope = attempt_scope(&progress->frame, attempt);
    json_t *given = request_inputs(&action->parameters, NULL, &scope);
    json_object_update_missing(given, progress->frame.inputs);
    return given;
}

/* What a retry wants run before it. */
static bool prepare_retry(struct progress *progress, const struct action *action, const struct attempt *failed)
{
    struct run *run = progress->frame.run;
    if (action->workflow_id != NULL) {
        const struct workflow_sources *owner;
        const struct workflow *workflow =
            sources_workflow(progress->frame.sources, action->workflow_id, &owner, NULL);
        json_t *given = inputs_of_action(progress, action, failed);
        const struct workflow_result *result = run_called(run, owner, workflow, given);
        json_decref(given);
        if (result->outcome != RUN_SUCCEEDED)
            walk_fail(progress, "workflow %s, to be run before a retry, failed: %s", workflow->id, result->failure);
        return result->outcome == RUN_SUCCEEDED;
    }
    if (action->step_id != NULL) {
        struct attempt attempt;
        run_one_step(progress, workflow_step(progress->frame.workflow, action->step_id), 1, &attempt);
        bool good = attempt.result.succeeded;
        if (!good)
            walk_fail(progress, "step %s, to be run before a retry, failed: %s", action->step_id,
                      attempt.error.message);
        RUN_TELL(run, step_ended, &attempt.result);
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
            walk_fail(progress, "step %s: %s", progress->current->id, attempt->error.message);
        return action != NULL ? (good ? GO_END : GO_FAIL) : good ? GO_NEXT : GO_FAIL;
    }
    if (action->type == ACTION_RETRY) {
        double seconds = retry_after(attempt, action->retry_after_s);
        return sleep_for(progress, seconds) && prepare_retry(progress, action, attempt) ? GO_RETRY : GO_FAIL;
    }
    if (action->step_id != NULL) {
        progress->target = workflow_step(progress->frame.workflow, action->step_id);
        return GO_TO_STEP;
    }
    progress->elsewhere = sources_workflow(progress->frame.sources, action->workflow_id, &progress->elsewhere_sources,
                                           NULL);
    json_decref(progress->elsewhere_inputs);
    progress->elsewhere_inputs = inputs_of_action(progress, action, attempt);
    return GO_ELSEWHERE;
}

/* ---- steps ---- */

static void run_one_step(struct progress *progress, const struct step *step, int number, struct attempt *attempt)
{
    struct run *run = progress->frame.run;
    RUN_TELL(run, step_started, step, number);
    attempt_step(&progress->frame, step, number, attempt);
    progress->states[step - progress->frame.workflow->steps] = attempt->result.succeeded ? STEP_DONE : STEP_OPEN;
    json_t *outputs = attempt->outputs ? json_incref(attempt->outputs) : json_object();
    json_object_set_new(progress->frame.steps, step->id, json_pack("{s:o}", "outputs", outputs));
}

static bool within_limits(struct progress *progress)
{
    struct run *run = progress->frame.run;
    if (++run->steps > limits.workflow_steps)
        walk_fail(progress, "more than %" PRId64 " steps (limit workflow_steps)", limits.workflow_steps);
    else if (clock_monotonic_ms() >= run->deadline_ms)
        walk_fail(progress, "it takes longer than %" PRId64 " ms (limit workflow_timeout_ms)",
                  limits.workflow_timeout_ms);
    else
        return true;
    return false;
}

/* ---- dependencies of steps (1.1.0) ---- */

/* "$workflows.ID.steps.STEP" and the same of another source: that workflow must have been run before. */
static bool workflow_was_run(struct progress *progress, const char *reference)
{
    static const struct text own = {"$workflows.", 11}, middle = {".steps.", 7};
    struct text text = text_of(reference);
    ptrdiff_t end = text_find(text, middle);
    struct arena arena = {0};
    const struct workflow_sources *owner;
    struct text id = end < 0 ? text : text_slice(text, 0, (size_t)end);
    if (text_starts_with(id, own))
        id = text_slice(id, own.size, id.size);
    const struct workflow *workflow =
        sources_workflow(progress->frame.sources, arena_copy_string(&arena, id), &owner, NULL);
    const struct workflow_result *result = workflow ? run_result(progress->frame.run, workflow) : NULL;
    arena_free(&arena);
    return result != NULL && result->outcome == RUN_SUCCEEDED;
}

static bool run_needed_steps(struct progress *progress, const struct step *step);

/* A step that another one needs is run for it, without its actions, and passed over where it stands itself. */
static bool run_needed_step(struct progress *progress, const struct step *needed, const struct step *by)
{
    struct attempt attempt;
    enum step_state *state = &progress->states[needed - progress->frame.workflow->steps];
    if (*state == STEP_DONE || *state == STEP_DONE_EARLY)
        return true;
    if (*state == STEP_WAITING) {
        walk_fail(progress, "the steps %s and %s depend on each other", needed->id, by->id);
        return false;
    }
    if (!within_limits(progress) || !run_needed_steps(progress, needed))
        return false;
    run_one_step(progress, needed, 1, &attempt);
    bool good = attempt.result.succeeded;
    progress->unreachable = attempt.unreachable;
    if (!good)
        walk_fail(progress, "step %s, which %s depends on, failed: %s", needed->id, by->id, attempt.error.message);
    else
        *state = STEP_DONE_EARLY;
    RUN_TELL(progress->frame.run, step_ended, &attempt.result);
    attempt_free(&attempt);
    return good;
}

/* Steps that wait are marked, so that circles end; how many may wait is bounded, as they do on the stack. */
static bool run_needed_steps(struct progress *progress, const struct step *step)
{
    enum step_state *state = &progress->states[step - progress->frame.workflow->steps], before = *state;
    bool good = true;
    if (step->depends_on_count == 0)
        return true;
    if (progress->waiting >= limits.workflow_document_depth) {
        walk_fail(progress, "more than %" PRId64 " steps depend on each other in a row (limit workflow_document_depth)",
                  limits.workflow_document_depth);
        return false;
    }
    *state = STEP_WAITING;
    progress->waiting++;
    for (size_t i = 0; good && i < step->depends_on_count; i++) {
        const char *name = step->depends_on[i];
        const struct step *needed = workflow_step(progress->frame.workflow, name);
        if (needed != NULL) {
            good = run_needed_step(progress, needed, step);
        } else if (!progress->frame.run->options->rehearsal && !workflow_was_run(progress, name)) {
            walk_fail(progress, "step %s depends on %s, which has not been run", step->id, name);
            good = false;
        }
    }
    *state = before;
    progress->waiting--;
    return good;
}

/* ---- the walk ---- */

static enum continuation run_step(struct progress *progress)
{
    struct attempt attempt;
    struct run *run = progress->frame.run;
    if (!within_limits(progress) || !run_needed_steps(progress, progress->current))
        return GO_FAIL;
    run_one_step(progress, progress->current, progress->attempt, &attempt);
    progress->unreachable = attempt.unreachable;
    bool rehearsed = run->options->rehearsal && attempt.result.succeeded;
    const struct action *action = rehearsed ? NULL : choose_action(progress, &attempt);
    attempt.result.action = action;
    RUN_TELL(run, step_ended, &attempt.result);
    enum continuation next = follow(progress, action, &attempt);
    attempt_free(&attempt);
    return next;
}

/* Passes over steps that others needed and that were run for them. */
static void pass_over(struct progress *progress)
{
    const struct workflow *workflow = progress->frame.workflow;
    const struct step *end = workflow->steps + workflow->step_count;
    while (progress->current < end && progress->states[progress->current - workflow->steps] == STEP_DONE_EARLY) {
        progress->states[progress->current - workflow->steps] = STEP_DONE;
        progress->current++;
    }
}

enum continuation walk_steps(struct progress *progress)
{
    const struct workflow *workflow = progress->frame.workflow;
    enum continuation next = GO_NEXT;
    progress->current = workflow->steps;
    while (progress->current < workflow->steps + workflow->step_count) {
        next = run_step(progress);
        if (next == GO_RETRY) {
            progress->attempt++;
            continue;
        }
        if (next != GO_NEXT && next != GO_TO_STEP)
            return next;
        progress->current = next == GO_NEXT ? progress->current + 1 : progress->target;
        if (next == GO_NEXT)
            pass_over(progress);
        progress->attempt = 1;
        progress->retry_count = 0;
    }
    return GO_END;
}
