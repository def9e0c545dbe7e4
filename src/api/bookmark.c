#include "api/contract_rows.h"
#include "api/nouns.h"

#include "store/bookmark.h"

/* ---- shown --------------------------------------------------------------------------------------- */

static json_t *bookmark_json(const struct bookmark *bookmark)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", call_id(ID_BOOKMARK, bookmark->id),
                     "team_id", call_id(ID_PROJECT, bookmark->project_id), "webhook_id",
                     call_id(ID_CONNECTION, bookmark->connection_id), "event_data_id",
                     call_id(ID_EVENT_DATA, bookmark->request_id), "label", json_text(bookmark->label), "alias",
                     json_text(bookmark->name), "last_used_at", json_moment(bookmark->last_used_at), "updated_at",
                     json_moment(bookmark->updated_at), "created_at", json_moment(bookmark->created_at));
}

static bool bookmark_find(struct call *call, struct bookmark *bookmark)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_BOOKMARK, call->id, &key))
        return call_fail_missing(call, "bookmark", call->id);
    if (store_read_bookmark(call->reader, call->arena, call->project_id, key, bookmark, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "bookmark", call->id)
                                         : call_fail_error(call, &error);
}

static bool read_request(struct call *call, const struct bookmark *bookmark, bool with_data, struct request *request)
{
    struct error error = {0};
    return store_read_request(call->reader, call->arena, call->project_id, bookmark->request_id, with_data, request,
                              &error) ||
           call_fail_error(call, &error);
}

static bool reply_with_data(struct call *call, const struct bookmark *bookmark)
{
    struct request request;
    if (!read_request(call, bookmark, true, &request))
        return false;
    json_t *object = bookmark_json(bookmark);
    json_object_set_new(object, "data", data_request_json(call, &request));
    return call_reply(call, object);
}

static bool reply_with(struct call *call, int64_t id)
{
    struct error error = {0};
    struct bookmark bookmark;
    if (!store_read_bookmark(call->reader, call->arena, call->project_id, id, &bookmark, &error))
        return call_fail_error(call, &error);
    return reply_with_data(call, &bookmark);
}

/* ---- changed ------------------------------------------------------------------------------------- */

static bool find_data(struct call *call, struct text id, struct request *request)
{
    struct error error = {0};
    int64_t key;
    if (!id_parse(ID_EVENT_DATA, id, &key))
        return call_fail_missing(call, "event data", id);
    if (store_read_request(call->reader, call->arena, call->project_id, key, false, request, &error))
        return true;
    return error.code == ERROR_NOT_FOUND ? call_fail_missing(call, "event data", id) : call_fail_error(call, &error);
}

/* Data and connection belong together by the source, as they do in an event. */
static bool check_pair(struct call *call, const struct bookmark *bookmark)
{
    struct error error = {0};
    struct request request;
    struct connection connection;
    if (!read_request(call, bookmark, false, &request))
        return false;
    if (!store_read_connection(call->reader, call->arena, call->project_id, bookmark->connection_id, &connection,
                               &error))
        return call_fail_error(call, &error);
    if (request.source_id != connection.source_id)
        call_problem(call, "event_data_id: came to another source than the connection's");
    return call_check(call);
}

static bool merge_input(struct call *call, json_t *input, struct bookmark *bookmark)
{
    struct text data = json_member_text(input, "event_data_id"), connection_id = json_member_text(input, "webhook_id");
    struct text name = json_member_text(input, "name"), label = json_member_text(input, "label");
    struct request request;
    struct connection connection;
    if (data.data != NULL) {
        if (!find_data(call, data, &request))
            return false;
        bookmark->request_id = request.id;
    }
    if (connection_id.data != NULL) {
        if (!connection_find(call, connection_id, &connection))
            return false;
        bookmark->connection_id = connection.id;
    }
    if (name.data != NULL)
        bookmark->name = name;
    if (label.data != NULL)
        bookmark->label = label;
    bookmark->updated_at = call->now;
    return check_pair(call, bookmark);
}

