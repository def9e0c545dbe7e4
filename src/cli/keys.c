#include <stdio.h>

#include "cli/administer.h"
#include "cli/command.h"

const char keys_usage[] =
    "usage: fairlead keys list [--project PROJECT]\n"
    "       fairlead keys create [--project PROJECT] [--name NAME] [--rate-limit N]\n"
    "       fairlead keys limit KEY --rate-limit N\n"
    "       fairlead keys delete KEY\n"
    "       fairlead keys rotate-storage\n"
    "\n"
    "  KEY                its id, as list tells it\n"
    "  --project PROJECT  id or name; may be left out while there is one only, and list shows all without it\n"
    "  --name NAME        what the key is for\n"
    "  --rate-limit N     API calls a minute; 0: the setting api_rate_limit counts\n"
    "  --data DIR         directory of the store and the key (./data)\n"
    "  --config FILE      settings, as for serve\n"
    "  --json             print what the API answers\n"
    "\n"
    "Works on the store itself, or through the gateway that uses it. A new key is printed once and stored nowhere.\n"
    "rotate-storage makes a new key for the secrets in the store, in DIR/storage-key: back that file up again.\n";

enum { PATH_SIZE = 128 };

static json_t *list_of(struct administer *administer, const json_t *project, struct error *error)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/projects/%s/keys", administer_member(project, "id"));
    return administer_call(administer, "GET", path, NULL, error);
}

/* The keys of the project that is named, or of all. A new reference. */
static json_t *read_keys(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *projects, *project, *all = json_array();
    bool good = true;
    size_t i;
    if (options->project != NULL) {
        project = administer_find_project(administer, options->project, error);
        projects = project != NULL ? json_pack("[o]", project) : NULL;
    } else {
        projects = administer_call(administer, "GET", "/projects", NULL, error);
    }
    json_array_foreach(projects, i, project)
    {
        json_t *keys = good ? list_of(administer, project, error) : NULL;
        good = keys != NULL && json_array_extend(all, keys) == 0;
        json_decref(keys);
    }
    good = good && projects != NULL;
    json_decref(projects);
    if (good)
        return all;
    json_decref(all);
    return NULL;
}

static void print_key(const json_t *key)
{
    int64_t limit = json_member_integer(key, "rate_limit", 0);
    char text[32] = "";
    if (limit > 0)
        snprintf(text, sizeof text, "  %lld/min", (long long)limit);
    printf("%s  %s  %s  ...%-4s%s%s  %s\n", administer_member(key, "id"), administer_member(key, "project_id"),
           administer_member(key, "created_at"), administer_member(key, "last_digits"), text,
           json_member_true(key, "operator") ? "  operator" : "", administer_member(key, "name"));
}

static bool list(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *keys = read_keys(administer, options, error), *key;
    size_t i;
    if (keys == NULL)
        return false;
    if (options->json)
        administer_print_json(keys);
    else
        json_array_foreach(keys, i, key) print_key(key);
    json_decref(keys);
    return true;
}

static bool create(struct administer *administer, const struct administer_options *options, struct error *error)
{
    char path[PATH_SIZE];
    json_t *project = administer_find_project(administer, options->project, error), *body = json_object();
    if (options->name != NULL)
        json_object_set_new(body, "name", json_text(text_of(options->name)));
    if (options->rate_limit >= 0)
        json_object_set_new(body, "rate_limit", json_integer(options->rate_limit));
    if (project == NULL) {
        json_decref(body);
        return false;
    }
    snprintf(path, sizeof path, "/projects/%s/keys", administer_member(project, "id"));
    json_decref(project);
    json_t *key = administer_call(administer, "POST", path, body, error);
    if (key == NULL)
        return false;
    if (options->json)
        administer_print_json(key);
    else
        puts(administer_member(key, "key"));
    json_decref(key);
    return true;
}

/* A call about the key that the first argument names, wherever it is. */
static json_t *call_key(struct administer *administer, const struct administer_options *options, const char *method,
                        json_t *body, struct error *error)
{
    char path[PATH_SIZE] = "";
    json_t *keys = read_keys(administer, options, error), *key;
    size_t i;
    json_array_foreach(keys, i, key)
    {
        if (text_equal(json_member_text(key, "id"), text_of(options->arguments[0])))
            snprintf(path, sizeof path, "/projects/%s/keys/%s", administer_member(key, "project_id"),
                     administer_member(key, "id"));
    }
    if (keys != NULL && path[0] == 0)
        error_set(error, ERROR_NOT_FOUND, "there is no key %s: \"fairlead keys list\" tells their ids",
                  options->arguments[0]);
    json_decref(keys);
    if (path[0] != 0)
        return administer_call(administer, method, path, body, error);
    json_decref(body);
    return NULL;
}

static bool limit(struct administer *administer, const struct administer_options *options, struct error *error)
{
    if (options->rate_limit < 0)
        return error_set(error, ERROR_INVALID, "how many calls a minute? --rate-limit N");
    json_t *body = json_pack("{s:I}", "rate_limit", (json_int_t)options->rate_limit);
    json_t *key = call_key(administer, options, "PUT", body, error);
    if (key == NULL)
        return false;
    if (options->json)
        administer_print_json(key);
    else
        print_key(key);
    json_decref(key);
    return true;
}

static bool delete_key(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *reply = call_key(administer, options, "DELETE", NULL, error);
    return administer_tell_deleted(reply, options);
}

static bool rotate_storage(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *reply = administer_call(administer, "PUT", "/storage_key/rotate", NULL, error);
    if (reply == NULL)
        return false;
    if (options->json)
        administer_print_json(reply);
    else
        printf("%sthe secrets of the store (%lld records) are sealed with the key %s: back up %s/storage-key now, and "
               "keep the file before for the backups before\n",
               json_member_true(reply, "was_finished") ? "an interrupted rotation is finished: " : "",
               (long long)json_member_integer(reply, "sealed_count", 0), administer_member(reply, "key_id"),
               options->config.data);
    json_decref(reply);
    return true;
}

int keys_command(int argc, char **argv)
{
    static const struct administer_verb verbs[] = {
        {"list", 0, 0, list}, {"create", 0, 0, create}, {"limit", 1, 1, limit}, {"delete", 1, 1, delete_key},
        {"rotate-storage", 0, 0, rotate_storage}, {0},
    };
    return administer_command("keys", keys_usage, verbs, argc, argv);
}
