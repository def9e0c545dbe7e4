/* fairlead workflow: list, validate and run Arazzo documents. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "arazzo/document.h"
#include "arazzo/har.h"
#include "arazzo/inputs.h"
#include "arazzo/report.h"
#include "arazzo/runner.h"
#include "base/limits.h"
#include "cli/command.h"
#include "cli/workflow_lines.h"
#include "cli/workflow_options.h"

/* ---- the document ---- */

static bool read_whole(const char *path, struct buffer *out)
{
    struct stat status;
    char block[65536];
    size_t size;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL || (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))) {
        fprintf(stderr, "fairlead workflow: there is no file %s\n", path);
        if (file != NULL)
            fclose(file);
        return false;
    }
    while ((size = fread(block, 1, sizeof block, file)) > 0 && out->size <= (size_t)limits.workflow_document_bytes)
        buffer_append(out, block, size);
    bool good = !ferror(file) && !out->failed;
    if (file != stdin)
        fclose(file);
    if (!good)
        fprintf(stderr, "fairlead workflow: %s cannot be read\n", path);
    return good;
}

static void print_problems(const char *path, const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        fprintf(stderr, "%s:%d: %s: %s: %s\n", path, problem->line, problem->is_error ? "error" : "warning",
                problem->place, problem->sentence);
    }
}

/* NULL, with everything said, when the document cannot be used. */
static struct document *load_document(const char *path)
{
    struct buffer text = {0};
    struct error error = {0};
    struct document *document = NULL;
    if (read_whole(path, &text)) {
        document = document_read(buffer_text(&text), &error);
        if (document == NULL)
            fprintf(stderr, "%s: %s\n", path, error.message);
    }
    buffer_free(&text);
    if (document != NULL) {
        print_problems(path, &document->problems);
        if (document->problems.errors > 0) {
            document_free(document);
            document = NULL;
        }
    }
    return document;
}

/* ---- list ---- */

static bool is_required(const json_t *schema, const char *name)
{
    json_t *item;
    size_t index;
    json_array_foreach(json_object_get(schema, "required"), index, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
            return true;
    }
    return false;
}

static void list_inputs(const json_t *schema)
{
    const char *name;
    json_t *property;
    json_object_foreach(json_object_get(schema, "properties"), name, property) {
        const char *type = json_string_value(json_object_get(property, "type"));
        const char *description = json_string_value(json_object_get(property, "description"));
        json_t *otherwise = json_object_get(property, "default");
        char *text = otherwise ? json_to_string(otherwise) : NULL;
        printf("    --input %s=%s", name, type ? type : "value");
        if (is_required(schema, name))
            printf("  (required)");
        else if (text != NULL)
            printf("  (%s)", text);
        printf("%s%s\n", description ? "  " : "", description ? description : "");
        free(text);
    }
}

static int list_document(const struct document *document, const struct workflow_options *options)
{
    (void)options;
    for (size_t i = 0; i < document->workflow_count; i++) {
        const struct workflow *workflow = &document->workflows[i];
        printf("%s%s%s\n", workflow->id, workflow->summary ? "  " : "", workflow->summary ? workflow->summary : "");
        list_inputs(workflow->inputs);
    }
    return WORKFLOW_DONE;
}

/* ---- running ---- */

/* What a run needs beside its document. */
struct session {
    const struct workflow_options *options;
    const struct document *document;
    struct http_client *client;
    struct workflow_sources sources;
    struct run *run;
    struct mask mask;
    char *builtin;
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
    session->builtin = api_openapi();
    session->client = http_client_create(NULL, error);
    if (session->client == NULL)
        return false;
    const struct workflow_options *options = session->options;
    struct source_options source_options = {
        .document_path = strcmp(options->document, "-") == 0 ? NULL : options->document,
        .openapi_directory = options->openapi, .servers = options->servers, .server_count = options->server_count,
        .builtin = text_of(session->builtin)};
    bool good = sources_load(&session->sources, session->document, &source_options, session->client, &warnings, error);
    print_warnings(options, &warnings);
    buffer_free(&warnings);
    if (good)
        session->run = run_create(session->document, &session->sources, session->client, run_options);
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
    free(session->builtin);
}

static int validate_document(const struct document *document, const struct workflow_options *options)
{
    struct run_options run_options = {.rehearsal = true};
    struct session session = {.options = options, .document = document};
    struct error error = {0};
    bool good = open_session(&session, &run_options, &error);
    for (size_t i = 0; good && i < document->workflow_count; i++)
        good = run_check(session.run, &document->workflows[i], &error);
    if (!good)
        fprintf(stderr, "%s: error: %s\n", options->document, error.message);
    else
        printf("%s: %zu workflow%s, %zu warning%s\n", options->document, document->workflow_count,
               document->workflow_count == 1 ? "" : "s", document->problems.count,
               document->problems.count == 1 ? "" : "s");
    close_session(&session);
    return good ? WORKFLOW_DONE : WORKFLOW_BAD;
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

static int run_document(const struct document *document, const struct workflow_options *options)
{
    if (!can_write(options->report) || !can_write(options->har))
        return WORKFLOW_BAD;
    struct session session = {.options = options, .document = document};
    struct workflow_lines lines = {&session.mask, options->verbose || options->dry_run, 0};
    struct report *report = report_create(document, options->document, &session.mask);
    struct har *har = har_create(&session.mask);
    const struct run_observer observers[] = {workflow_lines_observer(&lines), report_observer(report),
                                             har_observer(har)};
    struct run_options run_options = {
        .credentials = {options->key, options->key_from_environment}, .rehearsal = options->dry_run,
        .observers = observers, .observer_count = sizeof observers / sizeof observers[0]};
    mask_add(&session.mask, text_of(options->key));
    int status = run_session(&session, &run_options);
    bool written = (options->report == NULL || write_json(options->report, report_json(report))) &&
                   (options->har == NULL || write_json(options->har, har_json(har)));
    report_free(report);
    har_free(har);
    close_session(&session);
    return written ? status : WORKFLOW_BAD;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(const struct document *document, const struct workflow_options *options);
} VERBS[] = {{"run", run_document}, {"list", list_document}, {"validate", validate_document}};

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
        struct document *document = load_document(options.document);
        if (document != NULL)
            status = VERBS[verb].run(document, &options);
        document_free(document);
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
        fprintf(stderr, "fairlead workflow: \"%s\" is neither run nor list nor validate\n", name);
    fputs(workflow_usage, stderr);
    return WORKFLOW_BAD;
}
