/*
 * administer.h - what the commands for projects and keys share: their options, and a way to the store.
 *
 * While no gateway uses the directory, a call works on the store itself. A running gateway holds the directory's lock;
 * then the call goes to it, at the address it wrote there, with the operator's key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "gateway/config.h"

enum { ADMINISTER_DONE = 0, ADMINISTER_FAILED = 1, ADMINISTER_USAGE = 2 };

struct administer_options {
    struct config config;
    const char *project;  /* NULL: not given */
    const char *name;     /* NULL: not given */
    int64_t rate_limit;   /* -1: not given */
    int64_t overlap_s;    /* 0: not given */
    bool json, help;
    const char *arguments[2]; /* behind the verb */
    size_t argument_count;
};

/* `command` is "keys" or "projects", for messages. False: it was told what is wrong. argv[0] is the verb. */
bool administer_options_read(struct administer_options *options, const char *command, int argc, char **argv);

struct administer;

/* Opens what config.data names. NULL with an error. */
struct administer *administer_open(struct config *config, struct error *error);
void administer_close(struct administer *administer);
/*
 * Makes a call of the API; `path` is behind the version, `body` is stolen and may be NULL. A new reference to the reply
 * of a success; NULL with an error that says why not.
 */
json_t *administer_call(struct administer *administer, const char *method, const char *path, json_t *body,
                        struct error *error);

/* The live project of that id or name, of GET /projects; with `wanted` NULL the only one there is. A new reference. */
json_t *administer_find_project(struct administer *administer, const char *wanted, struct error *error);

/* A text of a reply; "" without it. */
const char *administer_member(const json_t *object, const char *name);
/* Prints a value on a line. */
void administer_print_json(const json_t *value);
/* Prints what the reply to a DELETE says, which it steals; false when there is none. */
bool administer_tell_deleted(json_t *reply, const struct administer_options *options);

/* A verb of a command, which prints what came of it. */
struct administer_verb {
    const char *name;
    size_t arguments_least, arguments_most;
    bool (*run)(struct administer *administer, const struct administer_options *options, struct error *error);
};
/* Runs argv[1] of the verbs (the last without a name). The exit status. */
int administer_command(const char *command, const char *usage, const struct administer_verb *verbs, int argc,
                       char **argv);
