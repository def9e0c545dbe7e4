#include "arazzo/junit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

/* A case of a suite: an attempt at a step. */
struct junit_case {
    char *name, *reason, *details; /* owned; reason NULL when it succeeded */
    int64_t duration_ms;
    bool forgiven; /* the run went on after the failure */
    bool rehearsed;
};

struct junit_suite {
    const struct workflow *workflow;
    struct junit_case *cases;
    size_t count, capacity;
    char *failure; /* owned; of the workflow, NULL when it succeeded */
    int64_t started_ms, duration_ms;
    size_t above; /* the suite that was open before, NO_SUITE: none */
};

struct junit {
    const char *path;
    const struct mask *mask;
    struct junit_suite *suites;
    size_t count, capacity, open;
};

#define NO_SUITE SIZE_MAX

/* ---- observing ---- */

static void workflow_started(void *user, const struct workflow *workflow, const json_t *inputs)
{
    struct junit *junit = user;
    (void)inputs;
    if (junit->count == junit->capacity) {
        junit->capacity = junit->capacity ? junit->capacity * 2 : 8;
        junit->suites = memory_resize(junit->suites, junit->capacity * sizeof *junit->suites);
    }
    junit->suites[junit->count] =
        (struct junit_suite){.workflow = workflow, .started_ms = clock_now_ms(), .above = junit->open};
    junit->open = junit->count++;
}

static char *details_of(const struct step_result *result)
{
    struct buffer text = {0};
    const struct exchange *exchange = result->exchange;
    if (exchange != NULL && exchange->url != NULL)
        buffer_printf(&text, "%s %s: %d\n", exchange->method, exchange->url, exchange->status);
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct finding *finding = &result->findings[i];
        if (!finding->holds)
            buffer_printf(&text, "%s does not hold: %s\n",
                          finding->criterion ? finding->criterion->condition : "any 2xx", finding->why);
    }
    char *copy = memory_copy_string(buffer_string(&text));
    buffer_free(&text);
    return copy;
}

static void step_ended(void *user, const struct step_result *result)
{
    struct junit *junit = user;
    struct junit_suite *suite = &junit->suites[junit->open];
    struct buffer name = {0};
    if (suite->count == suite->capacity) {
        suite->capacity = suite->capacity ? suite->capacity * 2 : 8;
        suite->cases = memory_resize(suite->cases, suite->capacity * sizeof *suite->cases);
    }
    buffer_append_string(&name, result->step->id);
    if (result->attempt > 1)
        buffer_printf(&name, " (attempt %d)", result->attempt);
    suite->cases[suite->count++] = (struct junit_case){
        .name = memory_copy_string(buffer_string(&name)),
        .reason = result->succeeded ? NULL : memory_copy_string(result->failure ? result->failure : "it failed"),
        .details = result->succeeded ? NULL : details_of(result),
        .duration_ms = result->duration_ms,
        .forgiven = !result->succeeded && result->action != NULL && result->action->type != ACTION_END,
        .rehearsed = result->rehearsed,
    };
    buffer_free(&name);
}

static void workflow_ended(void *user, const struct workflow_result *result)
{
    struct junit *junit = user;
    struct junit_suite *suite = &junit->suites[junit->open];
    suite->duration_ms = result->duration_ms;
    if (result->outcome != RUN_SUCCEEDED)
        suite->failure = memory_copy_string(result->failure ? result->failure : "it failed");
    junit->open = suite->above;
}

/* ---- writing ---- */

/* Masked, and with what XML 1.0 cannot hold replaced. */
static void write_escaped(struct buffer *out, const struct junit *junit, const char *string)
{
    struct buffer masked = {0};
    mask_write(&masked, junit->mask, text_of(string));
    json_t *repaired = json_text(buffer_text(&masked)); /* UTF-8 for certain */
    for (const char *at = json_is_string(repaired) ? json_string_value(repaired) : ""; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '&')
            buffer_append_string(out, "&amp;");
        else if (byte == '<')
            buffer_append_string(out, "&lt;");
        else if (byte == '>')
            buffer_append_string(out, "&gt;");
        else if (byte == '"')
            buffer_append_string(out, "&quot;");
        else if (byte == '\n')
            buffer_append_string(out, "&#10;");
        else if (byte < 0x20 && byte != '\t')
            buffer_append_byte(out, '?');
        else if (strncmp(at, "\xEF\xBF\xBE", 3) == 0 || strncmp(at, "\xEF\xBF\xBF", 3) == 0) { /* U+FFFE and U+FFFF */
            buffer_append_byte(out, '?');
            at += 2;
        } else {
            buffer_append_byte(out, (char)byte);
        }
    }
    json_decref(repaired);
    buffer_free(&masked);
}