/* Names are optional; those that are given are unique in the project. */
static bool check_name(struct call *call, const struct bookmark *bookmark)
{
    struct error error = {0};
    struct bookmark other;
    if (bookmark->name.data == NULL)
        return true;
    if (!store_read_bookmark_by_name(call->reader, call->arena, call->project_id, bookmark->name, &other, &error))
        return error.code == ERROR_NOT_FOUND || call_fail_error(call, &error);
    return other.id == bookmark->id || call_fail(call, 409, bookmark_json(&other), "there is a bookmark of the name %.*s",
                                                 TEXT_ARGS(bookmark->name));
}

static bool put(struct call *call, const struct bookmark *bookmark)
{
    struct error error = {0};
    call->changed_id = bookmark->id;
    return check_name(call, bookmark) &&
           (store_put_bookmark(call->transaction, bookmark, &error) || call_fail_error(call, &error));
}

static bool change_create(struct call *call)
{
    struct bookmark bookmark = {.id = id_new(), .project_id = call->project_id, .created_at = call->now};
    return merge_input(call, call->body, &bookmark) && put(call, &bookmark);
}

static bool change_update(struct call *call)
{
    struct bookmark bookmark;
    return bookmark_find(call, &bookmark) && merge_input(call, call->body, &bookmark) && put(call, &bookmark);
}

static bool change_delete(struct call *call)
{
    struct error error = {0};
    struct bookmark bookmark;
    return bookmark_find(call, &bookmark) &&
           (store_delete_bookmark(call->transaction, bookmark.id, &error) || call_fail_error(call, &error));
}

/* Versions before could say where to: where the bookmark's connection leads is the only place there is. */
static bool check_target(struct call *call, const struct connection *connection)
{
    struct error error = {0};
    struct destination destination;
    struct text target = json_member_text(call->body, "target");
    if (target.data == NULL)
        return true;
    if (!store_read_destination(call->reader, call->arena, call->project_id, connection->destination_id, &destination,
                                &error))
        return call_fail_error(call, &error);
    if (text_equal(target, TEXT("cli")) != (destination.type == DESTINATION_CLI))
        call_problem(call, "target: the bookmark's connection leads to a destination of type %s",
                     destination_type_name(destination.type));
    return call_check(call);
}

static bool change_trigger(struct call *call)
{
    struct error error = {0};
    struct bookmark bookmark;
    struct request request;
    struct connection connection;
    if (!bookmark_find(call, &bookmark) || !read_request(call, &bookmark, true, &request))
        return false;
    if (!store_read_connection(call->reader, call->arena, call->project_id, bookmark.connection_id, &connection,
                               &error))
        return call_fail_error(call, &error);
    if (connection.disabled_at != 0 || connection.deleted_at != 0) {
        call_problem(call, "the connection of the bookmark is %s: it cannot be triggered",
                     connection.deleted_at != 0 ? "deleted" : "disabled");
        return call_check(call);
    }
    bookmark.last_used_at = call->now;
    if (!check_target(call, &connection))
        return false;
    struct remake remake = call_remake(call);
    struct remake_target target = {.source_id = request.source_id, .connection_ids = &connection.id, .count = 1};
    if (!remake_trigger(&remake, &request, &target, &error) ||
        !store_put_bookmark(call->transaction, &bookmark, &error))
        return call_fail_error(call, &error);
    call->made = remake.made;
    return true;
}

/* ---- the calls ----------------------------------------------------------------------------------- */

static bool bookmark_create(struct call *call)
{
    return call_write(call, change_create) && reply_with(call, call->changed_id);
}

static bool bookmark_update(struct call *call)
{
    return call_write(call, change_update) && reply_with(call, call->changed_id);
}

static bool bookmark_delete(struct call *call)
{
    return call_write(call, change_delete) && call_reply_id(call, call->id);
}

static bool bookmark_trigger(struct call *call)
{
    return call_write(call, change_trigger) && call_reply(call, request_made_json(call));
}

static bool bookmark_get(struct call *call)
{
    struct bookmark bookmark;
    return bookmark_find(call, &bookmark) && reply_with_data(call, &bookmark);
}

static bool bookmark_raw_body(struct call *call)
{
    struct bookmark bookmark;
    struct request request;
    return bookmark_find(call, &bookmark) && read_request(call, &bookmark, true, &request) &&
           call_reply(call, json_pack("{s:o}", "body", json_text(request.body.size ? request.body : TEXT(""))));
}

