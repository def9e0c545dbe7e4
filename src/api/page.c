#include "api/nouns.h"

struct store_list page_list(struct call *call)
{
    const struct call_query *query = &call->query;
    return (struct store_list){
        .project_id = call->project_id,
        .filters = query->filters,
        .filter_count = query->filter_count,
        .order_by = query->order_by,
        .ascending = query->ascending,
        .limit = (size_t)query->limit,
        .next = query->next,
        .prev = query->prev,
    };
}

void page_of(struct call *call, enum store_field field, int64_t key)
{
    struct call_query *query = &call->query;
    struct store_filter *filters = ARENA_ARRAY(call->arena, struct store_filter, query->filter_count + 1);
    struct store_value *value = ARENA_NEW(call->arena, struct store_value);
    for (size_t i = 0; i < query->filter_count; i++)
        filters[i] = query->filters[i];
    value->integer = key;
    filters[query->filter_count++] =
        (struct store_filter){.field = field, .operator = OP_IN, .values = value, .count = 1};
    query->filters = filters;
}

bool page_reply(struct call *call, json_t *models, const struct store_page *page)
{
    const struct call_query *query = &call->query;
    json_t *pagination = json_pack("{s:s, s:s, s:I}", "order_by", query->order_name, "dir",
                                   query->ascending ? "asc" : "desc", "limit", (json_int_t)query->limit);
    if (page->next.size > 0)
        json_object_set_new(pagination, "next", json_text(page->next));
    if (page->prev.size > 0)
        json_object_set_new(pagination, "prev", json_text(page->prev));
    return call_reply(call, json_pack("{s:o, s:I, s:o}", "pagination", pagination, "count",
                                      (json_int_t)json_array_size(models), "models", models));
}
