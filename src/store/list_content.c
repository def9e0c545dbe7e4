/* What is looked for in the data of requests, row by row. */
#include "store/list_query.h"

#include <string.h>

bool filter_is_of_content(const struct store_filter *filter)
{
    return filter->operator == OP_CONTAINS && (filter->field == FIELD_PATH || filter->field == FIELD_SEARCH_TERM);
}

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

/* Horspool's search; case is ignored for ASCII letters. */
static bool contains(struct text text, struct text needle)
{
    size_t skips[256], last = needle.size - 1;
    if (needle.size == 0 || needle.size > text.size)
        return needle.size == 0;
    for (size_t i = 0; i < 256; i++)
        skips[i] = needle.size;
    for (size_t i = 0; i < last; i++)
        skips[lower(needle.data[i])] = last - i;
    for (size_t at = 0; at + last < text.size; at += skips[lower(text.data[at + last])]) {
        size_t i = needle.size;
        while (i > 0 && lower(text.data[at + i - 1]) == lower(needle.data[i - 1]))
            i--;
        if (i == 0)
            return true;
    }
    return false;
}

static bool passes_filter(const struct store_filter *filter, const struct request *request)
{
    struct text needle = filter->values[0].text;
    if (contains(request->path, needle))
        return true;
    return filter->field == FIELD_SEARCH_TERM &&
           (contains(request->query, needle) || contains(request->headers, needle) || contains(request->body, needle));
}

bool content_begin(struct content_search *search, struct store_reader *reader, const struct store_list *list,
                   struct error *error)
{
    bool wanted = list->content != NULL, body = wanted && list->content->body;
    *search = (struct content_search){.reader = reader, .list = list};
    for (size_t i = 0; i < list->filter_count; i++) {
        wanted |= filter_is_of_content(&list->filters[i]);
        body |= filter_is_of_content(&list->filters[i]) && list->filters[i].field == FIELD_SEARCH_TERM;
    }
    /* The body comes last in its row: when nobody wants it, its pages are not read. */
    const char *sql = body ? "SELECT path, query, headers, body FROM request WHERE id = ?"
                           : "SELECT path, query, headers FROM request WHERE id = ?";
    return !wanted || sqlite3_prepare_v2(reader->db, sql, -1, &search->statement, NULL) == SQLITE_OK ||
           database_fail(reader, error);
}

static struct text column_view(struct content_search *search, int column)
{
    const char *data = sqlite3_column_blob(search->statement, column);
    size_t size = (size_t)sqlite3_column_bytes(search->statement, column);
    search->bytes += (int64_t)size;
    return (struct text){data != NULL ? data : "", size};
}

bool content_passes(struct content_search *search, int64_t request_id, bool *passes, struct error *error)
{
    struct request request = {.id = request_id};
    *passes = search->statement == NULL;
    if (*passes)
        return true;
    sqlite3_bind_int64(search->statement, 1, request_id);
    int code = sqlite3_step(search->statement);
    if (code == SQLITE_ROW) {
        request.path = column_view(search, 0);
        request.query = column_view(search, 1);
        request.headers = column_view(search, 2);
        request.body = sqlite3_column_count(search->statement) > 3 ? column_view(search, 3) : TEXT("");
        *passes = true;
        for (size_t i = 0; *passes && i < search->list->filter_count; i++)
            *passes = !filter_is_of_content(&search->list->filters[i]) ||
                      passes_filter(&search->list->filters[i], &request);
        const struct store_content *content = search->list->content;
        *passes = *passes && (content == NULL || content->matches(content->context, &request));
    } else if (code != SQLITE_DONE) {
        database_fail(search->reader, error);
    }
    sqlite3_reset(search->statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

void content_end(struct content_search *search)
{
    sqlite3_finalize(search->statement);
}
