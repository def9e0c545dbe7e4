#include "catalog/catalog.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash_map.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/notification.h"

struct catalog {
    pthread_mutex_t refreshing;  /* one refresh at a time; guards reader, since */
    struct store_reader *reader;
    int64_t since;
    struct catalog_listener listener; /* set before the first refresh that matters */

    pthread_rwlock_t lock;       /* guards the maps */
    struct hash_map sources, sources_by_token;
    struct hash_map destinations, connections;
    struct hash_map projects;
    struct arena project_arena;
    struct trigger_set *triggers;
    _Atomic int64_t triggers_change; /* of `triggers` */
    struct hash_map hosts;       /* hostname -> struct domain in host_arena */
    struct arena host_arena;
    atomic_size_t host_count;    /* read without the lock: most gateways have none */
};

/* ---- entries ---- */

static struct text keep(struct arena *arena, struct text text)
{
    return text.data ? arena_copy_text(arena, text) : TEXT_NONE;
}

void catalog_connection_release(struct catalog_connection *connection)
{
    if (connection == NULL || atomic_fetch_sub(&connection->references, 1) != 1)
        return;
    steps_free(connection->steps);
    arena_free(&connection->arena);
    free(connection);
}

void catalog_destination_release(struct catalog_destination *destination)
{
    if (destination == NULL || atomic_fetch_sub(&destination->references, 1) != 1)
        return;
    arena_free(&destination->arena);
    free(destination);
}

void catalog_source_release(struct catalog_source *source)
{
    if (source == NULL || atomic_fetch_sub(&source->references, 1) != 1)
        return;
    for (size_t i = 0; i < source->connection_count; i++) {
        catalog_connection_release(source->connections[i]);
        catalog_destination_release(source->destinations[i]);
    }
    arena_free(&source->arena);
    free(source);
}

void catalog_project_release(struct catalog_project *project)
{
    if (project == NULL || atomic_fetch_sub(&project->references, 1) != 1)
        return;
    arena_free(&project->arena);
    free(project);
}

static struct catalog_project *make_project(const struct project *record)
{
    struct catalog_project *entry = NEW(struct catalog_project);
    atomic_init(&entry->references, 1);
    entry->record = *record;
    entry->record.name = keep(&entry->arena, record->name);
    entry->record.signing_secret = keep(&entry->arena, record->signing_secret);
    entry->record.previous_secret = keep(&entry->arena, record->previous_secret);
    return entry;
}

/*
 * The API takes no rules that cannot be compiled. But a limit of filters may have been lowered since, or an older version
 * run on what a newer one stored. Nothing passes then: an event that should not be is delivered for good, while what was
 * filtered stays with its request and can be replayed when the rules are mended.
 */
static struct steps *make_steps(const struct connection *record)
{
    struct error error = {0};
    json_t *rules = json_parse(record->rules.size > 0 ? record->rules : TEXT("[]"), &error);
    struct steps *steps = rules != NULL ? steps_compile(rules, &error) : NULL;
    json_decref(rules);
    if (error.code == ERROR_NONE)
        return steps;
    log_error("the rules of connection %.*s cannot be run, it lets nothing pass: %s", TEXT_ARGS(record->name),
              error.message);
    return steps_closed();
}

static struct catalog_connection *make_connection(const struct connection *record)
{
    struct catalog_connection *entry = NEW(struct catalog_connection);
    struct error error = {0};
    atomic_init(&entry->references, 1);
    entry->record = *record;
    entry->record.name = keep(&entry->arena, record->name);
    entry->record.description = keep(&entry->arena, record->description);
    entry->record.rules = keep(&entry->arena, record->rules);
    if (!retry_rule_read(record->rules, &entry->retry, &error))
        log_error("the rules of connection %.*s cannot be read: %s", TEXT_ARGS(record->name), error.message);
    entry->delay_ms = delay_rule_read(record->rules);
    entry->steps = make_steps(record);
    return entry;
}

static struct catalog_destination *make_destination(const struct destination *record)
{
    struct catalog_destination *entry = NEW(struct catalog_destination);
    struct error error = {0};
    atomic_init(&entry->references, 1);
    entry->record = *record;
    entry->record.name = keep(&entry->arena, record->name);
    entry->record.description = keep(&entry->arena, record->description);
    entry->record.config = keep(&entry->arena, record->config);
    if (!destination_settings_read(&entry->arena, record, &entry->settings, &error))
        log_error("the config of destination %.*s cannot be read: %s", TEXT_ARGS(record->name), error.message);
    return entry;
}