static bool bookmark_list(struct call *call)
{
    struct error error = {0};
    struct store_list list = page_list(call);
    struct store_page page = {0};
    struct bookmark *bookmarks = NULL;
    if (list.limit > 0 && !store_list_bookmarks(call->reader, call->arena, &list, &bookmarks, &page, &error))
        return call_fail_error(call, &error);
    json_t *models = json_array();
    for (size_t i = 0; i < page.count; i++)
        json_array_append_new(models, bookmark_json(&bookmarks[i]));
    return page_reply(call, models, &page);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

#define BOOKMARK_FIELDS(needed)                                                                         \
    {"event_data_id", VALUE_TEXT, .required = needed, .most = TEXT_MOST},                               \
    {"webhook_id", VALUE_TEXT, .required = needed, .most = TEXT_MOST},                                  \
    {"label", VALUE_TEXT, .required = needed, .least = 1, .most = TEXT_MOST},                           \
    {"name", VALUE_TEXT, .is_name = true, .most = NAME_MOST}, END
static const struct field_row bookmark_fields[] = {BOOKMARK_FIELDS(true)};
static const struct field_row bookmark_change_fields[] = {BOOKMARK_FIELDS(false)};

static const char *const TARGET_NAMES[] = {"http", "cli", NULL};
static const struct field_row trigger_fields[] = {{"target", VALUE_TEXT, .older = true, .names = TARGET_NAMES}, END};

static const struct field_row bookmark_shape[] = {
    {.name = "id", VALUE_TEXT, .required = true}, {.name = "team_id", VALUE_TEXT, .required = true},
    {.name = "webhook_id", VALUE_TEXT, .required = true}, {.name = "event_data_id", VALUE_TEXT, .required = true},
    {.name = "label", VALUE_TEXT, .required = true}, {.name = "alias", VALUE_TEXT | VALUE_NULL},
    {"data", VALUE_OBJECT, .fields = request_data_shape}, MOMENT_OR_NULL("last_used_at"), MOMENT("updated_at"),
    MOMENT("created_at"), END,
};
static const struct field_row deleted_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {
    {"Bookmark", bookmark_shape}, {"DeletedBookmarkResponse", deleted_shape}, END,
};

static const struct parameter_row bookmark_parameters[] = {
    ID_FILTER("id", FIELD_ID, ID_BOOKMARK), {"name", PARAMETER_NAME, FIELD_NAME, .most = NAME_MOST},
    ID_FILTER("webhook_id", FIELD_CONNECTION_ID, ID_CONNECTION),
    ID_FILTER("event_data_id", FIELD_REQUEST_ID, ID_EVENT_DATA),
    {"label", PARAMETER_TEXT, FIELD_LABEL, .most = TEXT_MOST}, DATE_FILTER("last_used_at", FIELD_LAST_USED_AT),
    PAGING(by_creation, 100), END,
};

static const struct operation operations[] = {
    {"GET", "/bookmarks", "getBookmarks", "List bookmarks", bookmark_list, bookmark_parameters, NULL,
     "BookmarkPaginatedResult"},
    {"POST", "/bookmarks", "createBookmark", "Mark the data of an event", bookmark_create, NULL, bookmark_fields,
     "Bookmark"},
    {"GET", "/bookmarks/{id}", "getBookmark", "Get a bookmark with its data", bookmark_get, NULL, NULL, "Bookmark"},
    {"PUT", "/bookmarks/{id}", "updateBookmark", "Change a bookmark", bookmark_update, NULL, bookmark_change_fields,
     "Bookmark"},
    {"DELETE", "/bookmarks/{id}", "deleteBookmark", "Delete a bookmark", bookmark_delete, NULL, NULL,
     "DeletedBookmarkResponse"},
    {"GET", "/bookmarks/{id}/raw_body", "getBookmarkRawBody", "Get a bookmark's body as it came", bookmark_raw_body,
     NULL, NULL, "RawBody"},
    {"POST", "/bookmarks/{id}/trigger", "triggerBookmark", "Make an event of a bookmark's data", bookmark_trigger, NULL,
     trigger_fields, "EventArray"},
};
OPERATIONS(bookmark_operations, operations, shapes);
