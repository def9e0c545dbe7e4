#include "deliver/envelope.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "deliver/auth.h"
#include "deliver/deliver.h"

static struct text names_from(struct arena *arena, const struct envelope *envelope)
{
    struct buffer out = {0};
    for (size_t i = envelope->added_from; i < envelope->headers.count; i++)
        buffer_printf(&out, "%s%.*s", out.size ? "," : "", TEXT_ARGS(envelope->headers.items[i].name));
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

static void hide_secrets(const struct destination_settings *settings, const struct envelope *envelope)
{
    for (size_t i = envelope->added_from; i < envelope->headers.count; i++) {
        struct http_header *header = &envelope->headers.items[i];
        if (auth_hides(settings, header->name))
            header->value = AUTH_HIDDEN;
    }
}

bool deliver_preview(struct catalog *catalog, const char *public_url, struct arena *arena, const struct event *event,
                     const struct request *request, struct delivery_preview *preview, struct error *error)
{
    struct envelope envelope;
    struct catalog_connection *connection = catalog_find_connection(catalog, event->connection_id);
    struct catalog_destination *destination = catalog_find_destination(catalog, event->destination_id);
    struct catalog_source *source = catalog_find_source(catalog, event->source_id);
    struct catalog_project *project = catalog_find_project(catalog, event->project_id);
    bool known = connection != NULL && destination != NULL;
    if (known) {
        struct envelope_input input = {event, request, connection, destination, source, project, public_url,
                                       event->attempts + 1, TRIGGER_MANUAL, -1, clock_now_ms(), TEXT_NONE};
        struct buffer headers = {0};
        envelope_write(arena, &input, &envelope);
        hide_secrets(&destination->settings, &envelope);
        http_headers_write(&headers, &envelope.headers);
        *preview = (struct delivery_preview){text_of(envelope.shown_url), text_of(envelope.method),
                                             arena_copy_text(arena, buffer_text(&headers)),
                                             names_from(arena, &envelope)};
        buffer_free(&headers);
    }
    catalog_connection_release(connection);
    catalog_destination_release(destination);
    catalog_source_release(source);
    catalog_project_release(project);
    return known || error_set(error, ERROR_NOT_FOUND, "the event's connection is unknown");
}
