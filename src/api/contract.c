#include "api/contract.h"

#include <stdio.h>

#include "api/contract_rows.h"

/* ---- shared rows ---------------------------------------------------------------------------------- */

const struct field_row no_fields[] = {END};
const struct parameter_row include_auth_parameters[] = {{.name = "include", PARAMETER_INCLUDE_AUTH}, END};
const struct order_row by_creation[] = {{.name = "created_at", FIELD_CREATED_AT}, END};
const struct order_row by_name_or_date[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "updated_at", FIELD_UPDATED_AT}, {.name = "name", FIELD_NAME},
    END,
};

/* ---- shared shapes --------------------------------------------------------------------------------- */

static const struct field_row count_shape[] = {ALWAYS("count", VALUE_INTEGER), END};
static const struct field_row deleted_shape[] = {ALWAYS("id", VALUE_TEXT), END};
static const struct field_row raw_body_shape[] = {ALWAYS("body", VALUE_TEXT), END};
static const struct shape shared_shapes[] = {
    {"Count", count_shape}, {"Deleted", deleted_shape}, {"RawBody", raw_body_shape}, END,
};
static const struct operation_table shared = {.shapes = shared_shapes};

/* ---- the tables ----------------------------------------------------------------------------------- */

const struct operation_table *const operation_tables[] = {
    &shared,
    &source_operations, &destination_operations, &connection_operations, &request_operations, &event_operations,
    &attempt_operations, &transformation_operations, &execution_operations, &bookmark_operations,
    &integration_operations, &domain_operations, &project_operations, &api_key_operations, &storage_key_operations,
    &account_operations, &sign_in_operations, &replay_operations, &bulk_operations, &issue_operations,
    &issue_trigger_operations, &notification_operations, &metrics_operations, NULL,
};

const struct operation *operation_at(size_t index)
{
    for (const struct operation_table *const *table = operation_tables; *table != NULL; table++) {
        if (index < (*table)->count)
            return &(*table)->rows[index];
        index -= (*table)->count;
    }
    return NULL;
}

size_t operation_count(void)
{
    size_t count = 0;
    for (const struct operation_table *const *table = operation_tables; *table != NULL; table++)
        count += (*table)->count;
    return count;
}

bool operation_is_open(const struct operation *operation)
{
    for (const struct operation_table *const *table = operation_tables; *table != NULL; table++) {
        if ((*table)->count > 0 && operation >= (*table)->rows && operation < (*table)->rows + (*table)->count)
            return (*table)->open;
    }
    return false;
}

/* ---- paths ---------------------------------------------------------------------------------------- */

static bool is_variable(struct text part)
{
    return text_starts_with(part, TEXT("{"));
}

/* Fills in what stands in the place of the variables. */
static bool path_matches(struct text pattern, struct text path, struct path_ids *ids)
{
    struct text expected, part;
    *ids = (struct path_ids){0};
    while (text_split(&pattern, '/', &expected)) {
        if (!text_split(&path, '/', &part))
            return false;
        if (!is_variable(expected)) {
            if (!text_equal(expected, part))
                return false;
        } else if (part.size == 0 || ids->count == PATH_IDS) {
            return false;
        } else {
            ids->items[ids->count++] = part;
        }
    }
    return !text_split(&path, '/', &part);
}

const struct operation *operation_find(struct text method, struct text path, struct path_ids *ids,
                                       char allow[OPERATION_ALLOW_SIZE])
{
    const struct operation *operation, *found = NULL;
    size_t used = 0;
    allow[0] = 0;
    for (size_t i = 0; (operation = operation_at(i)) != NULL; i++) {
        struct path_ids here;
        if (!path_matches(text_of(operation->path), path, &here))
            continue;
        if (text_equal(method, text_of(operation->method)) && (found == NULL || here.count < ids->count)) {
            *ids = here;
            found = operation;
        }
        if (used < OPERATION_ALLOW_SIZE && strstr(allow, operation->method) == NULL)
            used += (size_t)snprintf(allow + used, OPERATION_ALLOW_SIZE - used, "%s%s", used ? ", " : "",
                                     operation->method);
    }
    return found;
}
