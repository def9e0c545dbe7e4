#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/clock.h"

enum { CONNECTION_PAGE = 500 };

/* ---- shown --------------------------------------------------------------------------------------- */

json_t *connection_json(struct call *call, const struct connection *connection)
{
    struct source source = {.name = TEXT("")};
    struct destination destination = {.name = TEXT("")};
    struct error error = {0};
    if (!store_read_source(call->reader, call->arena, call->project_id, connection->source_id, &source, &error) ||
        !store_read_destination(call->reader, call->arena, call->project_id, connection->destination_id,
                                &destination, &error))
        return NULL;
    struct text name = connection->name.data != NULL ? connection->name : destination.name;
    char *full_name = arena_printf(call->arena, "%.*s -> %.*s", TEXT_ARGS(source.name), TEXT_ARGS(name));
    json_t *rules = json_parse(connection->rules.size ? connection->rules : TEXT("[]"), NULL);
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
                     call_id(ID_CONNECTION, connection->id), "name", json_text(connection->name), "full_name",
                     full_name, "description", json_text(connection->description), "team_id",
                     call_id(ID_PROJECT, connection->project_id), "source_id",
                     call_id(ID_SOURCE, connection->source_id), "destination_id",
                     call_id(ID_DESTINATION, connection->destination_id), "source",
                     source_json(call, &source, false), "destination",
                     destination_json(call, &destination, false), "rules", rules != NULL ? rules : json_array(),
                     "disabled_at", json_moment(connection->disabled_at), "paused_at",
                     json_moment(connection->paused_at), "updated_at", json_moment(connection->updated_at),
                     "created_at", json_moment(connection->created_at));
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct connection connection;
    if (!store_read_connection(call->reader, call->arena, call->project_id, id, &connection, &error))
        return call_fail_error(call, &error);
    return call_reply(call, connection_json(call, &connection));
}

bool connection_find(struct call *call, struct text id, struct connection *connection)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_CONNECTION, id, &key))
        return call_fail_missing(call, "connection", id);
    if (!store_read_connection(call->reader, call->arena, call->project_id, key, connection, &error))
        return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "connection", id)
                                             : call_fail_error(call, &error);
    return connection->deleted_at == 0 || call_fail_gone(call, "connection", id);
}

/* ---- changed ------------------------------------------------------------------------------------- */

static bool put(struct call *call, const struct connection *connection)
{
    struct error error = {0};
    call->changed_id = connection->id;
    return store_put_connection(call->transaction, connection, &error) || call_fail_error(call, &error);
}

/* Is the name free on the source, but for the connection itself? */
static bool check_name(struct call *call, const struct connection *connection)
{
    struct error error = {0};
    struct connection other;
    if (connection->name.data == NULL)
        return true;
    if (store_read_connection_by_name(call->reader, call->arena, call->project_id, connection->source_id,
                                      connection->name, &other, &error))
        return other.id == connection->id ||
               call_fail_taken(call, "connection", "webhook", other.name, ID_CONNECTION, other.id);
    return error.code == ERROR_NOT_FOUND || call_fail_error(call, &error);
}

/* What every way to change a connection may change. */
static bool merge_own(struct call *call, struct connection *connection)
{
    json_t *rules = json_member(call->body, "rules");
    if (json_member(call->body, "name") != NULL) {
        struct text name = json_member_text(call->body, "name");
        connection->name = name.data ? arena_copy_text(call->arena, name) : TEXT_NONE;
    }
    if (json_member(call->body, "description") != NULL) {
        struct text description = json_member_text(call->body, "description");
        connection->description = description.data ? arena_copy_text(call->arena, description) : TEXT_NONE;
    }
    if (json_is_array(rules)) {
        if (!rules_take(call, rules))
            return false;
        connection->rules = config_text(call, rules);
    }
    connection->updated_at = call->now;
    return call_check(call) && check_name(call, connection);
}

