/* Hosts, their addresses and their connections. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/memory.h"
#include "http/plain_parts.h"

/* ---- which there are ---- */

static void free_origin(struct plain *plain, struct origin *origin)
{
    hash_map_remove_text(&plain->origins, text_of(origin->authority));
    if (origin->previous != NULL)
        origin->previous->next = origin->next;
    else
        plain->first_origin = origin->next;
    if (origin->next != NULL)
        origin->next->previous = origin->previous;
    free(origin->authority);
    free(origin);
}

/* Those that have connections are as many as connections at most; so half of them at least go each time. */
static void forget_unused(struct plain *plain)
{
    if (plain->origins.used < 2 * (size_t)plain->most_connections)
        return;
    for (struct origin *origin = plain->first_origin, *next; origin != NULL; origin = next) {
        next = origin->next;
        if (origin->connections == 0 && origin->waiting == 0)
            free_origin(plain, origin);
    }
}

struct origin *origin_get(struct plain *plain, const struct plain_url *url)
{
    struct origin *origin = hash_map_get_text(&plain->origins, url->authority);
    if (origin != NULL)
        return origin;
    forget_unused(plain);
    origin = NEW(struct origin);
    origin->authority = memory_allocate(url->authority.size + 1);
    memcpy(origin->authority, url->authority.data, url->authority.size);
    origin->authority[url->authority.size] = '\0';
    origin->is_literal = plain_read_address(url, url->host, &origin->address);
    origin->next = plain->first_origin;
    if (origin->next != NULL)
        origin->next->previous = origin;
    plain->first_origin = origin;
    hash_map_put_text(&plain->origins, text_of(origin->authority), origin);
    return origin;
}

void origins_free(struct plain *plain)
{
    while (plain->first_origin != NULL)
        free_origin(plain, plain->first_origin);
    hash_map_free(&plain->origins);
}

/* ---- their connections ---- */

bool origin_may_open(struct plain *plain, const struct origin *origin)
{
    int64_t most_there = limits.delivery_host_connections;
    if (most_there > 0 && origin->connections >= most_there)
        return false;
    struct plain_connection *connection = plain->oldest;
    while (plain->connections >= plain->most_connections && connection != NULL) {
        struct plain_connection *next = connection->next;
        if (connection->state == PLAIN_IDLE)
            plain_close(connection);
        connection = next;
    }
    return plain->connections < plain->most_connections;
}

void origin_put_idle(struct plain_connection *connection)
{
    struct origin *origin = connection->origin;
    connection->previous_idle = NULL;
    connection->next_idle = origin->idle;
    if (origin->idle != NULL)
        origin->idle->previous_idle = connection;
    origin->idle = connection;
}

void origin_forget_idle(struct plain_connection *connection)
{
    if (connection->previous_idle != NULL)
        connection->previous_idle->next_idle = connection->next_idle;
    else
        connection->origin->idle = connection->next_idle;
    if (connection->next_idle != NULL)
        connection->next_idle->previous_idle = connection->previous_idle;
    connection->next_idle = connection->previous_idle = NULL;
}

struct plain_connection *origin_take_idle(struct origin *origin, int64_t now_us)
{
    struct plain_connection *connection;
    while ((connection = origin->idle) != NULL) {
        bool stale = now_us - connection->since_us >= limits.delivery_connection_idle_ms * 1000 ||
                     now_us - connection->opened_us >= limits.delivery_connection_age_ms * 1000;
        if (!stale) {
            origin_forget_idle(connection);
            return connection;
        }
        plain_close(connection);
    }
    return NULL;
}
