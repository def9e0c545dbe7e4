#include <stdlib.h>

#include "base/memory.h"
#include "deliver/deliver.h"

static struct text put(char **next, struct text text)
{
    struct text copy = {*next, text.size};
    if (text.size > 0)
        memcpy(*next, text.data, text.size);
    *next += text.size;
    return copy;
}

struct payload *payload_create(const struct request *request, int64_t execution_id)
{
    size_t bytes = sizeof(struct payload) + request->method.size + request->path.size + request->query.size +
                   request->headers.size + request->body.size;
    struct payload *payload = memory_try_allocate(bytes);
    if (payload == NULL)
        return NULL;
    char *next = (char *)(payload + 1);
    atomic_init(&payload->references, 1);
    payload->bytes = bytes;
    payload->missing = false;
    payload->execution_id = execution_id;
    payload->request = *request;
    payload->request.method = put(&next, request->method);
    payload->request.path = put(&next, request->path);
    payload->request.query = put(&next, request->query);
    payload->request.headers = put(&next, request->headers);
    payload->request.body = put(&next, request->body);
    return payload;
}

struct payload *payload_create_missing(const struct event *event)
{
    struct payload *payload = payload_create(&(struct request){.id = event->request_id,
                                                               .project_id = event->project_id,
                                                               .source_id = event->source_id,
                                                               .ingested_at = event->created_at}, event->execution_id);
    if (payload != NULL)
        payload->missing = true;
    return payload;
}

struct payload *payload_reference(struct payload *payload)
{
    atomic_fetch_add_explicit(&payload->references, 1, memory_order_relaxed);
    return payload;
}

void payload_release(struct payload *payload)
{
    if (payload != NULL && atomic_fetch_sub(&payload->references, 1) == 1)
        free(payload);
}
