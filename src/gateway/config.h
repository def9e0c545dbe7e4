/*
 * config.h - the settings of `fairlead serve`, from a file, the environment and the command line.
 *
 * Later wins: defaults, then the file (--config, lines "name = value", "#" begins a comment), then the
 * environment (FAIRLEAD_NAME in upper case), then options. The names of the file are those of docs/configuration.md;
 * an unknown name is an error that says file and line. Every limit of base/limits.h is a setting too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "http/client_settings.h"
#include "http/egress.h"
#include "notify/channel.h"
#include "provider/provider.h"

struct config {
    char listen_host[256];
    uint16_t listen_port;
    char data[1024];       /* directory of the store and the key file */
    char public_url[1024]; /* without a slash at the end; empty: http:// and the listen address */
    unsigned ingest_loops; /* event loops of the HTTP server */
    char api_key[256];     /* empty: from DATA/api-key, made at the first start */
    char transform_program[1024]; /* the worker of transformations; empty: found beside this program */
    struct provider_settings provider; /* the calls to those who send */
    struct channel_settings channels; /* how people are told of issues */
    struct egress egress;  /* where users' calls may go; the gateway's own addresses are added at the start */
    struct http_client_settings client; /* how deliveries go out */
    bool quick_start;      /* on an empty data directory make a source, a mock destination and a connection */
};

void config_defaults(struct config *config);
void config_free(struct config *config); /* what it holds */
/* Sets one setting (a field above or a limit) by its name. */
bool config_set(struct config *config, struct text name, struct text value, struct error *error);
bool config_read_file(struct config *config, const char *path, struct error *error);
/* Looks for FAIRLEAD_NAME of every setting. */
bool config_read_environment(struct config *config, struct error *error);
