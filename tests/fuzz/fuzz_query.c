/* The query of an API call: the first byte picks the operation. */
#include "fuzz.h"

#include "api/query.h"

static void check(const struct call *call)
{
    const struct call_query *query = &call->query;
    MUST(query->limit >= 0);
    for (size_t i = 0; i < query->filter_count; i++) {
        const struct store_filter *filter = &query->filters[i];
        bool needs_value = filter->operator != OP_IS_NULL && filter->operator != OP_IS_NOT_NULL;
        MUST(!needs_value || filter->count == 0 || filter->values != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    struct http_exchange exchange = {.query = {(const char *)bytes + 1, size - 1}};
    struct call call = {
        .exchange = &exchange, .arena = &exchange.arena, .operation = operation_at(bytes[0] % operation_count())};
    if (query_read(&call))
        check(&call);
    else
        MUST(call.status == 422 && json_is_object(call.reply));
    json_decref(call.reply);
    json_decref(call.problems);
    query_free(&call.query);
    arena_free(&exchange.arena);
    return 0;
}
