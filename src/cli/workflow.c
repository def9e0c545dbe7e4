/* fairlead workflow: run, list, describe and validate Arazzo documents. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "arazzo/document.h"
#include "arazzo/har.h"
#include "arazzo/inputs.h"
#include "arazzo/junit.h"
#include "arazzo/report.h"
#include "arazzo/runner.h"
#include "arazzo/secret_members.h"
#include "cli/command.h"
#include "cli/workflow_describe.h"
#include "cli/workflow_credentials.h"
#include "cli/workflow_document.h"
#include "cli/workflow_lines.h"
#include "cli/workflow_options.h"
#include "cli/workflow_validate.h"

/* ---- running ---- */

/* What a run needs beside its document. */
struct session {
    const struct workflow_options *options;
    const struct document *document;
    struct http_client *client;
    struct workflow_sources sources;
    struct run *run;
    struct mask mask;
};

static void print_warnings(const struct workflow_options *options, const struct buffer *warnings)
{
    struct text rest = buffer_text(warnings), line;
    while (text_split(&rest, '\n', &line)) {
        if (line.size > 0)
            fprintf(stderr, "%s: warning: %.*s\n", options->document, TEXT_ARGS(line));
    }
}

static bool open_session(struct session *session, const struct run_options *run_options, struct error *error)
{
    struct buffer warnings = {0};
    session->client = http_client_create(NULL, error);
    if (session->client == NULL)
        return false;
    const struct workflow_options *options = session->options;
    struct source_options source_options = {
        .document_path = strcmp(options->document, "-") == 0 ? NULL : options->document,
        .openapi_directory = options->openapi, .servers = options->servers, .server_count = options->server_count,
        .builtin = api_openapi};
    bool good = sources_load(&session->sources, session->document, &source_options, session->client, &warnings, error);
    print_warnings(options, &warnings);
    buffer_free(&warnings);
    if (good)
        session->run = run_create(&session->sources, session->client, run_options);
    return good;
}

static void close_session(struct session *session)
{
    if (session->run != NULL)
        run_free(session->run);
    sources_free(&session->sources);
    if (session->client != NULL)
        http_client_free(session->client);
    mask_free(&session->mask);
}

static const json_t *properties_of(const struct workflow *workflow)
{
    return json_object_get(workflow->inputs, "properties");
}

/* Of several workflows each takes the inputs that it declares; a single one refuses what it does not know. */
static bool takes_input(const struct session *session, const struct workflow *workflow, const char *name)
{
    bool single = session->options->workflow != NULL || session->document->workflow_count == 1;
    return single || properties_of(workflow) == NULL || json_object_get(properties_of(workflow), name) != NULL;
}

static json_t *given_inputs(const struct session *session, const struct workflow *workflow, struct error *error)
{
    const struct workflow_options *options = session->options;
    json_t *given = json_object(), *value;
    const char *key;
    json_object_foreach(options->inputs_file, key, value) {
        if (takes_input(session, workflow, key))
            json_object_set(given, key, value);
    }
    for (size_t i = 0; i < options->input_count; i++) {
        const char *equals = strchr(options->inputs[i], '=');
        char *name = strndup(options->inputs[i], (size_t)(equals - options->inputs[i]));
        bool taken = takes_input(session, workflow, name);
        value = taken ? input_from_text(workflow->inputs, name, text_of(equals + 1), error) : NULL;
        if (value != NULL)
            json_object_set_new(given, name, value);
        free(name);
        if (taken && value == NULL) {
            json_decref(given);
            return NULL;
        }
    }
    json_t *inputs = inputs_resolve(workflow->inputs, given, error);
    json_decref(given);
    return inputs;
}

static void print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    fputc('\n', stdout);
    fflush(stdout);
}

static bool write_json(const char *path, json_t *value)
{
    bool good = json_dump_file(value, path, JSON_INDENT(2)) == 0;
    if (!good)
        fprintf(stderr, "fairlead workflow: %s cannot be written\n", path);
    json_decref(value);
    return good;
}

/* All inputs are looked at before the first request goes out. */
static bool prepare(struct session *session, json_t **inputs, struct error *error)
{
    const struct document *document = session->document;
    const char *only = session->options->workflow;
    if (only != NULL && document_workflow(document, only) == NULL)
        return error_set(error, ERROR_INVALID, "the document has no workflow \"%s\"", only);
    for (size_t i = 0; i < document->workflow_count; i++) {
        const struct workflow *workflow = &document->workflows[i];
        if (only != NULL && strcmp(workflow->id, only) != 0)
            continue;
        if (!run_check(session->run, workflow, error))
            return false;
        inputs[i] = given_inputs(session, workflow, error);
        if (inputs[i] == NULL)
            return error_prefix(error, "%s", workflow->id);
        mask_add_inputs(&session->mask, workflow->inputs, inputs[i]);
    }
    return true;
}

