#include <stdio.h>

#include "cli/administer.h"
#include "cli/command.h"

const char projects_usage[] =
    "usage: fairlead projects list\n"
    "       fairlead projects create NAME\n"
    "       fairlead projects show PROJECT\n"
    "       fairlead projects rename PROJECT NAME\n"
    "       fairlead projects rotate-secret PROJECT [--overlap SECONDS]\n"
    "       fairlead projects delete PROJECT\n"
    "\n"
    "  PROJECT         its id or its name\n"
    "  --overlap SECONDS  in which deliveries are signed with the old secret as well (0)\n"
    "  --data DIR      directory of the store and the key (./data)\n"
    "  --config FILE   settings, as for serve\n"
    "  --json          print what the API answers\n"
    "\n"
    "Works on the store itself, or through the gateway that uses it. A deleted project's sources, destinations and\n"
    "connections are deleted, its waiting events are cancelled, and its API keys are no good at once.\n";

enum { PATH_SIZE = 128 };

static void print_project(const json_t *project, const struct administer_options *options)
{
    if (options->json)
        administer_print_json(project);
    else
        printf("%s  %s\n", administer_member(project, "id"), administer_member(project, "name_no_org"));
}

/* A call about the project that the first argument names. */
static json_t *call_project(struct administer *administer, const struct administer_options *options, const char *method,
                            const char *behind, json_t *body, struct error *error)
{
    char path[PATH_SIZE];
    json_t *project = administer_find_project(administer, options->arguments[0], error);
    if (project == NULL) {
        json_decref(body);
        return NULL;
    }
    snprintf(path, sizeof path, "/projects/%s%s", administer_member(project, "id"), behind);
    json_decref(project);
    return administer_call(administer, method, path, body, error);
}

static bool print_reply(json_t *project, const struct administer_options *options)
{
    if (project == NULL)
        return false;
    print_project(project, options);
    json_decref(project);
    return true;
}

static bool list(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *projects = administer_call(administer, "GET", "/projects", NULL, error), *project;
    size_t i;
    if (projects == NULL)
        return false;
    if (options->json)
        administer_print_json(projects);
    else
        json_array_foreach(projects, i, project)
            printf("%s  %s  %s\n", administer_member(project, "id"), administer_member(project, "created_at"),
                   administer_member(project, "name_no_org"));
    json_decref(projects);
    return true;
}

static bool create(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *body = json_pack("{s:o}", "name", json_text(text_of(options->arguments[0])));
    return print_reply(administer_call(administer, "POST", "/projects", body, error), options);
}

static bool rename_project(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *body = json_pack("{s:o}", "name", json_text(text_of(options->arguments[1])));
    return print_reply(call_project(administer, options, "PUT", "", body, error), options);
}

static bool print_secret(json_t *project, const struct administer_options *options)
{
    if (project == NULL)
        return false;
    if (options->json)
        administer_print_json(project);
    else
        printf("id              %s\nname            %s\nsigning secret  %s\n", administer_member(project, "id"),
               administer_member(project, "name_no_org"), administer_member(project, "signing_secret"));
    if (!options->json && json_member(project, "previous_signing_secret") != NULL)
        printf("the one before  %s, until %s\n", administer_member(project, "previous_signing_secret"),
               administer_member(project, "previous_signing_secret_until"));
    json_decref(project);
    return true;
}

static bool show(struct administer *administer, const struct administer_options *options, struct error *error)
{
    return print_secret(call_project(administer, options, "GET", "", NULL, error), options);
}

static bool rotate_secret(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *body = json_pack("{s:I}", "overlap", (json_int_t)options->overlap_s);
    return print_secret(call_project(administer, options, "PUT", "/rotate_secret", body, error), options);
}

static bool delete_project(struct administer *administer, const struct administer_options *options, struct error *error)
{
    json_t *reply = call_project(administer, options, "DELETE", "", NULL, error);
    return administer_tell_deleted(reply, options);
}

int projects_command(int argc, char **argv)
{
    static const struct administer_verb verbs[] = {
        {"list", 0, 0, list}, {"create", 1, 1, create}, {"show", 1, 1, show}, {"rename", 2, 2, rename_project},
        {"rotate-secret", 1, 1, rotate_secret}, {"delete", 1, 1, delete_project}, {0},
    };
    return administer_command("projects", projects_usage, verbs, argc, argv);
}
