/* Before anything is sent: does every step that a run can come to lead to an operation? */
#include <stdlib.h>

#include "arazzo/step_run.h"
#include "base/memory.h"

/* The workflows that were looked at, by document and place in it: each is looked at once. */
struct check {
    const struct run *run;
    bool **seen;
    struct error *error;
};

static bool check_workflow(struct check *check, const struct workflow_sources *sources,
                           const struct workflow *workflow);

static bool check_named(struct check *check, const struct workflow_sources *sources, const char *id)
{
    const struct workflow_sources *owner;
    const struct workflow *workflow = id ? sources_workflow(sources, id, &owner, check->error) : NULL;
    return id == NULL || (workflow != NULL && check_workflow(check, owner, workflow));
}

static bool check_actions(struct check *check, const struct workflow_sources *sources, const struct actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        if (actions->items[i].type != ACTION_END && !check_named(check, sources, actions->items[i].workflow_id))
            return false;
    }
    return true;
}

static bool leads_somewhere(struct check *check, const struct workflow_sources *sources, const struct step *step)
{
    const struct workflow_source *source;
    struct operation operation;
    struct buffer url = {0};
    bool good = sources_find(sources, step, &source, &operation, check->error) &&
                (check->run->options->rehearsal || source_base_url(source, &operation, &url, check->error));
    buffer_free(&url);
    return good;
}

static bool check_step(struct check *check, const struct workflow_sources *sources, const struct step *step)
{
    bool found = step->kind == STEP_WORKFLOW ? check_named(check, sources, step->target)
                                             : leads_somewhere(check, sources, step);
    if (!found)
        return error_prefix(check->error, "step %s, line %d", step->id, step->line);
    return check_actions(check, sources, &step->on_success) && check_actions(check, sources, &step->on_failure);
}

static bool check_workflow(struct check *check, const struct workflow_sources *sources, const struct workflow *workflow)
{
    bool *here = &check->seen[sources->number][workflow - sources->document->workflows];
    if (*here)
        return true;
    *here = true;
    for (size_t i = 0; i < workflow->depends_on_count; i++) {
        if (!check_named(check, sources, workflow->depends_on[i]))
            return false;
    }
    for (size_t i = 0; i < workflow->step_count; i++) {
        if (!check_step(check, sources, &workflow->steps[i]))
            return false;
    }
    return check_actions(check, sources, &workflow->on_success) && check_actions(check, sources, &workflow->on_failure);
}

bool run_check(const struct run *run, const struct workflow *workflow, struct error *error)
{
    size_t count = sources_document_count(run->sources);
    struct check check = {run, memory_allocate_zeroed(count * sizeof *check.seen), error};
    for (size_t i = 0; i < count; i++) {
        size_t workflows = sources_of_document(run->sources, i)->document->workflow_count;
        check.seen[i] = memory_allocate_zeroed((workflows + 1) * sizeof *check.seen[i]);
    }
    bool good = check_workflow(&check, run->sources, workflow);
    for (size_t i = 0; i < count; i++)
        free(check.seen[i]);
    free(check.seen);
    return good;
}