/* The source without its connections. */
static struct catalog_source *make_source(const struct source *record)
{
    struct catalog_source *entry = NEW(struct catalog_source);
    struct error error = {0};
    atomic_init(&entry->references, 1);
    entry->record = *record;
    entry->record.token = keep(&entry->arena, record->token);
    entry->record.name = keep(&entry->arena, record->name);
    entry->record.description = keep(&entry->arena, record->description);
    entry->record.type = keep(&entry->arena, record->type);
    entry->record.config = keep(&entry->arena, record->config);
    if (!source_settings_read(&entry->arena, &entry->record, &entry->settings, &error))
        log_error("the config of source %.*s cannot be read: %s", TEXT_ARGS(record->name), error.message);
    return entry;
}

/* ---- refresh ---- */

/* Gathers the source's connections from the map. The write lock is held. */
static void bind_connections(struct catalog *catalog, struct catalog_source *source)
{
    size_t room = 0, position = 0;
    struct catalog_connection *connection;
    while ((connection = hash_map_next(&catalog->connections, &position)) != NULL)
        room += connection->record.source_id == source->record.id;
    source->connections = ARENA_ARRAY(&source->arena, struct catalog_connection *, room);
    source->destinations = ARENA_ARRAY(&source->arena, struct catalog_destination *, room);
    position = 0;
    while ((connection = hash_map_next(&catalog->connections, &position)) != NULL) {
        struct catalog_destination *destination =
            hash_map_get(&catalog->destinations, connection->record.destination_id);
        if (connection->record.source_id != source->record.id || connection->record.deleted_at != 0 ||
            destination == NULL)
            continue;
        atomic_fetch_add(&connection->references, 1);
        atomic_fetch_add(&destination->references, 1);
        source->connections[source->connection_count] = connection;
        source->destinations[source->connection_count++] = destination;
    }
}

static void publish_source(struct catalog *catalog, const struct source *record)
{
    struct catalog_source *entry = make_source(record);
    bind_connections(catalog, entry);
    struct catalog_source *before = hash_map_put(&catalog->sources, entry->record.id, entry);
    if (before != NULL)
        hash_map_remove_text(&catalog->sources_by_token, before->record.token);
    hash_map_put_text(&catalog->sources_by_token, entry->record.token, entry);
    catalog_source_release(before);
}

/* Which sources must be bound anew: those that changed, and those whose connections or destinations did. */
static void mark_touched(struct catalog *catalog, const struct store_changes *changes, struct hash_map *touched)
{
    for (size_t i = 0; i < changes->connection_count; i++) {
        struct catalog_source *source = hash_map_get(&catalog->sources, changes->connections[i].source_id);
        if (source != NULL)
            hash_map_put(touched, source->record.id, source);
    }
    for (size_t i = 0; i < changes->destination_count; i++) {
        size_t position = 0;
        struct catalog_connection *connection;
        while ((connection = hash_map_next(&catalog->connections, &position)) != NULL) {
            struct catalog_source *source = hash_map_get(&catalog->sources, connection->record.source_id);
            if (connection->record.destination_id == changes->destinations[i].id && source != NULL)
                hash_map_put(touched, source->record.id, source);
        }
    }
    for (size_t i = 0; i < changes->source_count; i++)
        hash_map_remove(touched, changes->sources[i].id);
}

/* The write lock is held. */
static void publish_hosts(struct catalog *catalog, const struct store_changes *changes)
{
    hash_map_free(&catalog->hosts);
    arena_free(&catalog->host_arena);
    for (size_t i = 0; i < changes->domain_count; i++) {
        struct domain *domain = ARENA_NEW(&catalog->host_arena, struct domain);
        *domain = changes->domains[i];
        domain->hostname = keep(&catalog->host_arena, domain->hostname);
        hash_map_put_text(&catalog->hosts, domain->hostname, domain);
    }
    atomic_store(&catalog->host_count, changes->domain_count);
}

