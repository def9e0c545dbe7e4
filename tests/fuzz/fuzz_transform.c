/* What a worker of transformations answers, which may have been taken over: a frame's head and its parts. */
#include "fuzz.h"

#include <string.h>

#include "base/memory.h"
#include "transform/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct frame_reply reply = {0};
    struct transform_result result;
    size_t left = size > 4 ? size - 4 : 0;
    if (size < 4)
        return 0;
    /* The sizes fit what follows, as process.c makes sure. */
    reply.outcome = bytes[0] % (FRAME_TOO_LARGE + 2);
    reply.body_kind = bytes[1] % (FRAME_BODY_JSON + 2);
    reply.sizes[FRAME_CONSOLE] = (uint32_t)(bytes[2] * left / 256);
    reply.sizes[FRAME_RESULT_HEAD] = (uint32_t)(bytes[3] * (left - reply.sizes[FRAME_CONSOLE]) / 256);
    reply.sizes[FRAME_RESULT_BODY] = (uint32_t)(left - reply.sizes[FRAME_CONSOLE] - reply.sizes[FRAME_RESULT_HEAD]);
    char *parts = memory_allocate(left + 1);
    memcpy(parts, bytes + 4, left);
    parts[left] = '\0';
    transform_result_read(&result, &reply, parts);
    MUST((result.outcome == TRANSFORM_DONE) == (result.log_level != EXECUTION_FATAL));
    MUST((result.outcome == TRANSFORM_DONE) == json_is_object(json_member(result.request, "headers")));
    transform_result_free(&result);
    return 0;
}
