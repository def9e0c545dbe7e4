/* What transformations are told of the connection that runs them. */
#include "api/api.h"
#include "api/nouns.h"

#include "base/clock.h"

struct text api_describe_connection(void *public_url, struct store_reader *reader, struct arena *arena,
                                    const struct connection *connection)
{
    struct call call = {.public_url = public_url, .reader = reader, .arena = arena, .project_id = connection->project_id,
                        .now = clock_now_ms()};
    json_t *object = connection_json(&call, connection);
    if (object == NULL)
        return TEXT_NONE;
    json_t *context = json_pack("{s:o}", "connection", object);
    struct text text = config_text(&call, context);
    json_decref(context);
    return text;
}