static void publish(struct catalog *catalog, const struct store_changes *changes)
{
    struct hash_map touched = {0};
    /* Rules may be long: they are read while nobody waits for the lock. */
    struct catalog_connection **connections =
        memory_allocate((changes->connection_count + 1) * sizeof *connections);
    for (size_t i = 0; i < changes->connection_count; i++)
        connections[i] = make_connection(&changes->connections[i]);
    pthread_rwlock_wrlock(&catalog->lock);
    for (size_t i = 0; i < changes->project_count; i++) {
        struct catalog_project *entry = make_project(&changes->projects[i]);
        catalog_project_release(hash_map_put(&catalog->projects, entry->record.id, entry));
    }
    for (size_t i = 0; i < changes->destination_count; i++) {
        struct catalog_destination *entry = make_destination(&changes->destinations[i]);
        catalog_destination_release(hash_map_put(&catalog->destinations, entry->record.id, entry));
    }
    for (size_t i = 0; i < changes->connection_count; i++)
        catalog_connection_release(
            hash_map_put(&catalog->connections, connections[i]->record.id, connections[i]));
    mark_touched(catalog, changes, &touched);
    for (size_t i = 0; i < changes->source_count; i++)
        publish_source(catalog, &changes->sources[i]);
    size_t position = 0;
    struct catalog_source *source;
    while ((source = hash_map_next(&touched, &position)) != NULL)
        publish_source(catalog, &source->record);
    if (changes->domains_changed)
        publish_hosts(catalog, changes);
    pthread_rwlock_unlock(&catalog->lock);
    hash_map_free(&touched);
    free(connections);
}

static void tell_listener(struct catalog *catalog, const struct store_changes *changes)
{
    struct catalog_listener listener = catalog->listener;
    for (size_t i = 0; listener.destination_changed != NULL && i < changes->destination_count; i++) {
        struct catalog_destination *entry = catalog_find_destination(catalog, changes->destinations[i].id);
        listener.destination_changed(listener.context, entry);
        catalog_destination_release(entry);
    }
    for (size_t i = 0; listener.connection_changed != NULL && i < changes->connection_count; i++) {
        struct catalog_connection *entry = catalog_find_connection(catalog, changes->connections[i].id);
        listener.connection_changed(listener.context, entry);
        catalog_connection_release(entry);
    }
}

/* They are few and change seldom: all are read anew when one did. */
static bool refresh_triggers(struct catalog *catalog, struct error *error)
{
    int64_t change;
    if (!store_read_issue_change(catalog->reader, &change, error))
        return false;
    if (catalog->triggers != NULL && catalog->triggers->change == change)
        return true;
    struct trigger_set *set = trigger_set_read(catalog->reader, change, error);
    if (set == NULL)
        return false;
    pthread_rwlock_wrlock(&catalog->lock);
    struct trigger_set *before = catalog->triggers;
    catalog->triggers = set;
    atomic_store(&catalog->triggers_change, change);
    pthread_rwlock_unlock(&catalog->lock);
    trigger_set_release(before);
    return true;
}

bool catalog_refresh(struct catalog *catalog, struct error *error)
{
    struct arena arena = {0};
    struct store_changes changes;
    pthread_mutex_lock(&catalog->refreshing);
    bool done = store_read_changes(catalog->reader, &arena, catalog->since, &changes, error);
    if (done) {
        publish(catalog, &changes);
        catalog->since = changes.last;
        tell_listener(catalog, &changes);
    }
    done = done && refresh_triggers(catalog, error);
    pthread_mutex_unlock(&catalog->refreshing);
    arena_free(&arena);
    return done;
}

void catalog_listen(struct catalog *catalog, struct catalog_listener listener)
{
    pthread_mutex_lock(&catalog->refreshing);
    catalog->listener = listener;
    pthread_mutex_unlock(&catalog->refreshing);
    size_t position = 0, count = 0;
    struct catalog_connection *connection, **all;
    pthread_rwlock_rdlock(&catalog->lock);
    all = memory_allocate((catalog->connections.used + 1) * sizeof(struct catalog_connection *));
    while ((connection = hash_map_next(&catalog->connections, &position)) != NULL) {
        atomic_fetch_add(&connection->references, 1);
        all[count++] = connection;
    }
    pthread_rwlock_unlock(&catalog->lock);
    for (size_t i = 0; i < count; i++) {
        if (listener.connection_changed != NULL)
            listener.connection_changed(listener.context, all[i]);
        catalog_connection_release(all[i]);
    }
    free(all);
}

/* ---- finding ---- */

struct catalog_source *catalog_find_source_by_token(struct catalog *catalog, struct text token)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_source *source = hash_map_get_text(&catalog->sources_by_token, token);
    if (source != NULL)
        atomic_fetch_add(&source->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return source;
}

struct catalog_source *catalog_find_source(struct catalog *catalog, int64_t id)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_source *source = hash_map_get(&catalog->sources, id);
    if (source != NULL)
        atomic_fetch_add(&source->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return source;
}

