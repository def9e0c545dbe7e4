#include "catalog/triggers.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/issue_trigger.h"
#include "store/notification.h"

void trigger_set_release(struct trigger_set *set)
{
    if (set == NULL || atomic_fetch_sub(&set->references, 1) != 1)
        return;
    hash_map_free(&set->projects);
    arena_free(&set->arena);
    free(set);
}

static struct trigger_project *project_of(struct trigger_set *set, int64_t project_id)
{
    struct trigger_project *project = hash_map_get(&set->projects, project_id);
    if (project == NULL) {
        project = ARENA_NEW(&set->arena, struct trigger_project);
        hash_map_put(&set->projects, project_id, project);
    }
    return project;
}

/* They come project by project, so that each has its rules side by side. */
static void add_rules(struct trigger_set *set, const struct issue_trigger *triggers, size_t count)
{
    struct trigger_rule *rules = ARENA_ARRAY(&set->arena, struct trigger_rule, count);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        struct trigger_project *project = project_of(set, triggers[i].project_id);
        if (!trigger_rule_read(&set->arena, &triggers[i], &rules[used], &error)) {
            log_error("the configs of an issue trigger cannot be read: %s", error.message);
            continue;
        }
        if (project->count++ == 0)
            project->rules = &rules[used];
        used++;
    }
}

struct trigger_set *trigger_set_read(struct store_reader *reader, int64_t change, struct error *error)
{
    struct arena arena = {0};
    struct issue_trigger *triggers;
    struct notification *notifications;
    size_t trigger_count, notification_count;
    struct trigger_set *set = NULL;
    if (store_read_active_triggers(reader, &arena, &triggers, &trigger_count, error) &&
        store_read_notifications(reader, &arena, &notifications, &notification_count, error)) {
        set = NEW(struct trigger_set);
        atomic_init(&set->references, 1);
        set->change = change;
        add_rules(set, triggers, trigger_count);
        for (size_t i = 0; i < notification_count; i++) {
            struct trigger_project *project = project_of(set, notifications[i].project_id);
            project->topics = notifications[i].topics;
            project->source_id = notifications[i].source_id;
        }
    }
    arena_free(&arena);
    return set;
}

const struct trigger_project *trigger_set_project(const struct trigger_set *set, int64_t project_id)
{
    static const struct trigger_project none = {0};
    const struct trigger_project *project = hash_map_get(&set->projects, project_id);
    return project != NULL ? project : &none;
}
