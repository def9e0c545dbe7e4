#include "model/event.h"

void event_ask_again(struct event *event, enum attempt_trigger trigger, int64_t now)
{
    event->status = EVENT_QUEUED;
    event->due_at = now;
    event->next_trigger = trigger;
    event->updated_at = now;
}

bool event_is_waiting(const struct event *event)
{
    return event->status == EVENT_QUEUED || event->status == EVENT_SCHEDULED || event->status == EVENT_HOLD ||
           (event->status == EVENT_FAILED && event->next_attempt_at != 0);
}

void event_set_cancelled(struct event *event, int64_t now)
{
    event->status = EVENT_CANCELLED;
    event->error_code = ATTEMPT_ERROR_CANCELLED;
    event->due_at = event->next_attempt_at = 0;
    event->updated_at = now;
}
