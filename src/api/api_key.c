#include "api/contract_rows.h"
#include "api/nouns.h"

#include "base/limits.h"
#include "base/random.h"
#include "store/project.h"

enum { RATE_LIMIT_MOST = 1000000 };

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *key_json(const struct api_key *key)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "id", call_id(ID_API_KEY, key->id), "project_id",
                     call_id(ID_PROJECT, key->project_id), "name", json_text(key->name), "last_digits",
                     json_text(key->last_digits), "rate_limit", (json_int_t)key->rate_limit, "operator",
                     key->is_operator, "created_at", json_moment(key->created_at));
}

/* The key of the path's second id, of the project of its first. */
static bool key_find(struct call *call, struct api_key *key)
{
    struct error error = {0};
    struct project project;
    int64_t id;
    if (!project_find(call, &project))
        return false;
    if (!id_parse(ID_API_KEY, call->second_id, &id))
        return call_fail_missing(call, "API key", call->second_id);
    if (store_read_api_key(call->reader, call->arena, project.id, id, key, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "API key", call->second_id)
                                         : call_fail_error(call, &error);
}

/* ---- changed ------------------------------------------------------------------------------------- */

bool key_insert(struct call *call, int64_t project_id, struct text name, int64_t rate_limit, struct api_key *key,
                struct text *key_text)
{
    struct error error = {0};
    struct api_key *keys;
    size_t count;
    char *text = arena_allocate(call->arena, API_KEY_DIGITS + 1), hash[API_KEY_HASH_SIZE];
    if (!store_read_api_keys(call->reader, call->arena, project_id, &keys, &count, &error))
        return call_fail_error(call, &error);
    if (count >= (size_t)limits.project_keys) {
        call_problem(call, "the project has %zu keys, and the limit project_keys allows no more", count);
        return call_check(call);
    }
    random_token(text, API_KEY_DIGITS);
    *key_text = text_of(text);
    if (!api_key_hash(*key_text, hash))
        return call_fail(call, 500, NULL, "the API key could not be hashed");
    *key = (struct api_key){.id = id_new(), .project_id = project_id, .name = name, .rate_limit = rate_limit,
                            .last_digits = api_key_last_digits(*key_text), .created_at = call->now};
    call->changed_id = key->id;
    return store_insert_api_key(call->transaction, key, text_of(hash), &error) || call_fail_error(call, &error);
}

/* Replies with the key itself: it is shown here and never again. */
static bool change_create(struct call *call)
{
    struct project project;
    struct api_key key;
    struct text key_text;
    struct text name = json_member_text(call->body, "name");
    int64_t rate_limit = json_member_integer(call->body, "rate_limit", 0);
    if (!project_find(call, &project) || !project_may_change(call) || !project_check_name(call, name) ||
        !key_insert(call, project.id, name, rate_limit, &key, &key_text))
        return false;
    json_t *object = key_json(&key);
    json_object_set_new(object, "key", json_text(key_text));
    return call_reply(call, object);
}

static bool change_update(struct call *call)
{
    struct error error = {0};
    struct api_key key;
    if (!key_find(call, &key) || !project_may_change(call))
        return false;
    if (json_member(call->body, "name") != NULL)
        key.name = json_member_text(call->body, "name");
    key.rate_limit = json_member_integer(call->body, "rate_limit", key.rate_limit);
    if (!project_check_name(call, key.name))
        return false;
    return (store_update_api_key(call->transaction, &key, &error) || call_fail_error(call, &error)) &&
           call_reply(call, key_json(&key));
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct api_key key;
    if (!key_find(call, &key) || !project_may_change(call))
        return false;
    if (key.is_operator) {
        call_problem(call, "the operator's key cannot be deleted: it is the setting api_key or the file api-key");
        return call_check(call);
    }
    return store_delete_api_key(call->transaction, key.id, &error) || call_fail_error(call, &error);
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool key_create(struct call *call)
{
    return call_write(call, change_create);
}

static bool key_update(struct call *call)
{
    return call_write(call, change_update);
}

static bool key_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->second_id);
}

static bool key_list(struct call *call)
{
    struct error error = {0};
    struct project project;
    struct api_key *keys;
    size_t count;
    if (!project_find(call, &project))
        return false;
    if (!store_read_api_keys(call->reader, call->arena, project.id, &keys, &count, &error))
        return call_fail_error(call, &error);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, key_json(&keys[i]));
    return call_reply(call, array);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row key_fields[] = {
    {"name", VALUE_TEXT | VALUE_NULL, .least = 1, .most = TEXT_MOST},
    {"rate_limit", VALUE_INTEGER, .least = 0, .most = RATE_LIMIT_MOST}, END,
};
#define KEY_SHAPE                                                                                       \
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "project_id", VALUE_TEXT, .required = true}, \
    {.name = "name", VALUE_TEXT | VALUE_NULL, .required = true},                                        \
    {.name = "last_digits", VALUE_TEXT, .required = true},                                              \
    {.name = "rate_limit", VALUE_INTEGER, .required = true},                                            \
    {.name = "operator", VALUE_BOOLEAN, .required = true}, {.name = "created_at", VALUE_TEXT, .required = true}
static const struct field_row key_shape[] = {KEY_SHAPE, END};
static const struct field_row new_key_shape[] = {KEY_SHAPE, {.name = "key", VALUE_TEXT, .required = true}, END};
static const struct field_row key_item = {"", VALUE_OBJECT, .fields = key_shape};
static const struct field_row key_array_shape[] = {{"", VALUE_ARRAY, .item = &key_item}, END};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {
    {"ApiKey", key_shape}, {"NewApiKey", new_key_shape}, {"ApiKeyArray", key_array_shape},
    {"DeletedApiKey", deleted_shape}, END,
};

static const struct operation operations[] = {
    {"GET", "/projects/{id}/keys", "getApiKeys", "List a project's API keys", key_list, NULL, NULL, "ApiKeyArray"},
    {"POST", "/projects/{id}/keys", "createApiKey", "Make an API key, which is shown this once", key_create, NULL,
     key_fields, "NewApiKey"},
    {"PUT", "/projects/{id}/keys/{key_id}", "updateApiKey", "Change an API key's name or rate limit", key_update, NULL,
     key_fields, "ApiKey"},
    {"DELETE", "/projects/{id}/keys/{key_id}", "deleteApiKey", "Delete an API key, which is no good at once",
     key_delete, NULL, NULL, "DeletedApiKey"},
};
OPERATIONS(api_key_operations, operations, shapes);
