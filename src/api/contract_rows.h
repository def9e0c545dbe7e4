/*
 * contract_rows.h - what the tables of several nouns share. Internal to the contract's tables.
 */
#pragma once

#include "api/contract.h"

#define END {0}
#define COUNT_OF(rows) (sizeof(rows) / sizeof(rows)[0])

enum { NAME_MOST = 155, DESCRIPTION_MOST = 500, URL_MOST = 4096, TEXT_MOST = 255, CODE_MOST = 5242880 };

/* A noun's part of the contract, to stand in contract.c's list. */
#define OPERATIONS(name, table, shapes_of_replies) \
    const struct operation_table name = {.rows = table, .count = COUNT_OF(table), .shapes = shapes_of_replies}

/* ---- queries ---- */

#define ID_FILTER(title, field, kind) {.name = title, PARAMETER_ID, field, kind}
#define NUMBER_FILTER(name, field, least, most) \
    {name, PARAMETER_INTEGER, field, 0, least, most, .operators = true}
#define DATE_FILTER(name, field) {name, PARAMETER_DATE, field, .operators = true}
#define PAGING(orders_table, limit_default)                                                             \
    {"order_by", PARAMETER_ORDER, .orders = orders_table}, {.name = "dir", PARAMETER_DIRECTION},        \
    {"limit", PARAMETER_LIMIT, .least = limit_default}, {.name = "next", PARAMETER_NEXT},               \
    {.name = "prev", PARAMETER_PREV}
/* What requests and events are found by in their data. */
#define DATA_FILTERS                                                                                    \
    {"search_term", PARAMETER_SEARCH, FIELD_SEARCH_TERM, .least = 3, .most = TEXT_MOST},                \
    {"path", PARAMETER_SEARCH, FIELD_PATH, .least = 1, .most = URL_MOST},                               \
    {.name = "headers", PARAMETER_JSON}, {.name = "body", PARAMETER_JSON}, {.name = "parsed_query", PARAMETER_JSON}, \
    {.name = "include", PARAMETER_INCLUDE_DATA}, {.name = "progressive", PARAMETER_HINT}

extern const struct order_row by_creation[];     /* created_at only */
extern const struct order_row by_name_or_date[]; /* created_at, updated_at, name */
extern const struct parameter_row event_parameters[], request_parameters[], include_auth_parameters[];
extern const char *const event_status_names[], *const attempt_error_names[], *const rejection_cause_names[];

/* ---- bodies ---- */

extern const struct field_row no_fields[];
extern const struct field_row source_fields[], destination_fields[];
extern const struct field_row source_auth_fields[]; /* of config.auth, whatever the type */
enum { RATE_MOST = 1000000, GROUP_RATE_MOST = 100000, GROUP_KEY_MOST = 256 };
extern const struct field_row delivery_policy_fields[], delivery_groups_fields[], delivery_order_fields[],
    circuit_breaker_fields[], outage_shape[];

/* ---- replies ---- */

/* A member that is always there, one that may be left out, and moments. */
#define ALWAYS(member, kinds) {.name = member, .types = kinds, .required = true}
#define PERHAPS(member, kinds) {.name = member, .types = kinds}
#define MOMENT(member) {.name = member, .types = VALUE_TEXT, .required = true, .is_moment = true}
#define MOMENT_OR_NULL(member) \
    {.name = member, .types = VALUE_TEXT | VALUE_NULL, .required = true, .is_moment = true}
#define ONE_OF(member, texts) {.name = member, .types = VALUE_TEXT, .required = true, .names = texts}
#define ONE_OF_OR_NULL(member, texts) \
    {.name = member, .types = VALUE_TEXT | VALUE_NULL, .required = true, .names = texts}

extern const struct field_row log_line_item; /* of an execution's or a run's console */
extern const struct field_row source_shape[], destination_shape[], request_shape[], event_shape[], attempt_shape[],
    request_data_shape[];

/* ---- operations ---- */

/* Sources, destinations and connections have the same set of calls. */
#define THING(noun, Noun, Nouns, create, change)                                                        \
    {"GET", "/" #noun "s", "get" #Nouns, "List " #noun "s", noun##_list, noun##_parameters, NULL,       \
     #Noun "PaginatedResult"},                                                                          \
    {"POST", "/" #noun "s", "create" #Noun, "Create a " #noun, noun##_create, NULL, create, #Noun},     \
    {"PUT", "/" #noun "s", "upsert" #Noun, "Create a " #noun " or change the one of that name",         \
     noun##_upsert, NULL, create, #Noun},                                                               \
    {"GET", "/" #noun "s/count", "count" #Nouns, "Count " #noun "s", noun##_count,                      \
     noun##_count_parameters, NULL, "Count"},                                                           \
    {"GET", "/" #noun "s/{id}", "get" #Noun, "Get a " #noun, noun##_get, include_auth_parameters, NULL, #Noun}, \
    {"PUT", "/" #noun "s/{id}", "update" #Noun, "Change a " #noun, noun##_update, NULL, change, #Noun}, \
    {"DELETE", "/" #noun "s/{id}", "delete" #Noun, "Delete a " #noun, noun##_delete, NULL, NULL, "Deleted"}, \
    {"PUT", "/" #noun "s/{id}/disable", "disable" #Noun, "Disable a " #noun, noun##_disable, NULL,      \
     no_fields, #Noun},                                                                                 \
    {"PUT", "/" #noun "s/{id}/archive", "disable" #Noun "_archive", "Disable a " #noun,                 \
     noun##_disable, NULL, no_fields, #Noun},                                                           \
    {"PUT", "/" #noun "s/{id}/enable", "enable" #Noun, "Enable a " #noun, noun##_enable, NULL,          \
     no_fields, #Noun},                                                                                 \
    {"PUT", "/" #noun "s/{id}/unarchive", "enable" #Noun "_unarchive", "Enable a " #noun,               \
     noun##_enable, NULL, no_fields, #Noun}
