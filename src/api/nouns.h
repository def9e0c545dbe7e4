/*
 * nouns.h - what the nouns' files offer each other: how each noun is read and shown.
 *
 * Each noun's file ends with its part of the contract. Handlers take a call whose input fits it and return true when
 * they set a reply (see call.h). `*_json` functions give a new reference, NULL without memory.
 */
#pragma once

#include "api/call.h"
#include "model/execution.h"
#include "model/issue.h"
#include "model/transformation.h"

bool event_list(struct call *call); /* the handler, for the events of a request too */

json_t *source_json(struct call *call, const struct source *source, bool with_auth);
json_t *destination_json(struct call *call, const struct destination *destination, bool with_auth);
json_t *connection_json(struct call *call, const struct connection *connection);
json_t *request_json(struct call *call, const struct request *request, bool with_data);
json_t *event_json(struct call *call, const struct event *event, bool with_data);
json_t *attempt_json(struct call *call, const struct attempt *attempt, bool with_reply);
json_t *execution_whole_json(struct call *call, struct execution *execution);
json_t *issue_json(struct call *call, const struct issue *issue, bool with_data);

/* Inside a change: makes or changes the live source of input.name, as PUT does; an inline one comes here too. */
bool source_apply(struct call *call, json_t *input, struct source *source);
bool destination_apply(struct call *call, json_t *input, struct destination *destination);

/* The record of a public id: 404 for an unknown one, 410 for a deleted one. */
bool source_find(struct call *call, struct text id, struct source *source);
bool destination_find(struct call *call, struct text id, struct destination *destination);
bool connection_find(struct call *call, struct text id, struct connection *connection);
bool request_find(struct call *call, struct text id, bool with_data, struct request *request);
bool event_find(struct call *call, struct text id, struct event *event);
#define PROJECT_ORGANIZATION "fairlead" /* clients show one around the projects */
/* The live project of the call's id, which must be one that its key may act in. */
bool project_find(struct call *call, struct project *project);
/* Only the operator may: 403 else. */
bool project_may_change(struct call *call);
/* Names of projects and keys hold no control characters. */
bool project_check_name(struct call *call, struct text name);
/* Inside a change: makes an API key; the key itself is in the call's arena. */
bool key_insert(struct call *call, int64_t project_id, struct text name, int64_t rate_limit, struct api_key *key,
                struct text *key_text);
bool transformation_find(struct call *call, struct text id, struct transformation *transformation);
/* Notes problems of an env: an object of strings, or NULL; `where` is put in front of names. */
void transformation_check_env(struct call *call, json_t *env, const char *where);
/* Inside a change: makes or changes the live transformation of input.name, as PUT does. */
bool transformation_apply(struct call *call, json_t *input, struct transformation *transformation);
bool transformation_run(struct call *call); /* the handler */

/* Inside a change: what makes events of stored requests; what it made goes to call->made. */
struct remake call_remake(struct call *call);
/* After it: hands the made events on to delivery, and gives them as an array. */
json_t *request_made_json(struct call *call);

/* Inside a change: disables (or deletes) the live connections of a source or destination. */
bool connection_disable_of(struct call *call, enum store_field field, int64_t id, bool and_delete);

/*
 * Inside a change: checks a connection's rules and brings them into the form that is stored; makes the transformations
 * that stand in them.
 */
bool rules_take(struct call *call, json_t *rules);
/* The part of it that needs no store: problems for what is wrong in itself. */
void rules_check(struct call *call, json_t *rules);

/* Checks the auth members of a config; problems are noted in the call. */
void auth_check_source(struct call *call, struct text source_type, json_t *config);
/* Checks what the user entered for a scheme; `where` is put in front of names ("config.auth."). */
void auth_check_scheme(struct call *call, const struct scheme *scheme, const json_t *auth, const char *where);
void auth_check_destination(struct call *call, const json_t *config);
/* credentials.c: keys and certificates. */
void auth_check_service_account(struct call *call, const json_t *auth);
void auth_check_standard_webhooks(struct call *call, const json_t *auth);
void tls_check_destination(struct call *call, enum destination_type type, const json_t *config);
/* reach.c: of what a destination's configuration gives, the URLs that the egress policy refuses. */
void reach_check_destination(struct call *call, const json_t *given);

/* Lays the members of `change` over `config`; a null removes a member. */
void config_merge(json_t *config, json_t *change);
/* The pace of destinations (pace.c): its members in all their forms; taken out of a change; what is wrong with them. */
void pace_show(json_t *object, json_t *config);
void pace_merge(json_t *config, json_t *change);
void pace_check_input(struct call *call, const json_t *change);
void pace_check(struct call *call, const json_t *config);
json_t *outage_json(struct call *call, int64_t destination_id);
/* A stored JSON object as a new reference; an empty one for an empty text. */
json_t *config_read(struct text stored);
/* Takes out what is shown with include=config.auth only. */
void config_hide_secrets(json_t *config);
/* The text of a JSON value in the call's arena. */
struct text config_text(struct call *call, const json_t *value);
/* Moves a member of an older API version into input.config. */
void config_fold(json_t *input, const char *from, const char *to);

/* Parts of the data of requests and events. */
json_t *data_headers_json(struct call *call, struct text stored);
json_t *data_query_json(struct call *call, struct text query);
bool data_is_json(struct text content_type);
/* null with *large for a body that no longer fits into limits.api_data_bytes. */
json_t *data_body_json(struct call *call, struct text content_type, struct text body, bool *large);

/* path, query, headers and body of a request that was read with its data */
json_t *data_request_json(struct call *call, const struct request *request);

/* Adds "of this one" to the filters of the call's query. */
void page_of(struct call *call, enum store_field field, int64_t key);
/* The list of the call's query, and the reply around its models. */
struct store_list page_list(struct call *call);
bool page_reply(struct call *call, json_t *models, const struct store_page *page);
/* Answers how many that list would have in all. */
bool page_count(struct call *call, enum store_countable what);
