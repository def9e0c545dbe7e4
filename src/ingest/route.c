#include "ingest/route.h"

#include "base/id.h"

static enum ignored_cause ignored_cause_of(const struct catalog_connection *connection,
                                           const struct catalog_destination *destination)
{
    if (connection->record.disabled_at != 0 || destination->record.disabled_at != 0 ||
        destination->record.deleted_at != 0)
        return IGNORED_DISABLED;
    if (destination->record.type == DESTINATION_CLI)
        return IGNORED_CLI_DISCONNECTED; /* no session of the command line can be open yet */
    return 0;
}

void route_connection(const struct request *request, const struct catalog_connection *connection,
                      const struct catalog_destination *destination, int64_t now, struct routed *routed)
{
    *routed = (struct routed){.connection_id = connection->record.id,
                              .ignored = ignored_cause_of(connection, destination)};
    if (routed->ignored != 0)
        return;
    bool paused = connection->record.paused_at != 0, delayed = connection->delay_ms > 0;
    int64_t due = now + connection->delay_ms;
    routed->immediate = !paused && !delayed;
    routed->event = (struct event){
        .id = id_new(),
        .project_id = request->project_id,
        .request_id = request->id,
        .connection_id = connection->record.id,
        .source_id = request->source_id,
        .destination_id = connection->record.destination_id,
        .status = paused ? EVENT_HOLD : delayed ? EVENT_SCHEDULED : EVENT_QUEUED,
        .due_at = paused ? 0 : due,
        .next_attempt_at = !paused && delayed ? due : 0,
        .next_trigger = TRIGGER_INITIAL,
        .created_at = now,
        .updated_at = now,
    };
}
