#include "arazzo/runner.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arazzo/inputs.h"
#include "arazzo/walk.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"

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

/* The last result that is there already. */
const struct workflow_result *run_result(const struct run *run, const struct workflow *workflow)
{
    for (size_t i = run->result_count; i > 0; i--) {
        if (run->results[i - 1]->workflow == workflow && run->results[i - 1]->ended)
            return run->results[i - 1];
    }
    return NULL;
}

/* A dependency was run before in this run, or is now. */
static bool run_dependencies(struct progress *progress)
{
    struct run *run = progress->frame.run;
    const struct workflow *workflow = progress->frame.workflow;
    for (size_t i = 0; i < workflow->depends_on_count; i++) {
        const struct workflow_sources *owner;
        const struct workflow *needed = sources_workflow(progress->frame.sources, workflow->depends_on[i], &owner,
                                                         NULL);
        const struct workflow_result *result = run_result(run, needed);
        if (result == NULL)
            result = run_called(run, owner, needed, progress->frame.inputs);
        if (result->outcome != RUN_SUCCEEDED) {
            progress->unreachable = result->outcome == RUN_UNREACHABLE;
            walk_fail(progress, "%s, which it depends on, failed: %s", needed->id, result->failure);
            return false;
        }
    }
    return true;
}

/* What came of it, for $workflows here and for $sourceDescriptions in documents that have this one as a source. */
static void show_result(struct run *run, const struct frame *frame, const struct workflow_result *result)
{
    json_t *shown = json_pack("{s:O, s:O}", "inputs", result->inputs, "outputs", result->outputs);
    json_object_set(run->documents[frame->sources->number].workflows, frame->workflow->id, shown);
    for (size_t i = 0; i < sources_document_count(run->sources); i++) {
        const struct workflow_sources *sources = sources_of_document(run->sources, i);
        for (size_t j = 0; j < sources->count; j++) {
            json_t *values = json_object_get(run->documents[i].sources, sources->items[j].description->name);
            if (sources->items[j].linked == frame->sources)
                json_object_set(values, frame->workflow->id, shown);
        }
    }
    json_decref(shown);
}

static void keep_outputs(struct progress *progress)
{
    struct scope scope = attempt_scope(&progress->frame, NULL);
    struct workflow_result *result = progress->result;
    if (result->outputs == NULL)
        result->outputs = outputs_resolve(progress->frame.workflow->outputs, &scope);
    if (result->outputs == NULL)
        result->outputs = json_object();
    show_result(progress->frame.run, &progress->frame, result);
}

/* goto of a workflow: it takes over, and its end is ours. */
static void go_elsewhere(struct progress *progress)
{
    const struct workflow_result *other =
        run_called(progress->frame.run, progress->elsewhere_sources, progress->elsewhere, progress->elsewhere_inputs);
    progress->result->outputs = json_incref(other->outputs);
    if (other->outcome == RUN_SUCCEEDED)
        return;
    progress->unreachable = other->outcome == RUN_UNREACHABLE;
    walk_fail(progress, "workflow %s: %s", other->workflow->id, other->failure);
}

static void run_frame(struct progress *progress)
{
    struct run *run = progress->frame.run;
    if (++run->nesting > limits.workflow_nesting)
        walk_fail(progress, "workflows call or go to each other more than %" PRId64 " deep (limit workflow_nesting)",
                  limits.workflow_nesting);
    else if (run_dependencies(progress) && walk_steps(progress) == GO_ELSEWHERE)
        go_elsewhere(progress);
    run->nesting--;
}

static const struct workflow_result *run_in(struct run *run, const struct workflow_sources *sources,
                                            const struct workflow *workflow, json_t *inputs)
{
    int64_t started = clock_monotonic_ms();
    if (run->deadline_ms == 0)
        run->deadline_ms = started + limits.workflow_timeout_ms;
    struct workflow_result *result = add_result(run, workflow);
    struct progress progress = {.frame = {run, sources, workflow, inputs, json_object()},
                                .result = result, .attempt = 1};
    progress.states = memory_allocate_zeroed((workflow->step_count + 1) * sizeof *progress.states);
    result->inputs = json_incref(inputs);
    RUN_TELL(run, workflow_started, workflow, inputs);
    run_frame(&progress);
    keep_outputs(&progress);
    json_decref(progress.frame.steps);
    json_decref(progress.elsewhere_inputs);
    free(progress.states);
    result->ended = true;
    result->duration_ms = clock_monotonic_ms() - started;
    RUN_TELL(run, workflow_ended, result);
    return result;
}

const struct workflow_result *run_workflow(struct run *run, const struct workflow *workflow, json_t *inputs)
{
    return run_in(run, run->sources, workflow, inputs);
}

/* Of what the caller has, the called one takes what it declares. */
static json_t *inputs_for(const struct run *run, const struct workflow *workflow, json_t *given, struct error *error)
{
    const char *name;
    json_t *value, *fitting = json_object();
    json_object_foreach(given, name, value) {
        if (input_is_declared(workflow->inputs, name))
            json_object_set(fitting, name, value);
    }
    if (run->options->rehearsal) /* values from replies are stand-ins, which no schema takes */
        return fitting;
    json_t *inputs = inputs_resolve(workflow->inputs, fitting, error);
    json_decref(fitting);
    return inputs;
}

const struct workflow_result *run_called(struct run *run, const struct workflow_sources *sources,
                                         const struct workflow *workflow, json_t *given)
{
    struct error error = {0};
    json_t *inputs = inputs_for(run, workflow, given, &error);
    if (inputs != NULL) {
        const struct workflow_result *done = run_in(run, sources, workflow, inputs);
        json_decref(inputs);
        return done;
    }
    struct workflow_result *result = add_result(run, workflow);
    result->outcome = RUN_FAILED;
    result->failure = memory_copy_string(error.message);
    result->inputs = json_object();
    result->outputs = json_object();
    result->ended = true;
    RUN_TELL(run, workflow_started, workflow, result->inputs);
    RUN_TELL(run, workflow_ended, result);
    return result;
}

/* ---- the run ---- */

/* What expressions see of a document's sources before anything was run. */
static json_t *source_values(const struct document *document)
{
    json_t *values = json_object();
    for (size_t i = 0; i < document->source_count; i++) {
        const struct source_description *source = &document->sources[i];
        json_object_set_new(values, source->name,
                            json_pack("{s:s, s:s, s:s}", "name", source->name, "url", source->url, "type",
                                      source_description_types[source->type]));
    }
    return values;
}

struct run *run_create(const struct workflow_sources *sources, struct http_client *client,
                       const struct run_options *options)
{
    struct run *run = NEW(struct run);
    size_t count = sources_document_count(sources);
    *run = (struct run){.sources = sources, .client = client, .options = options,
                        .credentials = credential_store_create(&options->credentials, client, options->mask),
                        .documents = memory_allocate_zeroed(count * sizeof *run->documents)};
    for (size_t i = 0; i < count; i++) {
        run->documents[i].sources = source_values(sources_of_document(sources, i)->document);
        run->documents[i].workflows = json_object();
    }
    return run;
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
    for (size_t i = 0; i < sources_document_count(run->sources); i++) {
        json_decref(run->documents[i].sources);
        json_decref(run->documents[i].workflows);
    }
    free(run->documents);
    credential_store_free(run->credentials);
    free(run);
}
