/*
 * fairlead_arazzo.h - Arazzo workflow documents for C programs: reading, checking and running them.
 *
 * A document is read once and can be run any number of times, by one thread at a time; documents of different threads
 * do not know of each other. All texts are UTF-8 and end with a NUL. What a function gives lives as long as the
 * document or result that it was asked of. Nothing is printed, and the process never ends here but when not even the
 * smallest piece of memory can be had.
 *
 *     cc example.c $(pkg-config --cflags --libs fairlead-arazzo)
 */
#ifndef FAIRLEAD_ARAZZO_H
#define FAIRLEAD_ARAZZO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- documents ---- */

struct fairlead_arazzo_document;

/* What is wrong or doubtful. */
struct fairlead_arazzo_problem {
    int is_error;         /* else a warning */
    int line;             /* from 1; 0: not known */
    const char *place;    /* "workflows[0].steps[1].stepId" */
    const char *sentence; /* what is wrong */
    const char *rule;     /* the name of the rule that was broken: "step.stepId" */
    const char *hint;     /* what to do about it */
};

/*
 * Reads YAML or JSON, which is copied. `path` is where it came from (NULL: nowhere): sources are looked for from its
 * folder. Never NULL: look at the problems.
 */
struct fairlead_arazzo_document *fairlead_arazzo_read(const char *text, size_t size, const char *path);
void fairlead_arazzo_free(struct fairlead_arazzo_document *document); /* NULL is fine */

size_t fairlead_arazzo_error_count(const struct fairlead_arazzo_document *document); /* 0: it can be run */
size_t fairlead_arazzo_problem_count(const struct fairlead_arazzo_document *document);
/* All members are empty beyond the last. */
struct fairlead_arazzo_problem fairlead_arazzo_problem(const struct fairlead_arazzo_document *document, size_t index);

size_t fairlead_arazzo_workflow_count(const struct fairlead_arazzo_document *document);
/* NULL beyond the last. */
const char *fairlead_arazzo_workflow_id(const struct fairlead_arazzo_document *document, size_t index);

/* ---- runs ---- */

/* A finished attempt at a step; valid during the call only. */
struct fairlead_arazzo_step {
    const char *workflow_id, *step_id;
    int attempt; /* from 1 */
    int succeeded;
    const char *method, *url; /* NULL for a step that calls a workflow, or when nothing could be asked */
    int status;               /* 0: no reply */
    const char *failure;      /* a sentence, NULL when it succeeded */
    int64_t duration_ms;
};

struct fairlead_arazzo_options {
    const char *workflow_id;       /* NULL: all, in the order of the document */
    const char *inputs;            /* a JSON object; NULL: none */
    const char *server;            /* in place of those that the descriptions give; NULL: theirs */
    const char *key;               /* put where the descriptions want it; NULL: none */
    const char *openapi_directory; /* where descriptions lie that are not where the document says; NULL: nowhere */
    int dry_run;                   /* makes the requests and sends nothing */
    void (*step_ended)(void *user, const struct fairlead_arazzo_step *step); /* NULL: not wanted */
    void *user;
};

enum fairlead_arazzo_outcome {
    FAIRLEAD_ARAZZO_DONE = 0,
    FAIRLEAD_ARAZZO_FAILED = 1,      /* a workflow failed */
    FAIRLEAD_ARAZZO_REFUSED = 2,     /* nothing was sent: the document, an input or a description is wrong */
    FAIRLEAD_ARAZZO_UNREACHABLE = 3, /* a server could not be reached */
};

struct fairlead_arazzo_result;

/* Runs and waits for the end. `options` may be NULL. Never NULL. */
struct fairlead_arazzo_result *fairlead_arazzo_run(struct fairlead_arazzo_document *document,
                                                   const struct fairlead_arazzo_options *options);
enum fairlead_arazzo_outcome fairlead_arazzo_outcome(const struct fairlead_arazzo_result *result);
const char *fairlead_arazzo_failure(const struct fairlead_arazzo_result *result); /* a sentence; NULL when done */
/* JSON: the outputs of one workflow, or of several an object of workflowId to outputs. "{}" when refused. */
const char *fairlead_arazzo_outputs(const struct fairlead_arazzo_result *result);
/* What happened, in the formats of "fairlead workflow run --report, --har, --junit"; secrets are masked. */
const char *fairlead_arazzo_report(const struct fairlead_arazzo_result *result);
const char *fairlead_arazzo_archive(const struct fairlead_arazzo_result *result);
const char *fairlead_arazzo_junit(const struct fairlead_arazzo_result *result);
void fairlead_arazzo_result_free(struct fairlead_arazzo_result *result); /* NULL is fine */

const char *fairlead_arazzo_version(void);

#ifdef __cplusplus
}
#endif

#endif
