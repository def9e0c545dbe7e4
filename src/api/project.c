#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "store/issue_trigger.h"
#include "store/project.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *project_json(const struct project *project, bool with_secret)
{
    json_t *object = json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "id", call_id(ID_PROJECT, project->id), "name",
                               json_text(project->name), "name_no_org", json_text(project->name), "type", "gateway",
                               "mode", "inbound", "updated_at", json_moment(project->updated_at), "created_at",
                               json_moment(project->created_at));
    if (with_secret)
        json_object_set_new(object, "signing_secret", json_text(project->signing_secret));
    if (with_secret && project->previous_until > clock_now_ms()) {
        json_object_set_new(object, "previous_signing_secret", json_text(project->previous_secret));
        json_object_set_new(object, "previous_signing_secret_until", json_moment(project->previous_until));
    }
    return object;
}

bool project_find(struct call *call, struct project *project)
{
    struct error error = {0};
    const struct api_key *key = &call->access.key;
    int64_t id;
    if (!id_parse(ID_PROJECT, call->id, &id) || (!key->is_operator && id != key->project_id))
        return call_fail_missing(call, "project", call->id);
    if (!store_read_project(call->reader, call->arena, id, project, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "project", call->id)
                                             : call_fail_error(call, &error);
    return project->deleted_at == 0 || call_fail_gone(call, "project", call->id);
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct project project;
    if (!store_read_project(call->reader, call->arena, id, &project, &error))
        return call_fail_error(call, &error);
    return call_reply(call, project_json(&project, true));
}

/* ---- changed ------------------------------------------------------------------------------------- */

bool project_may_change(struct call *call)
{
    return call->access.key.is_operator ||
           call_fail(call, 403, NULL, "only the operator's key may change projects and API keys");
}

static bool put(struct call *call, const struct project *project)
{
    struct error error = {0};
    struct project other;
    call->changed_id = project->id;
    if (store_read_project_by_name(call->reader, call->arena, project->name, &other, &error)) {
        if (other.id != project->id)
            return call_fail(call, 409, project_json(&other, false), "there is a project of the name %.*s",
                             TEXT_ARGS(project->name));
    } else if (error.code != ERROR_NOT_FOUND) {
        return call_fail_error(call, &error);
    }
    error = (struct error){0};
    return store_put_project(call->transaction, project, &error) || call_fail_error(call, &error);
}

static struct text new_secret(struct call *call)
{
    char *secret = arena_allocate(call->arena, PROJECT_SECRET_DIGITS + 1);
    random_token(secret, PROJECT_SECRET_DIGITS);
    return text_of(secret);
}

/* It is shown in terminals and lists. */
bool project_check_name(struct call *call, struct text name)
{
    for (size_t i = 0; i < name.size; i++) {
        if ((unsigned char)name.data[i] < ' ' || name.data[i] == 127) {
            call_problem(call, "name: must not hold control characters");
            break;
        }
    }
    return call_check(call);
}

static bool read_name(struct call *call, struct text *name)
{
    *name = json_member_text(call->body, "name");
    return project_check_name(call, *name);
}

static bool change_create(struct call *call)
{
    struct error error = {0};
    struct project *projects, project = {.id = id_new(), .created_at = call->now, .updated_at = call->now};
    size_t count;
    if (!read_name(call, &project.name))
        return false;
    if (!store_read_projects(call->reader, call->arena, &projects, &count, &error))
        return call_fail_error(call, &error);
    if (count >= (size_t)limits.projects) {
        call_problem(call, "there are %zu projects, and the limit projects allows no more", count);
        return call_check(call);
    }
    project.signing_secret = new_secret(call);
    return put(call, &project) &&
           (store_make_first_triggers(call->transaction, call->now, &error) || call_fail_error(call, &error));
}

static bool change_update(struct call *call)
{
    struct project project;
    if (!project_find(call, &project) || !project_may_change(call) || !read_name(call, &project.name))
        return false;
    project.updated_at = call->now;
    return put(call, &project);
}

static bool change_secret(struct call *call)
{
    struct project project;
    if (!project_find(call, &project) || !project_may_change(call))
        return false;
    int64_t overlap_s = json_member_integer(call->body, "overlap", 0);
    project.previous_secret = overlap_s > 0 ? project.signing_secret : TEXT_NONE;
    project.previous_until = overlap_s > 0 ? call->now + overlap_s * 1000 : 0;
    project.signing_secret = new_secret(call);
    project.updated_at = call->now;
    return put(call, &project);
}

/* The operator's key outlives its project: it moves to the oldest one left. */
static bool move_operator(struct call *call, const struct project *project)
{
    struct error error = {0};
    struct project *projects;
    struct api_key *keys;
    size_t project_count, key_count;
    if (!store_read_projects(call->reader, call->arena, &projects, &project_count, &error) ||
        !store_read_api_keys(call->reader, call->arena, project->id, &keys, &key_count, &error))
        return call_fail_error(call, &error);
    if (project_count < 2) {
        call_problem(call, "the last project cannot be deleted");
        return call_check(call);
    }
    for (size_t i = 0; i < key_count; i++) {
        keys[i].project_id = projects[0].id == project->id ? projects[1].id : projects[0].id;
        if (keys[i].is_operator && !store_update_api_key(call->transaction, &keys[i], &error))
            return call_fail_error(call, &error);
    }
    return true;
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct project project;
    int64_t *connections;
    size_t count;
    if (!project_find(call, &project) || !project_may_change(call) || !move_operator(call, &project))
        return false;
    if (!store_read_connection_ids(call->reader, call->arena, project.id, &connections, &count, &error))
        return call_fail_error(call, &error);
    project.deleted_at = project.updated_at = call->now;
    for (size_t i = 0; i < count; i++)
        call_sweep(call, (struct call_sweep){.connection_id = connections[i], .slice = store_cancel_events});
    return (store_put_project(call->transaction, &project, &error) &&
            store_empty_project(call->transaction, project.id, call->now, &error)) ||
           call_fail_error(call, &error);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool project_create(struct call *call)
{
    return project_may_change(call) && call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool project_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool project_rotate_secret(struct call *call)
{
    return call_write(call, change_secret) && reply_with(call, call->changed_id);
}

static bool project_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool project_get(struct call *call)
{
    struct project project;
    return project_find(call, &project) && call_reply(call, project_json(&project, true));
}

/* hookdeck-cli reads the names of a list as "[organization] name". */
static json_t *listed_json(const struct project *project)
{
    struct buffer name = {0};
    buffer_printf(&name, "[" PROJECT_ORGANIZATION "] %.*s", TEXT_ARGS(project->name));
    json_t *object = project_json(project, false);
    json_object_set_new(object, "name", json_text(buffer_text(&name)));
    buffer_free(&name);
    return object;
}

/* Those that the key may act in. */
static bool project_list(struct call *call)
{
    struct error error = {0};
    const struct api_key *key = &call->access.key;
    struct project *projects;
    size_t count;
    if (!store_read_projects(call->reader, call->arena, &projects, &count, &error))
        return call_fail_error(call, &error);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (key->is_operator || projects[i].id == key->project_id)
            json_array_append_new(array, listed_json(&projects[i]));
    }
    return call_reply(call, array);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row project_fields[] = {
    {"name", VALUE_TEXT, .required = true, .least = 1, .most = NAME_MOST},
    END,
};
enum { OVERLAP_MOST_S = 30 * 24 * 3600 };
static const struct field_row rotation_fields[] = {
    {"overlap", VALUE_INTEGER | VALUE_NULL, .least = 0, .most = OVERLAP_MOST_S}, END,
};
static const struct field_row project_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "name", VALUE_TEXT, .required = true},
    {.name = "name_no_org", VALUE_TEXT, .required = true}, {.name = "type", VALUE_TEXT, .required = true},
    {.name = "mode", VALUE_TEXT, .required = true},
    {.name = "signing_secret", VALUE_TEXT}, PERHAPS("previous_signing_secret", VALUE_TEXT),
    {"previous_signing_secret_until", VALUE_TEXT, .is_moment = true}, {.name = "updated_at", VALUE_TEXT, .required = true},
    {.name = "created_at", VALUE_TEXT, .required = true}, END,
};
static const struct field_row project_item = {"", VALUE_OBJECT, .fields = project_shape};
static const struct field_row project_array_shape[] = {{"", VALUE_ARRAY, .item = &project_item}, END};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {
    {"Project", project_shape}, {"ProjectArray", project_array_shape}, {"DeletedProject", deleted_shape}, END,
};

static const struct operation operations[] = {
    {"GET", "/projects", "getProjects", "List the projects that the key is good for", project_list, NULL, NULL,
     "ProjectArray"},
    {"GET", "/teams", "getTeams", "The same, by its older name", project_list, NULL, NULL, "ProjectArray"},
    {"POST", "/projects", "createProject", "Create a project", project_create, NULL, project_fields, "Project"},
    {"GET", "/projects/{id}", "getProject", "Get a project with its signing secret", project_get, NULL, NULL,
     "Project"},
    {"PUT", "/projects/{id}", "updateProject", "Rename a project", project_update, NULL, project_fields, "Project"},
    {"PUT", "/projects/{id}/rotate_secret", "rotateProjectSecret", "Give a project a new signing secret",
     project_rotate_secret, NULL, rotation_fields, "Project"},
    {"DELETE", "/projects/{id}", "deleteProject", "Delete a project and all that it holds", project_delete, NULL, NULL,
     "DeletedProject"},
};
OPERATIONS(project_operations, operations, shapes);