struct catalog_source *catalog_find_source_by_name(struct catalog *catalog, int64_t project_id, struct text name)
{
    size_t position = 0;
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_source *source;
    while ((source = hash_map_next(&catalog->sources, &position)) != NULL) {
        if (source->record.project_id == project_id && source->record.deleted_at == 0 &&
            text_equal(source->record.name, name)) {
            atomic_fetch_add(&source->references, 1);
            break;
        }
    }
    pthread_rwlock_unlock(&catalog->lock);
    return source;
}

struct catalog_connection *catalog_find_connection(struct catalog *catalog, int64_t id)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_connection *connection = hash_map_get(&catalog->connections, id);
    if (connection != NULL)
        atomic_fetch_add(&connection->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return connection;
}

struct catalog_destination *catalog_find_destination(struct catalog *catalog, int64_t id)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_destination *destination = hash_map_get(&catalog->destinations, id);
    if (destination != NULL)
        atomic_fetch_add(&destination->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return destination;
}

struct catalog_project *catalog_find_project(struct catalog *catalog, int64_t id)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct catalog_project *project = hash_map_get(&catalog->projects, id);
    if (project != NULL)
        atomic_fetch_add(&project->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return project;
}

static struct text without_port(struct text host)
{
    size_t size = host.size;
    while (size > 0 && host.data[size - 1] >= '0' && host.data[size - 1] <= '9')
        size--;
    return size > 0 && host.data[size - 1] == ':' ? text_slice(host, 0, size - 1) : host;
}

bool catalog_has_hosts(const struct catalog *catalog)
{
    return atomic_load_explicit(&catalog->host_count, memory_order_relaxed) > 0;
}

int64_t catalog_project_of_host(struct catalog *catalog, struct text host)
{
    char name[DOMAIN_NAME_BYTES + 1];
    host = without_port(host);
    if (text_ends_with(host, TEXT(".")))
        host.size--;
    if (!domain_read(host, name))
        return 0;
    pthread_rwlock_rdlock(&catalog->lock);
    struct domain *domain = hash_map_get_text(&catalog->hosts, (struct text){name, host.size});
    int64_t project_id = domain != NULL ? domain->project_id : 0;
    pthread_rwlock_unlock(&catalog->lock);
    return project_id;
}

struct trigger_set *catalog_triggers(struct catalog *catalog)
{
    pthread_rwlock_rdlock(&catalog->lock);
    struct trigger_set *set = catalog->triggers;
    atomic_fetch_add(&set->references, 1);
    pthread_rwlock_unlock(&catalog->lock);
    return set;
}

bool catalog_triggers_changed(const struct catalog *catalog, int64_t change)
{
    return atomic_load_explicit(&catalog->triggers_change, memory_order_acquire) != change;
}

/* ---- open and close ---- */

struct catalog *catalog_open(struct store *store, struct error *error)
{
    struct catalog *catalog = NEW(struct catalog);
    pthread_mutex_init(&catalog->refreshing, NULL);
    pthread_rwlock_init(&catalog->lock, NULL);
    catalog->reader = store_reader_open(store, error);
    if (catalog->reader != NULL && catalog_refresh(catalog, error))
        return catalog;
    catalog_close(catalog);
    return NULL;
}

void catalog_close(struct catalog *catalog)
{
    size_t position = 0;
    void *entry;
    while ((entry = hash_map_next(&catalog->sources, &position)) != NULL)
        catalog_source_release(entry);
    position = 0;
    while ((entry = hash_map_next(&catalog->connections, &position)) != NULL)
        catalog_connection_release(entry);
    position = 0;
    while ((entry = hash_map_next(&catalog->destinations, &position)) != NULL)
        catalog_destination_release(entry);
    position = 0;
    while ((entry = hash_map_next(&catalog->projects, &position)) != NULL)
        catalog_project_release(entry);
    hash_map_free(&catalog->sources);
    hash_map_free(&catalog->sources_by_token);
    hash_map_free(&catalog->connections);
    hash_map_free(&catalog->destinations);
    hash_map_free(&catalog->projects);
    arena_free(&catalog->project_arena);
    trigger_set_release(catalog->triggers);
    hash_map_free(&catalog->hosts);
    arena_free(&catalog->host_arena);
    if (catalog->reader != NULL)
        store_reader_close(catalog->reader);
    pthread_rwlock_destroy(&catalog->lock);
    pthread_mutex_destroy(&catalog->refreshing);
    free(catalog);
}
