/*
 * schema.h - the tables, and the order of their columns that row.h reads. Internal to store/.
 *
 * 0 stands for "never" and "none" in integers, NULL for absent texts. Keys are integers that grow with time
 * (base/id.h), so that inserts go to the end of every index that matters.
 */
#pragma once

#include "store/sqlite/database.h"

/* Secrets are sealed (sealing.h): what is inserted under NOUN_COLUMNS is read by NOUN_OPENED. */
#define PROJECT_COLUMNS "id, created_at, updated_at, deleted_at, name, signing_secret, previous_secret, previous_until"
#define PROJECT_OPENED                                                                                  \
    "id, created_at, updated_at, deleted_at, name, unseal(signing_secret, 'project.signing_secret', id)," \
    " unseal(previous_secret, 'project.previous_secret', id), previous_until"
#define API_KEY_COLUMNS "id, project_id, rate_limit, is_operator, created_at, name, last_digits"
#define SOURCE_COLUMNS SOURCE_PLAIN_COLUMNS "config"
#define SOURCE_OPENED SOURCE_PLAIN_COLUMNS "unseal_config(config, 'source', id)"
#define SOURCE_PLAIN_COLUMNS                                                                            \
    "id, project_id, disabled_at, deleted_at, created_at, updated_at, token, name, description, type, "
#define DESTINATION_COLUMNS DESTINATION_PLAIN_COLUMNS "config"
#define DESTINATION_OPENED DESTINATION_PLAIN_COLUMNS "unseal_config(config, 'destination', id)"
#define DESTINATION_PLAIN_COLUMNS                                                                       \
    "id, project_id, type, disabled_at, deleted_at, created_at, updated_at, name, description, "
#define CONNECTION_COLUMNS                                                                              \
    "id, project_id, source_id, destination_id, disabled_at, paused_at, deleted_at, created_at, updated_at, name, " \
    "description, rules"
#define REQUEST_COLUMNS                                                                                 \
    "id, project_id, source_id, ingested_at, verified, rejection_cause, events_count, cli_events_count, " \
    "ignored_count, updated_at"
#define REQUEST_DATA_COLUMNS ", method, path, query, headers, body"
#define EVENT_COLUMNS                                                                                   \
    "id, project_id, request_id, connection_id, source_id, destination_id, status, due_at, next_attempt_at, " \
    "next_trigger, attempts, automatic_retries, last_attempt_at, successful_at, response_status, error_code, " \
    "created_at, updated_at, bulk_id, execution_id, lane, delivery_group"
#define ATTEMPT_COLUMNS                                                                                 \
    "id, project_id, event_id, destination_id, successful, attempt_number, attempt_trigger, response_status, " \
    "error_code, delivered_at, responded_at, delivery_latency_ms, response_latency_ms, requested_url, method, body, " \
    "content_type, bulk_id, response_headers"
#define IGNORED_COLUMNS "id, request_id, connection_id, cause, meta"
#define TRANSFORMATION_COLUMNS "id, project_id, deleted_at, created_at, updated_at, name"
#define TRANSFORMATION_DATA_COLUMNS ", env, code"
#define TRANSFORMATION_DATA_OPENED ", unseal(env, 'transformation.env', id), code"
#define EXECUTION_COLUMNS                                                                               \
    "id, project_id, transformation_id, connection_id, request_id, original_id, issue_id, log_level, created_at, logs"
#define PASSAGE_COLUMNS "id, project_id, request_id, connection_id, position, bulk_id, remade"
#define BOOKMARK_COLUMNS                                                                                \
    "id, project_id, connection_id, request_id, last_used_at, created_at, updated_at, name, label"
#define INTEGRATION_COLUMNS INTEGRATION_PLAIN_COLUMNS "configs"
#define INTEGRATION_OPENED INTEGRATION_PLAIN_COLUMNS "unseal(configs, 'integration.configs', id)"
#define INTEGRATION_PLAIN_COLUMNS "id, project_id, created_at, updated_at, label, provider, features, "
#define DOMAIN_COLUMNS "id, project_id, created_at, hostname"
#define BULK_COLUMNS                                                                                    \
    "id, project_id, kind, created_at, updated_at, cancelled_at, completed_at, estimated_count, processed_batch, " \
    "completed_count, failed_count, position, bound, query"
#define ISSUE_TRIGGER_COLUMNS                                                                           \
    "id, project_id, type, disabled_at, deleted_at, created_at, updated_at, name, configs, channels"
#define ISSUE_COLUMNS                                                                                   \
    "id, project_id, trigger_id, type, subject_id, key_first, key_second, status, opened_at, first_seen_at, " \
    "last_seen_at, dismissed_at, auto_resolved_at, created_at, updated_at, reference_id, attempt_id"

/*
 * The condition of the index event_notable; statements that use it repeat it. 1, 3 and above 4: all but QUEUED and
 * SUCCESSFUL. Not "IN (...)": SQLite would make a table of the numbers for each event, at 5 us.
 */
#define EVENT_NOTABLE                                                                                   \
    "(status = 1 OR status = 3 OR status > 4 OR attempts > 1 OR error_code > 0 OR response_status > 299" \
    " OR next_attempt_at > 0)"

/* The condition of the index event_order; statements that use it repeat it. 3: EVENT_HOLD. */
#define EVENT_IN_ORDER "(lane > 0 AND (due_at > 0 OR status = 3))"

/* Makes or upgrades the tables. A store of a newer version is refused. */
bool schema_apply(struct store_reader *database, struct error *error);
/* The largest key in use, 0 in an empty store. */
bool schema_last_key(struct store_reader *database, int64_t *key, struct error *error);

/* The tables of each group of nouns, each with what reads and writes them (schema_*.c). */
extern const char schema_core[]; /* the first schema */
extern const char schema_resources[];
extern const char schema_metrics[];
extern const char schema_auth[], schema_fetched[];
extern const char schema_projects[];
extern const char schema_lists[];
extern const char schema_bulk[];
extern const char schema_issues[];
extern const char schema_rules[];
extern const char schema_pace[];
extern const char schema_outages[];
extern const char schema_wire[];
extern const char schema_seal[];
extern const char schema_group_queues[];
