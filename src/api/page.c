#include "api/nouns.h"

#include <string.h>

struct store_list page_list(struct call *call)
{
    const struct call_query *query = &call->query;
    struct store_content *content = NULL;
    if (query->content != NULL) {
        content = ARENA_NEW(call->arena, struct store_content);
        *content = (struct store_content){content_matches, query->content, query->content->parts[CONTENT_BODY] != NULL};
    }
    struct store_list list = {
        .project_id = call->project_id,
        .filters = query->filters,
        .filter_count = query->filter_count,
        .content = content,
        .order_by = query->order_by,
        .ascending = query->ascending,
        .then_count = query->then_count,
        .limit = (size_t)query->limit,
        .next = query->next,
        .prev = query->prev,
    };
    memcpy(list.then, query->then, sizeof list.then);
    return list;
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

/* As it was asked: one, or an array of several. */
static json_t *orders_json(const struct call_query *query, bool directions)
{
    json_t *array = json_array();
    for (size_t i = 0; i < query->order_count; i++)
        json_array_append_new(array, json_string(!directions            ? query->order_names[i]
                                                 : query->directions[i] ? "asc" : "desc"));
    if (query->order_count > 1)
        return array;
    json_t *one = json_incref(json_array_get(array, 0));
    json_decref(array);
    return one;
}

bool page_reply(struct call *call, json_t *models, const struct store_page *page)
{
    const struct call_query *query = &call->query;
    json_t *pagination = json_pack("{s:o, s:o, s:I}", "order_by", orders_json(query, false), "dir",
                                   orders_json(query, true), "limit", (json_int_t)query->limit);
    if (page->partial)
        json_object_set_new(pagination, "partial", json_true());
    if (page->next.size > 0)
        json_object_set_new(pagination, "next", json_text(page->next));
    if (page->prev.size > 0)
        json_object_set_new(pagination, "prev", json_text(page->prev));
    return call_reply(call, json_pack("{s:o, s:I, s:o}", "pagination", pagination, "count",
                                      (json_int_t)json_array_size(models), "models", models));
}

bool page_count(struct call *call, enum store_countable what)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    int64_t count;
    if (!store_count(call->reader, what, &list, &count, &error))
        return call_fail_error(call, &error);
    return call_reply(call, json_pack("{s:I}", "count", (json_int_t)count));
}