/* The source that the body names or holds. Left out: its id stays 0. */
static bool take_source(struct call *call, struct source *source)
{
    json_t *inline_source = json_member(call->body, "source");
    struct text id = json_member_text(call->body, "source_id");
    struct error error = {0};
    int64_t key;
    *source = (struct source){0};
    if (json_is_object(inline_source)) {
        if (id.data != NULL)
            call_problem(call, "source: cannot be given together with source_id");
        return call_check(call) && source_apply(call, inline_source, source);
    }
    if (id.data == NULL)
        return true;
    bool found = id_parse(ID_SOURCE, id, &key) &&
                 store_read_source(call->reader, call->arena, call->project_id, key, source, &error);
    if (!found && error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (!found || source->deleted_at != 0)
        call_problem(call, "source_id: there is no source %.*s", TEXT_ARGS(id));
    return call_check(call);
}

static bool take_destination(struct call *call, struct destination *destination)
{
    json_t *inline_destination = json_member(call->body, "destination");
    struct text id = json_member_text(call->body, "destination_id");
    struct error error = {0};
    int64_t key;
    *destination = (struct destination){0};
    if (json_is_object(inline_destination)) {
        if (id.data != NULL)
            call_problem(call, "destination: cannot be given together with destination_id");
        return call_check(call) && destination_apply(call, inline_destination, destination);
    }
    if (id.data == NULL)
        return true;
    bool found = id_parse(ID_DESTINATION, id, &key) &&
                 store_read_destination(call->reader, call->arena, call->project_id, key, destination, &error);
    if (!found && error.code != ERROR_NONE && error.code != ERROR_NOT_FOUND)
        return call_fail_error(call, &error);
    if (!found || destination->deleted_at != 0)
        call_problem(call, "destination_id: there is no destination %.*s", TEXT_ARGS(id));
    return call_check(call);
}

static bool make(struct call *call, int64_t source_id, int64_t destination_id)
{
    if (source_id == 0)
        call_problem(call, "source: or source_id is required");
    if (destination_id == 0)
        call_problem(call, "destination: or destination_id is required");
    struct connection connection = {
        .id = id_new(),
        .project_id = call->project_id,
        .source_id = source_id,
        .destination_id = destination_id,
        .rules = TEXT("[]"),
        .created_at = call->now,
    };
    return merge_own(call, &connection) && put(call, &connection);
}

static bool change_create(struct call *call)
{
    struct source source;
    struct destination destination;
    return take_source(call, &source) && take_destination(call, &destination) &&
           make(call, source.id, destination.id);
}

/* All live connections of a source or destination. */
static bool read_all_of(struct call *call, enum store_field field, int64_t id, struct connection **all,
                        size_t *count)
{
    struct error error = {0};
    struct store_value value = {.integer = id};
    struct store_filter filter = {.field = field, .operator = OP_IN, .values = &value, .count = 1};
    struct store_list list = {
        .project_id = call->project_id, .filters = &filter, .filter_count = 1,
        .order_by = FIELD_CREATED_AT, .limit = CONNECTION_PAGE,
    };
    struct store_page page = {0};
    *all = NULL;
    *count = 0;
    do {
        struct connection *some = NULL;
        list.next = page.next;
        page = (struct store_page){0};
        if (!store_list_connections(call->reader, call->arena, &list, &some, &page, &error))
            return call_fail_error(call, &error);
        struct connection *more = ARENA_ARRAY(call->arena, struct connection, *count + page.count + 1);
        for (size_t i = 0; i < *count; i++)
            more[i] = (*all)[i];
        for (size_t i = 0; i < page.count; i++)
            more[*count + i] = some[i];
        *all = more;
        *count += page.count;
    } while (page.next.size > 0);
    return true;
}

/* The connection that an upsert means: that of the name, or the nameless one of the same two ends. */
static bool find_for_upsert(struct call *call, int64_t source_id, int64_t destination_id,
                            struct connection *connection)
{
    struct error error = {0};
    struct text name = json_member_text(call->body, "name");
    struct connection *all;
    size_t count;
    *connection = (struct connection){0};
    if (name.data != NULL) {
        if (store_read_connection_by_name(call->reader, call->arena, call->project_id, source_id, name, connection,
                                          &error) ||
            error.code == ERROR_NOT_FOUND)
            return true;
        return call_fail_error(call, &error);
    }
    if (source_id == 0 || destination_id == 0)
        return true;
    if (!read_all_of(call, FIELD_SOURCE_ID, source_id, &all, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (all[i].name.data == NULL && all[i].destination_id == destination_id)
            *connection = all[i];
    }
    return true;
}

static bool change_upsert(struct call *call)
{
    struct source source;
    struct destination destination;
    struct connection connection;
    if (!take_source(call, &source) || !take_destination(call, &destination) ||
        !find_for_upsert(call, source.id, destination.id, &connection))
        return false;
    if (connection.id == 0)
        return make(call, source.id, destination.id);
    if (destination.id != 0 && destination.id != connection.destination_id)
        call_problem(call, "destination: of a connection that exists cannot be changed");
    return merge_own(call, &connection) && put(call, &connection);
}

/* hookdeck-cli names the ends of a connection that it changes; they are what the connection is, and stay. */
static bool check_ends(struct call *call, const struct connection *connection)
{
    struct source source;
    struct destination destination;
    if (!take_source(call, &source) || !take_destination(call, &destination))
        return false;
    if (source.id != 0 && source.id != connection->source_id)
        call_problem(call, "source: of a connection that exists cannot be changed");
    if (destination.id != 0 && destination.id != connection->destination_id)
        call_problem(call, "destination: of a connection that exists cannot be changed");
    return call_check(call);
}

static bool change_update(struct call *call)
{
    struct connection connection;
    return connection_find(call, call->id, &connection) && check_ends(call, &connection) &&
           merge_own(call, &connection) && put(call, &connection);
}

static bool disable_one(struct call *call, struct connection *connection, bool and_delete)
{
    if (connection->disabled_at != 0 && !and_delete)
        return put(call, connection);
    if (and_delete)
        connection->deleted_at = call->now;
    else
        connection->disabled_at = call->now;
    connection->updated_at = call->now;
    call_sweep(call, (struct call_sweep){.connection_id = connection->id, .slice = store_cancel_events});
    return put(call, connection);
}

bool connection_disable_of(struct call *call, enum store_field field, int64_t id, bool and_delete)
{
    int64_t changed_id = call->changed_id; /* stays that of the source or destination */
    struct connection *all;
    size_t count;
    if (!read_all_of(call, field, id, &all, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!disable_one(call, &all[i], and_delete))
            return false;
    }
    call->changed_id = changed_id;
    return true;
}

static bool change_disable(struct call *call)
{
    struct connection connection;
    return connection_find(call, call->id, &connection) && disable_one(call, &connection, false);
}

static bool change_delete(struct call *call)
{
    struct connection connection;
    return connection_find(call, call->id, &connection) && disable_one(call, &connection, true);
}

/* A connection that works needs both of its ends. */
static bool enable_ends(struct call *call, const struct connection *connection)
{
    struct error error = {0};
    struct source source;
    struct destination destination;
    if (!store_read_source(call->reader, call->arena, call->project_id, connection->source_id, &source, &error) ||
        !store_read_destination(call->reader, call->arena, call->project_id, connection->destination_id,
                                &destination, &error))
        return call_fail_error(call, &error);
    if (source.disabled_at != 0) {
        source.disabled_at = 0;
        source.updated_at = call->now;
        if (!store_put_source(call->transaction, &source, &error))
            return call_fail_error(call, &error);
    }
    if (destination.disabled_at != 0) {
        destination.disabled_at = 0;
        destination.updated_at = call->now;
        if (!store_put_destination(call->transaction, &destination, &error))
            return call_fail_error(call, &error);
    }
    return true;
}

static bool change_enable(struct call *call)
{
    struct connection connection;
    if (!connection_find(call, call->id, &connection) || !enable_ends(call, &connection))
        return false;
    if (connection.disabled_at != 0)
        connection.updated_at = call->now;
    connection.disabled_at = 0;
    return put(call, &connection);
}

static bool change_pause(struct call *call)
{
    struct connection connection;
    if (!connection_find(call, call->id, &connection))
        return false;
    if (connection.paused_at == 0)
        connection.paused_at = connection.updated_at = call->now;
    call_sweep(call, (struct call_sweep){.connection_id = connection.id, .slice = store_hold_events});
    return put(call, &connection);
}

static bool change_unpause(struct call *call)
{
    struct connection connection;
    if (!connection_find(call, call->id, &connection))
        return false;
    if (connection.paused_at != 0)
        connection.updated_at = call->now;
    connection.paused_at = 0;
    call_sweep(call, (struct call_sweep){.connection_id = connection.id,
                                         .destination_id = connection.destination_id,
                                         .slice = store_resume_events,
                                         .wake = true});
    return put(call, &connection);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool connection_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool connection_upsert(struct call *call)
{
    return call_write(call, change_upsert) && reply_with(call, call->changed_id);
}

static bool connection_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool connection_disable(struct call *call)
{
    return call_write(call, change_disable) && reply_with(call, call->changed_id);
}

static bool connection_enable(struct call *call)
{
    return call_write(call, change_enable) && reply_with(call, call->changed_id);
}

static bool connection_pause(struct call *call)
{
    return call_write(call, change_pause) && reply_with(call, call->changed_id);
}

static bool connection_unpause(struct call *call)
{
    return call_write(call, change_unpause) && reply_with(call, call->changed_id);
}

static bool connection_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool connection_get(struct call *call)
{
    struct connection connection;
    return connection_find(call, call->id, &connection) && call_reply(call, connection_json(call, &connection));
}

static bool connection_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct connection *connections = NULL;
    if (list.limit > 0 &&
        !store_list_connections(call->reader, call->arena, &list, &connections, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, connection_json(call, &connections[i]));
    return page_reply(call, models, &page);
}

static bool connection_count(struct call *call)
{
    return page_count(call, COUNT_CONNECTIONS);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row object_item = {.name = "", VALUE_OBJECT};

#define CONNECTION_OWN                                                                                  \
    {"name", VALUE_TEXT | VALUE_NULL, .is_name = true, .most = NAME_MOST},                              \
    {"description", VALUE_TEXT | VALUE_NULL, .most = DESCRIPTION_MOST},                                 \
    {"rules", VALUE_ARRAY | VALUE_NULL, .item = &object_item}

static const struct field_row connection_fields[] = {
    CONNECTION_OWN,
    {"source_id", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"source", VALUE_OBJECT | VALUE_NULL, .fields = source_fields},
    {"destination_id", VALUE_TEXT | VALUE_NULL, .most = TEXT_MOST},
    {"destination", VALUE_OBJECT | VALUE_NULL, .fields = destination_fields},
    END,
};
static const struct field_row connection_change_fields[] = {
    CONNECTION_OWN,
    {"source_id", VALUE_TEXT | VALUE_NULL, .older = true, .most = TEXT_MOST},
    {"destination_id", VALUE_TEXT | VALUE_NULL, .older = true, .most = TEXT_MOST},
    END,
};

static const struct field_row text_item = {.name = "", VALUE_TEXT};
/* Which members a rule has follows from its type; they come back as they were given. */
static const struct field_row rule_shape[] = {
    ALWAYS("type", VALUE_TEXT),
    /* retry */
    PERHAPS("strategy", VALUE_TEXT), PERHAPS("interval", VALUE_INTEGER | VALUE_NULL),
    PERHAPS("count", VALUE_INTEGER | VALUE_NULL), PERHAPS("response_status_codes", VALUE_ARRAY | VALUE_NULL),
    /* delay */
    PERHAPS("delay", VALUE_INTEGER),
    /* filter */
    PERHAPS("headers", VALUE_ANY), PERHAPS("body", VALUE_ANY), PERHAPS("query", VALUE_ANY), PERHAPS("path", VALUE_ANY),
    /* transform */
    PERHAPS("transformation_id", VALUE_TEXT),
    /* deduplicate */
    PERHAPS("window", VALUE_INTEGER), {"include_fields", VALUE_ARRAY, .item = &text_item},
    {"exclude_fields", VALUE_ARRAY, .item = &text_item}, END,
};
static const struct field_row rule_item = {.name = "", VALUE_OBJECT, .fields = rule_shape};
static const struct field_row connection_shape[] = {
    ALWAYS("id", VALUE_TEXT), ALWAYS("name", VALUE_TEXT | VALUE_NULL), ALWAYS("full_name", VALUE_TEXT),
    ALWAYS("description", VALUE_TEXT | VALUE_NULL), ALWAYS("team_id", VALUE_TEXT), ALWAYS("source_id", VALUE_TEXT),
    ALWAYS("destination_id", VALUE_TEXT), {"source", VALUE_OBJECT, .required = true, .fields = source_shape},
    {"destination", VALUE_OBJECT, .required = true, .fields = destination_shape},
    {"rules", VALUE_ARRAY, .required = true, .item = &rule_item}, MOMENT_OR_NULL("disabled_at"),
    MOMENT_OR_NULL("paused_at"), MOMENT("updated_at"), MOMENT("created_at"), END,
};
static const struct shape shapes[] = {{"Connection", connection_shape}, END};

static const struct order_row connection_orders[] = {
    {.name = "created_at", FIELD_CREATED_AT}, {.name = "updated_at", FIELD_UPDATED_AT},
    {.name = "full_name", FIELD_FULL_NAME},
    {.name = "sources.created_at", FIELD_SOURCE_CREATED_AT}, {.name = "sources.updated_at", FIELD_SOURCE_UPDATED_AT},
    {.name = "destinations.created_at", FIELD_DESTINATION_CREATED_AT},
    {.name = "destinations.updated_at", FIELD_DESTINATION_UPDATED_AT}, END,
};
#define CONNECTION_FILTERS                                                                              \
    ID_FILTER("id", FIELD_ID, ID_CONNECTION),                                                           \
    {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST, .operators = true},                         \
    {"full_name", PARAMETER_NAME, FIELD_FULL_NAME, .most = 2 * NAME_MOST + 4},                          \
    ID_FILTER("source_id", FIELD_SOURCE_ID, ID_SOURCE),                                                 \
    ID_FILTER("destination_id", FIELD_DESTINATION_ID, ID_DESTINATION),                                  \
    {.name = "disabled", PARAMETER_DISABLED, FIELD_DISABLED_AT}, DATE_FILTER("disabled_at", FIELD_DISABLED_AT), \
    DATE_FILTER("paused_at", FIELD_PAUSED_AT)
static const struct parameter_row connection_parameters[] = {
    CONNECTION_FILTERS, PAGING(connection_orders, 100), END,
};
static const struct parameter_row connection_count_parameters[] = {CONNECTION_FILTERS, END};

static const struct operation operations[] = {
    THING(connection, Connection, Connections, connection_fields, connection_change_fields),
    {"PUT", "/connections/{id}/pause", "pauseConnection", "Hold a connection's events", connection_pause, NULL,
     no_fields, "Connection"},
    {"PUT", "/connections/{id}/unpause", "unpauseConnection", "Release a connection's events",
     connection_unpause, NULL, no_fields, "Connection"},
};
OPERATIONS(connection_operations, operations, shapes);
