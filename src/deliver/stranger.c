/* Makes lanes for keys that the store has something due for: some at a time, in the order of the keys, in a circle. */
#include "base/clock.h"
#include "base/log.h"
#include "deliver/engine.h"

enum { LOOK = 64 };

/* The lock is held. The first in the list, which is looked at next when there is more. */
static void leave_list(struct deliver *deliver, struct outlet *outlet)
{
    deliver->strange = outlet->next_strange;
    outlet->next_strange = NULL;
    outlet->strangers = false;
}

/* The lock is held. False when there is no room for another lane. */
static bool take_in(struct deliver *deliver, struct outlet *outlet, const struct due_lane *due)
{
    if (engine_find_lane(outlet, due->key) != NULL)
        return true; /* it knows of its own */
    struct lane *lane = engine_lane(deliver, outlet, due->key);
    if (lane != NULL)
        engine_due(deliver, lane, due->due_at);
    else if (due->due_at > clock_now_ms())
        engine_strangers(deliver, outlet, due->due_at);
    else
        return false;
    return true;
}

/* The lock is held. */
static bool take_all(struct deliver *deliver, struct outlet *outlet, const struct due_lane *due, size_t count)
{
    uint64_t calls = outlet->calls;
    bool room = true;
    for (size_t i = 0; room && i < count; i++) {
        room = take_in(deliver, outlet, &due[i]);
        if (room)
            outlet->look_key = due[i].key;
    }
    outlet->calls_seen += outlet->calls - calls; /* what was put off here is no news */
    if (room && count < LOOK) {
        outlet->look_key = 0;
        if (outlet->calls == outlet->calls_seen)
            leave_list(deliver, outlet);
    }
    return room;
}

bool strangers_look(struct deliver *deliver)
{
    struct arena arena = {0};
    struct error error = {0};
    struct due_lane *due;
    size_t count;
    pthread_mutex_lock(&deliver->lock);
    struct outlet *outlet = deliver->strange;
    if (outlet != NULL && outlet->look_key == 0)
        outlet->calls_seen = outlet->calls;
    int64_t after = outlet != NULL ? outlet->look_key : 0;
    pthread_mutex_unlock(&deliver->lock);
    if (outlet == NULL)
        return false;
    bool done = store_read_due_lanes(deliver->reader, &arena, outlet->destination_id, after, LOOK, &due, &count, &error);
    pthread_mutex_lock(&deliver->lock);
    if (done)
        done = take_all(deliver, outlet, due, count);
    else
        log_warn("what waits for a destination cannot be read now: %s", error.message);
    if (deliver->strange == outlet && outlet->next_strange != NULL) { /* the others have their turn, too */
        deliver->strange = outlet->next_strange;
        deliver->last_strange->next_strange = outlet;
        deliver->last_strange = outlet;
        outlet->next_strange = NULL;
    }
    pthread_mutex_unlock(&deliver->lock);
    arena_free(&arena);
    return done;
}
