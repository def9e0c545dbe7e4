/* The face of the runner for other C programs; what it promises stands in fairlead_arazzo.h. */
#include <stdlib.h>

#include "arazzo/fairlead_arazzo.h"
#include "arazzo/har.h"
#include "arazzo/inputs.h"
#include "arazzo/junit.h"
#include "arazzo/report.h"
#include "arazzo/runner.h"
#include "arazzo/secret_members.h"
#include "base/memory.h"

struct fairlead_arazzo_document {
    struct document *document;
    char *path; /* NULL: none */
};

struct fairlead_arazzo_result {
    enum fairlead_arazzo_outcome outcome;
    char *failure, *outputs, *report, *archive, *junit;
};

/* ---- documents ---- */

struct fairlead_arazzo_document *fairlead_arazzo_read(const char *text, size_t size, const char *path)
{
    struct fairlead_arazzo_document *made = NEW(struct fairlead_arazzo_document);
    made->document = document_open((struct text){text, size});
    made->path = path ? memory_copy_string(path) : NULL;
    return made;
}

void fairlead_arazzo_free(struct fairlead_arazzo_document *document)
{
    if (document == NULL)
        return;
    document_free(document->document);
    free(document->path);
    free(document);
}

size_t fairlead_arazzo_error_count(const struct fairlead_arazzo_document *document)
{
    return document->document->problems.errors;
}

size_t fairlead_arazzo_problem_count(const struct fairlead_arazzo_document *document)
{
    return document->document->problems.count;
}

struct fairlead_arazzo_problem fairlead_arazzo_problem(const struct fairlead_arazzo_document *document, size_t index)
{
    const struct problems *problems = &document->document->problems;
    if (index >= problems->count)
        return (struct fairlead_arazzo_problem){.place = "", .sentence = "", .rule = "", .hint = ""};
    const struct problem *problem = &problems->items[index];
    return (struct fairlead_arazzo_problem){problem->is_error, problem->line,       problem->place,
                                            problem->sentence, problem->rule->name, problem->hint};
}

size_t fairlead_arazzo_workflow_count(const struct fairlead_arazzo_document *document)
{
    return document->document->workflow_count;
}

const char *fairlead_arazzo_workflow_id(const struct fairlead_arazzo_document *document, size_t index)
{
    return index < document->document->workflow_count ? document->document->workflows[index].id : NULL;
}

/* ---- runs ---- */

/* What a run needs beside its document. */
struct session {
    const struct document *document;
    const struct fairlead_arazzo_options *options;
    struct http_client *client;
    struct workflow_sources sources;
    struct run *run;
    struct mask mask;
    json_t *given;   /* the inputs, all of them */
    json_t **inputs; /* by workflow, NULL: it is not run */
};

static void step_ended(void *user, const struct step_result *result)
{
    const struct session *session = user;
    const struct exchange *exchange = result->exchange;
    struct fairlead_arazzo_step step = {
        .workflow_id = result->workflow->id, .step_id = result->step->id, .attempt = result->attempt,
        .succeeded = result->succeeded, .failure = result->succeeded ? NULL : result->failure,
        .duration_ms = result->duration_ms};
    if (exchange != NULL && exchange->url != NULL) {
        step.method = exchange->method;
        step.url = exchange->url;
        step.status = exchange->status;
    }
    session->options->step_ended(session->options->user, &step);
}

/* Of several workflows each takes the inputs that it declares; a single one refuses what it does not know. */
static json_t *inputs_for(const struct session *session, const struct workflow *workflow, struct error *error)
{
    const json_t *properties = json_object_get(workflow->inputs, "properties");
    bool single = session->options->workflow_id != NULL || session->document->workflow_count == 1;
    json_t *given = json_object(), *value;
    const char *name;
    json_object_foreach(session->given, name, value) {
        if (single || properties == NULL || json_object_get(properties, name) != NULL)
            json_object_set(given, name, value);
    }
    json_t *inputs = inputs_resolve(workflow->inputs, given, error);
    json_decref(given);
    return inputs;
}

/* All inputs are looked at before the first request goes out. */
static bool prepare(struct session *session, struct error *error)
{
    const struct document *document = session->document;
    const char *only = session->options->workflow_id;
    if (only != NULL && document_workflow(document, only) == NULL)
        return error_set(error, ERROR_INVALID, "the document has no workflow \"%s\"", only);
    for (size_t i = 0; i < document->workflow_count; i++) {
        const struct workflow *workflow = &document->workflows[i];
        if (only != NULL && strcmp(workflow->id, only) != 0)
            continue;
        if (!run_check(session->run, workflow, error))
            return false;
        session->inputs[i] = inputs_for(session, workflow, error);
        if (session->inputs[i] == NULL)
            return error_prefix(error, "%s", workflow->id);
        mask_add_inputs(&session->mask, workflow->inputs, session->inputs[i]);
    }
    return true;
}

static bool open_session(struct session *session, const char *path, const struct run_options *run_options,
                         struct error *error)
{
    const struct fairlead_arazzo_options *options = session->options;
    struct server_choice server = {NULL, options->server};
    struct source_options source_options = {
        .document_path = path, .openapi_directory = options->openapi_directory, .servers = &server,
        .server_count = options->server != NULL};
    struct buffer warnings = {0};
    session->given = options->inputs ? json_parse(text_of(options->inputs), error) : json_object();
    if (session->given == NULL)
        return error_prefix(error, "the inputs");
    if (!json_is_object(session->given))
        return error_set(error, ERROR_INVALID, "the inputs are no JSON object");
    session->client = http_client_create(NULL, error);
    bool good = session->client != NULL && sources_load(&session->sources, session->document, &source_options,
                                                        session->client, &warnings, error);
    buffer_free(&warnings);
    if (good)
        session->run = run_create(&session->sources, session->client, run_options);
    return good && prepare(session, error);
}