static void write_attribute(struct buffer *out, const struct junit *junit, const char *name, const char *value)
{
    buffer_printf(out, " %s=\"", name);
    write_escaped(out, junit, value);
    buffer_append_byte(out, '"');
}

static void write_case(struct buffer *out, const struct junit *junit, const struct junit_suite *suite,
                       const struct junit_case *item)
{
    buffer_append_string(out, "    <testcase");
    write_attribute(out, junit, "classname", suite->workflow->id);
    write_attribute(out, junit, "name", item->name);
    buffer_printf(out, " time=\"%.3f\"", (double)item->duration_ms / 1000);
    if (item->reason == NULL && !item->rehearsed) {
        buffer_append_string(out, "/>\n");
        return;
    }
    bool skipped = item->forgiven || item->rehearsed;
    buffer_printf(out, ">\n      <%s", skipped ? "skipped" : "failure");
    write_attribute(out, junit, "message", item->reason ? item->reason : "not sent, only shown");
    if (!skipped) {
        buffer_append_string(out, " type=\"step\">");
        write_escaped(out, junit, item->details);
        buffer_append_string(out, "</failure>\n");
    } else {
        buffer_append_string(out, "/>\n");
    }
    buffer_append_string(out, "    </testcase>\n");
}

struct counts {
    size_t tests, failures, errors, skipped;
};

/* A workflow that failed without a failed step (a limit, a dependency) has that as a case of its own. */
static struct counts count_suite(const struct junit_suite *suite)
{
    struct counts counts = {.tests = suite->count};
    for (size_t i = 0; i < suite->count; i++) {
        bool skipped = suite->cases[i].forgiven || suite->cases[i].rehearsed;
        counts.skipped += skipped;
        counts.failures += suite->cases[i].reason != NULL && !skipped;
    }
    if (suite->failure != NULL && counts.failures == 0) {
        counts.tests++;
        counts.errors++;
    }
    return counts;
}

static void write_counts(struct buffer *out, struct counts counts, int64_t duration_ms)
{
    buffer_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"", counts.tests,
                  counts.failures, counts.errors, counts.skipped, (double)duration_ms / 1000);
}

static void write_suite(struct buffer *out, const struct junit *junit, const struct junit_suite *suite)
{
    struct counts counts = count_suite(suite);
    json_t *moment = json_moment(suite->started_ms);
    buffer_append_string(out, "  <testsuite");
    write_attribute(out, junit, "name", suite->workflow->id);
    write_counts(out, counts, suite->duration_ms);
    write_attribute(out, junit, "timestamp", json_string_value(moment));
    buffer_append_string(out, ">\n");
    for (size_t i = 0; i < suite->count; i++)
        write_case(out, junit, suite, &suite->cases[i]);
    if (counts.errors > 0) {
        buffer_append_string(out, "    <testcase");
        write_attribute(out, junit, "classname", suite->workflow->id);
        buffer_append_string(out, " name=\"the workflow as a whole\" time=\"0.000\">\n      <error");
        write_attribute(out, junit, "message", suite->failure);
        buffer_append_string(out, " type=\"workflow\"/>\n    </testcase>\n");
    }
    buffer_append_string(out, "  </testsuite>\n");
    json_decref(moment);
}

void junit_write(struct junit *junit, struct buffer *out)
{
    struct counts all = {0};
    int64_t duration_ms = 0;
    for (size_t i = 0; i < junit->count; i++) {
        struct counts counts = count_suite(&junit->suites[i]);
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
        all.skipped += counts.skipped;
        if (junit->suites[i].above == NO_SUITE) /* others lie within them */
            duration_ms += junit->suites[i].duration_ms;
    }
    buffer_append_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    write_attribute(out, junit, "name", junit->path);
    write_counts(out, all, duration_ms);
    buffer_append_string(out, ">\n");
    for (size_t i = 0; i < junit->count; i++)
        write_suite(out, junit, &junit->suites[i]);
    buffer_append_string(out, "</testsuites>\n");
}

struct junit *junit_create(const char *document_path, const struct mask *mask)
{
    struct junit *junit = NEW(struct junit);
    *junit = (struct junit){.path = document_path, .mask = mask, .open = NO_SUITE};
    return junit;
}

struct run_observer junit_observer(struct junit *junit)
{
    return (struct run_observer){.workflow_started = workflow_started, .step_ended = step_ended,
                                 .workflow_ended = workflow_ended, .user = junit};
}

void junit_free(struct junit *junit)
{
    for (size_t i = 0; i < junit->count; i++) {
        struct junit_suite *suite = &junit->suites[i];
        for (size_t j = 0; j < suite->count; j++) {
            free(suite->cases[j].name);
            free(suite->cases[j].reason);
            free(suite->cases[j].details);
        }
        free(suite->cases);
        free(suite->failure);
    }
    free(junit->suites);
    free(junit);
}
