#include "access/access.h"

#include "base/encoding.h"
#include "base/id.h"
#include "store/project.h"

struct text access_key(struct arena *arena, const struct http_headers *headers)
{
    struct text value = http_headers_get(headers, TEXT("authorization"));
    ptrdiff_t space = text_find_byte(value, ' ');
    if (space < 0)
        return TEXT_NONE;
    struct text scheme = text_slice(value, 0, (size_t)space);
    struct text rest = text_trim(text_slice(value, (size_t)space + 1, value.size));
    if (text_equal_ignoring_case(scheme, TEXT("bearer")))
        return rest;
    struct buffer decoded = {0};
    struct text key = TEXT_NONE;
    if (text_equal_ignoring_case(scheme, TEXT("basic")) && base64_decode(&decoded, rest)) {
        struct text pair = arena_copy_text(arena, buffer_text(&decoded));
        ptrdiff_t colon = text_find_byte(pair, ':');
        key = colon < 0 ? pair : text_slice(pair, 0, (size_t)colon);
    }
    buffer_free(&decoded);
    return key;
}

bool access_find_key(struct store_reader *reader, struct arena *arena, struct text text, struct api_key *key,
                     struct error *error)
{
    char hash[API_KEY_HASH_SIZE];
    if (!api_key_hash(text, hash))
        return error_set(error, ERROR_INTERNAL, "the API key could not be hashed");
    if (store_read_api_key_by_hash(reader, arena, text_of(hash), key, error))
        return true;
    return error->code == ERROR_NOT_FOUND ? error_set(error, ERROR_UNAUTHORIZED, "the API key is not valid") : false;
}

/* An id, or the name of a project that the key may act in: whoever may not does not learn whether it exists. */
static bool read_project(struct store_reader *reader, struct arena *arena, const struct api_key *key,
                         const char *header, struct text value, int64_t *id, struct error *error)
{
    struct project project;
    struct error unknown = {0};
    if (id_parse(ID_PROJECT, value, id))
        return true;
    if (store_read_project_by_name(reader, arena, value, &project, &unknown) &&
        (key->is_operator || project.id == key->project_id)) {
        *id = project.id;
        return true;
    }
    if (unknown.code != ERROR_NONE && unknown.code != ERROR_NOT_FOUND)
        return error_set(error, unknown.code, "%s", unknown.message);
    return error_set(error, ERROR_INVALID, "%s: \"%.*s\" is neither the id of a project nor the name of the key's",
                     header, TEXT_ARGS(text_slice(value, 0, 100)));
}

/* 0: no project is named. */
static bool read_named(struct store_reader *reader, struct arena *arena, const struct http_headers *headers,
                       const struct api_key *key, int64_t *named, struct error *error)
{
    static const char *const names[] = {"x-project-id", "x-team-id"};
    *named = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct text value = http_headers_get(headers, text_of(names[i]));
        int64_t id;
        if (value.size == 0)
            continue;
        if (!read_project(reader, arena, key, names[i], value, &id, error))
            return false;
        if (*named != 0 && id != *named)
            return error_set(error, ERROR_INVALID, "x-project-id and x-team-id name two projects");
        *named = id;
    }
    return true;
}

static bool check_named(struct store_reader *reader, struct arena *arena, int64_t named, struct error *error)
{
    struct project project;
    if (store_read_project(reader, arena, named, &project, error) && project.deleted_at == 0)
        return true;
    return error->code == ERROR_NONE || error->code == ERROR_NOT_FOUND
               ? error_set(error, ERROR_NOT_FOUND, "there is no project of the id that the call names")
               : false;
}

bool access_find(struct store_reader *reader, struct arena *arena, const struct http_headers *headers,
                 struct access *access, struct error *error)
{
    int64_t named;
    access->key_text = access_key(arena, headers);
    if (access->key_text.size == 0)
        return error_set(error, ERROR_UNAUTHORIZED,
                         "an API key is needed, as \"Authorization: Bearer KEY\" or as the user name of Basic");
    if (!access_find_key(reader, arena, access->key_text, &access->key, error) ||
        !read_named(reader, arena, headers, &access->key, &named, error))
        return false;
    access->project_id = access->key.project_id;
    if (named == 0 || named == access->project_id)
        return true;
    if (!access->key.is_operator)
        return error_set(error, ERROR_FORBIDDEN, "the API key is not one of the project that the call names");
    access->project_id = named;
    return check_named(reader, arena, named, error);
}