static void run_prepared(struct session *session, struct fairlead_arazzo_result *result)
{
    static const enum fairlead_arazzo_outcome outcomes[] = {
        [RUN_SUCCEEDED] = FAIRLEAD_ARAZZO_DONE, [RUN_FAILED] = FAIRLEAD_ARAZZO_FAILED,
        [RUN_UNREACHABLE] = FAIRLEAD_ARAZZO_UNREACHABLE};
    json_t *all = json_object();
    const json_t *last = NULL;
    for (size_t i = 0; i < session->document->workflow_count; i++) {
        if (session->inputs[i] == NULL)
            continue;
        const struct workflow_result *done =
            run_workflow(session->run, &session->document->workflows[i], session->inputs[i]);
        json_object_set(all, session->document->workflows[i].id, done->outputs);
        last = done->outputs;
        if (done->outcome == RUN_SUCCEEDED)
            continue;
        result->outcome = outcomes[done->outcome];
        free(result->failure);
        result->failure = memory_copy_string(done->failure ? done->failure : "it failed");
    }
    result->outputs = json_to_string(json_object_size(all) == 1 ? last : all);
    json_decref(all);
}

static void close_session(struct session *session)
{
    if (session->run != NULL)
        run_free(session->run);
    if (session->sources.items != NULL)
        sources_free(&session->sources);
    if (session->client != NULL)
        http_client_free(session->client);
    for (size_t i = 0; i < session->document->workflow_count; i++)
        json_decref(session->inputs[i]);
    free(session->inputs);
    json_decref(session->given);
    mask_free(&session->mask);
}

static char *take_json(json_t *value)
{
    char *text = json_to_string(value);
    json_decref(value);
    return text;
}

static char *take_junit(struct junit *junit)
{
    struct buffer text = {0};
    junit_write(junit, &text);
    char *copy = memory_copy_string(buffer_string(&text));
    buffer_free(&text);
    return copy;
}

static void run_document(const struct fairlead_arazzo_document *document, const struct fairlead_arazzo_options *options,
                         struct fairlead_arazzo_result *result)
{
    struct session session = {.document = document->document, .options = options};
    struct error error = {0};
    struct report *report = report_create(session.document, document->path, &session.mask);
    struct har *har = har_create(&session.mask);
    struct junit *junit = junit_create(document->path ? document->path : "", &session.mask);
    const struct run_observer observers[] = {secret_members_observer(&session.mask), report_observer(report),
                                             har_observer(har), junit_observer(junit),
                                             {.step_ended = step_ended, .user = &session}};
    enum { ALL = sizeof observers / sizeof observers[0] };
    struct run_options run_options = {
        .credentials = {.key = options->key}, .mask = &session.mask, .rehearsal = options->dry_run != 0,
        .observers = observers, .observer_count = options->step_ended != NULL ? ALL : ALL - 1};
    mask_add(&session.mask, text_of(options->key));
    session.inputs = memory_allocate_zeroed((session.document->workflow_count + 1) * sizeof(json_t *));
    if (open_session(&session, document->path, &run_options, &error)) {
        run_prepared(&session, result);
    } else {
        result->outcome = FAIRLEAD_ARAZZO_REFUSED;
        result->failure = memory_copy_string(error.message);
    }
    result->report = take_json(report_json(report));
    result->archive = take_json(har_json(har));
    result->junit = take_junit(junit);
    report_free(report);
    har_free(har);
    junit_free(junit);
    close_session(&session);
}

struct fairlead_arazzo_result *fairlead_arazzo_run(struct fairlead_arazzo_document *document,
                                                   const struct fairlead_arazzo_options *options)
{
    static const struct fairlead_arazzo_options nothing;
    struct fairlead_arazzo_result *result = NEW(struct fairlead_arazzo_result);
    if (document->document->problems.errors == 0) {
        run_document(document, options ? options : &nothing, result);
    } else {
        result->outcome = FAIRLEAD_ARAZZO_REFUSED;
        result->failure = memory_copy_string("the document has errors");
    }
    return result;
}

enum fairlead_arazzo_outcome fairlead_arazzo_outcome(const struct fairlead_arazzo_result *result)
{
    return result->outcome;
}

const char *fairlead_arazzo_failure(const struct fairlead_arazzo_result *result)
{
    return result->failure;
}

const char *fairlead_arazzo_outputs(const struct fairlead_arazzo_result *result)
{
    return result->outputs ? result->outputs : "{}";
}

const char *fairlead_arazzo_report(const struct fairlead_arazzo_result *result)
{
    return result->report ? result->report : "{}";
}

const char *fairlead_arazzo_archive(const struct fairlead_arazzo_result *result)
{
    return result->archive ? result->archive : "{}";
}

const char *fairlead_arazzo_junit(const struct fairlead_arazzo_result *result)
{
    return result->junit ? result->junit : "";
}

void fairlead_arazzo_result_free(struct fairlead_arazzo_result *result)
{
    if (result == NULL)
        return;
    free(result->failure);
    free(result->outputs);
    free(result->report);
    free(result->archive);
    free(result->junit);
    free(result);
}

const char *fairlead_arazzo_version(void)
{
    return FAIRLEAD_VERSION;
}
