#include "model/bulk.h"

const char *bulk_kind_name(enum bulk_kind kind)
{
    static const char *const names[] = {
        [BULK_EVENTS_RETRY] = "events.retry",           [BULK_EVENTS_CANCEL] = "events.cancel",
        [BULK_IGNORED_RETRY] = "ignored_events.retry",  [BULK_REQUESTS_RETRY] = "requests.retry",
        [BULK_REQUESTS_REPLAY] = "requests.replay",
    };
    return names[kind];
}

enum bulk_subject bulk_subject_of(enum bulk_kind kind)
{
    if (kind == BULK_EVENTS_RETRY || kind == BULK_EVENTS_CANCEL)
        return BULK_OF_EVENTS;
    return kind == BULK_IGNORED_RETRY ? BULK_OF_IGNORED_EVENTS : BULK_OF_REQUESTS;
}
