#include <stdlib.h>

#include "base/memory.h"
#include "deliver/deliver.h"

static struct text copy_behind(char **place, struct text text)
{
    struct text copy = {*place, text.size};
    if (text.size > 0)
        memcpy(*place, text.data, text.size);
    *place += text.size;
    return copy;
}

struct payload *payload_create(const struct request *request)
{
    size_t size = sizeof(struct payload) + request->method.size + request->path.size + request->query.size +
                  request->headers.size + request->body.size;
    struct payload *payload = memory_try_allocate(size);
    if (payload == NULL)
        return NULL;
    char *place = (char *)(payload + 1);
    atomic_init(&payload->references, 1);
    payload->bytes = size;
    payload->request = *request;
    payload->request.method = copy_behind(&place, request->method);
    payload->request.path = copy_behind(&place, request->path);
    payload->request.query = copy_behind(&place, request->query);
    payload->request.headers = copy_behind(&place, request->headers);
    payload->request.body = copy_behind(&place, request->body);
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
