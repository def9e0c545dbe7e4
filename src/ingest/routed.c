#include "ingest/routed.h"

#include "store/duplicate.h"
#include "store/passage.h"

static int64_t request_of(const struct routed *routed)
{
    switch (routed->end) {
    case ROUTED_EVENT: return routed->event.request_id;
    case ROUTED_IGNORED: return routed->ignored.request_id;
    case ROUTED_PASSAGE: break;
    }
    return routed->passage.request_id;
}

bool routed_settle(struct store_transaction *transaction, struct routed *routed, int64_t now, struct error *error)
{
    bool known = false;
    for (size_t i = 0; !known && i < routed->key_count; i++) {
        const struct deduplicate_key *key = &routed->keys[i];
        if (!store_remember(transaction, routed->connection_id, key->bytes, sizeof key->bytes, now, key->window_ms,
                            &known, error))
            return false;
    }
    if (known)
        routed_ignore(routed, request_of(routed), IGNORED_DUPLICATE, TEXT_NONE);
    return true;
}

bool routed_insert(struct store_transaction *transaction, const struct routed *routed, bool leased, struct error *error)
{
    switch (routed->end) {
    case ROUTED_EVENT: return store_insert_event(transaction, &routed->event, leased, error);
    case ROUTED_IGNORED: return store_insert_ignored_event(transaction, &routed->ignored, error);
    case ROUTED_PASSAGE: break;
    }
    return store_insert_passage(transaction, &routed->passage, error);
}

void routed_hand_on(struct deliver *deliver, struct passages *passages, const struct routed *routed)
{
    if (routed->end == ROUTED_PASSAGE)
        passages_wake(passages, routed->connection_id);
    else if (routed->end == ROUTED_EVENT && routed->event.due_at != 0)
        deliver_wake(deliver, &routed->event);
    else if (routed->end == ROUTED_EVENT && routed->event.status == EVENT_HOLD)
        deliver_check_hold(deliver, &routed->event);
}