/* Runs those that have inputs; the outputs of one are printed as they are, those of several by their names. */
static int run_prepared(struct session *session, json_t **inputs)
{
    static const int statuses[] = {WORKFLOW_DONE, WORKFLOW_FAILED, WORKFLOW_UNREACHABLE};
    const struct document *document = session->document;
    json_t *all = json_object();
    const json_t *last = NULL;
    int status = WORKFLOW_DONE;
    for (size_t i = 0; i < document->workflow_count; i++) {
        if (inputs[i] == NULL)
            continue;
        const struct workflow_result *result = run_workflow(session->run, &document->workflows[i], inputs[i]);
        status = result->outcome == RUN_SUCCEEDED ? status : statuses[result->outcome];
        json_object_set(all, document->workflows[i].id, result->outputs);
        last = result->outputs;
    }
    print_json(json_object_size(all) == 1 ? last : all);
    json_decref(all);
    return status;
}

static int run_session(struct session *session, const struct run_options *run_options)
{
    const struct document *document = session->document;
    struct error error = {0};
    json_t **inputs = calloc(document->workflow_count, sizeof *inputs);
    int status = WORKFLOW_BAD;
    if (inputs != NULL && open_session(session, run_options, &error) && prepare(session, inputs, &error))
        status = run_prepared(session, inputs);
    else
        fprintf(stderr, "fairlead workflow: %s\n", error.message);
    for (size_t i = 0; inputs != NULL && i < document->workflow_count; i++)
        json_decref(inputs[i]);
    free(inputs);
    return status;
}

static bool write_junit(const char *path, struct junit *junit)
{
    struct buffer text = {0};
    junit_write(junit, &text);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(text.data, 1, text.size, file) == text.size;
    if (file != NULL)
        good = fclose(file) == 0 && good;
    if (!good)
        fprintf(stderr, "fairlead workflow: %s cannot be written\n", path);
    buffer_free(&text);
    return good;
}

/* A run whose report could not be written later should not begin. */
static bool can_write(const char *path)
{
    int file = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (path != NULL && file < 0)
        fprintf(stderr, "fairlead workflow: %s cannot be written\n", path);
    if (file >= 0)
        close(file);
    return path == NULL || file >= 0;
}

static int run_loaded(const struct document *document, const struct workflow_options *options)
{
    struct session session = {.options = options, .document = document};
    struct workflow_lines lines;
    struct report *report = report_create(document, options->document, &session.mask);
    struct har *har = har_create(&session.mask);
    struct junit *junit = junit_create(options->document, &session.mask);
    workflow_lines_begin(&lines, &session.mask, options->verbose || options->dry_run);
    const struct run_observer observers[] = {secret_members_observer(&session.mask), workflow_lines_observer(&lines),
                                             report_observer(report), har_observer(har), junit_observer(junit)};
    struct run_options run_options = {
        .credentials = workflow_credentials(options), .mask = &session.mask, .rehearsal = options->dry_run,
        .observers = observers, .observer_count = sizeof observers / sizeof observers[0]};
    workflow_credentials_mask(options, &session.mask);
    int status = run_session(&session, &run_options);
    workflow_lines_end(&lines);
    bool written = (options->report == NULL || write_json(options->report, report_json(report))) &&
                   (options->har == NULL || write_json(options->har, har_json(har))) &&
                   (options->junit == NULL || write_junit(options->junit, junit));
    report_free(report);
    har_free(har);
    junit_free(junit);
    close_session(&session);
    return written ? status : WORKFLOW_BAD;
}

static int run_document(const struct workflow_options *options)
{
    struct document *document = workflow_document_load(options->document);
    int status = WORKFLOW_BAD;
    if (document != NULL && can_write(options->report) && can_write(options->har) && can_write(options->junit))
        status = run_loaded(document, options);
    document_free(document);
    return status;
}

/* ---- looking ---- */

static int list_document(const struct workflow_options *options)
{
    struct document *document = workflow_document_load(options->document);
    if (document != NULL)
        workflow_list_print(document);
    document_free(document);
    return document != NULL ? WORKFLOW_DONE : WORKFLOW_BAD;
}

static int describe_document(const struct workflow_options *options)
{
    struct document *document = workflow_document_load(options->document);
    bool good = document != NULL && workflow_describe_print(document, options->workflow);
    if (document != NULL && !good)
        fprintf(stderr, "fairlead workflow: the document has no workflow \"%s\"\n", options->workflow);
    document_free(document);
    return good ? WORKFLOW_DONE : WORKFLOW_BAD;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(const struct workflow_options *options);
} VERBS[] = {
    {"run", run_document}, {"list", list_document}, {"describe", describe_document}, {"validate", workflow_validate},
};

static int run_verb(size_t verb, int argc, char **argv)
{
    struct workflow_options options;
    int status = WORKFLOW_BAD;
    if (!workflow_options_read(&options, argc, argv)) {
        fputs("\"fairlead workflow --help\" tells more.\n", stderr);
    } else if (options.help) {
        fputs(workflow_usage, stdout);
        status = WORKFLOW_DONE;
    } else {
        status = VERBS[verb].run(&options);
    }
    workflow_options_free(&options);
    return status;
}

int workflow_command(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        fputs(workflow_usage, stdout);
        return WORKFLOW_DONE;
    }
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        if (strcmp(name, VERBS[i].name) == 0)
            return run_verb(i, argc - 1, argv + 1);
    }
    if (name[0] != '\0')
        fprintf(stderr, "fairlead workflow: \"%s\" is none of run, list, describe and validate\n", name);
    fputs(workflow_usage, stderr);
    return WORKFLOW_BAD;
}
