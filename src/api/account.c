/*
 * What hookdeck-cli calls to sign in, and to learn whose key it has. There are no users here: a key stands for one.
 */
#include "api/contract_rows.h"
#include "api/nouns.h"

#include "api/sign_in.h"
#include "base/log.h"
#include "store/project.h"

#define POLL_PATH "/2025-07-01/cli-auth/poll?key="

/* ---- shown --------------------------------------------------------------------------------------- */

/* `key_text`: TEXT_NONE to leave the key out. */
static bool reply_account(struct call *call, const struct api_key *key, int64_t project_id, struct text key_text)
{
    struct error error = {0};
    struct project project;
    struct text user = key->name.size > 0 ? key->name : TEXT("API key");
    if (!store_read_project(call->reader, call->arena, project_id, &project, &error))
        return call_fail_error(call, &error);
    json_t *object = json_pack(
        "{s:b, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:o}", "claimed", 1, "team_id",
        call_id(ID_PROJECT, project.id), "team_name", json_text(project.name), "team_name_no_org",
        json_text(project.name), "team_type", "gateway", "team_mode", "inbound", "organization_id",
        PROJECT_ORGANIZATION, "organization_name", PROJECT_ORGANIZATION, "user_id", call_id(ID_API_KEY, key->id),
        "user_name", json_text(user), "user_email", "", "user_is_guest", 0, "client_id", call_id(ID_API_KEY, key->id));
    if (key_text.data != NULL)
        json_object_set_new(object, "key", json_text(key_text));
    return call_reply(call, object);
}

/* ---- with a key ----------------------------------------------------------------------------------- */

static bool account_ci(struct call *call)
{
    return reply_account(call, &call->access.key, call->project_id, call->access.key_text);
}

static bool account_validate(struct call *call)
{
    return reply_account(call, &call->access.key, call->project_id, TEXT_NONE);
}

/* hookdeck-cli sends what somebody typed, with its line feed. */
static struct text device_name(struct call *call)
{
    struct text given = text_trim(json_member_text(call->body, "device_name"));
    char *name = arena_copy_string(call->arena, given);
    for (size_t i = 0; i < given.size; i++)
        name[i] = (char)((unsigned char)name[i] < ' ' || name[i] == 127 ? ' ' : name[i]);
    return (struct text){name, given.size};
}

static bool change_client(struct call *call)
{
    struct error error = {0};
    struct api_key key = call->access.key;
    key.name = device_name(call);
    return store_update_api_key(call->transaction, &key, &error) || call_fail_error(call, &error);
}

/* A client is a key: it may name itself, and no other. */
static bool account_client(struct call *call)
{
    int64_t id;
    if (!id_parse(ID_API_KEY, call->id, &id) || id != call->access.key.id)
        return call_fail_missing(call, "client", call->id);
    return call_write(call, change_client) && call_reply_id(call, call->id);
}

/* ---- without one ---------------------------------------------------------------------------------- */

static bool begin(struct call *call, struct sign_in *sign_in)
{
    return sign_ins_begin(call->sign_ins, device_name(call), call->exchange->peer, sign_in) ||
           call_fail(call, 503, NULL, "too many sign-ins wait to be confirmed: try again later");
}

static json_t *poll_url(struct call *call, const struct sign_in *sign_in)
{
    return json_string(arena_printf(call->arena, "%s" POLL_PATH "%s", call->public_url, sign_in->poll_token));
}

static bool account_begin(struct call *call)
{
    struct sign_in sign_in;
    return begin(call, &sign_in) &&
           call_reply(call, json_pack("{s:s, s:o}", "browser_url", sign_in_page_url(call, &sign_in), "poll_url",
                                      poll_url(call, &sign_in)));
}

/*
 * Nobody is a guest here: it is a sign-in like any other, and the link leads to its page. The CLI does not show it
 * before it is confirmed, so that the log has to.
 */
static bool account_guest(struct call *call)
{
    struct sign_in sign_in;
    if (!begin(call, &sign_in))
        return false;
    const char *page = sign_in_page_url(call, &sign_in);
    log_info("a command line tool at %s asks to sign in: confirm it at %s", sign_in.peer, page);
    return call_reply(call, json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", "", "key", "", "link", page, "browser_url",
                                      page, "poll_url", poll_url(call, &sign_in)));
}

/* The token of a sign-in that waits; or an API key, of which the caller wants to know whose it is. */
static bool account_poll(struct call *call)
{
    struct error error = {0};
    struct sign_in sign_in;
    struct api_key key;
    if (call->query.filter_count == 0) {
        call_problem(call, "key: is required");
        return call_check(call);
    }
    struct text token = call->query.filters[0].values[0].text;
    if (sign_ins_find_polled(call->sign_ins, token, &sign_in)) {
        if (sign_in.key[0] == 0)
            return call_reply(call, json_pack("{s:b}", "claimed", 0));
        token = arena_copy_text(call->arena, text_of(sign_in.key));
    }
    if (!access_find_key(call->reader, call->arena, token, &key, &error))
        return error.code == ERROR_UNAUTHORIZED
                   ? call_fail(call, 401, NULL, "this is neither a sign-in that waits (any more) nor an API key")
                   : call_fail_error(call, &error);
    return reply_account(call, &key, key.project_id, token);
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row device_fields[] = {{"device_name", VALUE_TEXT, .most = TEXT_MOST}, END};
static const struct field_row guest_fields[] = {
    {"device_name", VALUE_TEXT, .most = TEXT_MOST}, {"link_context", VALUE_TEXT, .most = TEXT_MOST}, END,
};
static const struct field_row client_fields[] = {
    {"device_name", VALUE_TEXT, .required = true, .least = 1, .most = TEXT_MOST},
    END,
};

static const struct field_row account_shape[] = {
    {.name = "claimed", VALUE_BOOLEAN, .required = true}, {.name = "key", VALUE_TEXT},
    {.name = "team_id", VALUE_TEXT}, {.name = "team_name", VALUE_TEXT}, {.name = "team_name_no_org", VALUE_TEXT},
    {.name = "team_type", VALUE_TEXT}, {.name = "team_mode", VALUE_TEXT}, {.name = "organization_id", VALUE_TEXT},
    {.name = "organization_name", VALUE_TEXT}, {.name = "user_id", VALUE_TEXT}, {.name = "user_name", VALUE_TEXT},
    {.name = "user_email", VALUE_TEXT}, {.name = "user_is_guest", VALUE_BOOLEAN}, {.name = "client_id", VALUE_TEXT},
    END,
};
static const struct field_row begun_shape[] = {
    {.name = "browser_url", VALUE_TEXT, .required = true}, {.name = "poll_url", VALUE_TEXT, .required = true},
    {.name = "id", VALUE_TEXT}, {.name = "key", VALUE_TEXT}, {.name = "link", VALUE_TEXT}, END,
};
static const struct field_row client_shape[] = {{.name = "id", VALUE_TEXT, .required = true}, END};
static const struct shape shapes[] = {{"Account", account_shape}, {"Client", client_shape}, END};
static const struct shape open_shapes[] = {{"SignIn", begun_shape}, END};

static const struct operation operations[] = {
    {"POST", "/cli-auth/ci", "signInCi", "Sign in with a key", account_ci, NULL, device_fields, "Account"},
    {"GET", "/cli-auth/validate", "validateKey", "Tell whose key it is", account_validate, NULL, NULL, "Account"},
    {"PUT", "/cli/{client_id}", "updateClient", "Name the client that has the key", account_client, NULL, client_fields,
     "Client"},
};
OPERATIONS(account_operations, operations, shapes);

static const struct parameter_row poll_parameters[] = {
    {"key", PARAMETER_TEXT, FIELD_NAME, .most = URL_MOST},
    END,
};
static const struct operation open_operations[] = {
    {"POST", "/cli-auth", "beginSignIn", "Begin to sign in with a browser", account_begin, NULL, device_fields,
     "SignIn"},
    {"POST", "/cli/guest", "beginGuest", "The same, for who has no account", account_guest, NULL, guest_fields,
     "SignIn"},
    {"GET", "/cli-auth/poll", "pollSignIn", "Ask whether a sign-in was confirmed", account_poll, poll_parameters, NULL,
     "Account"},
};
const struct operation_table sign_in_operations = {
    .rows = open_operations, .count = COUNT_OF(open_operations), .shapes = open_shapes, .open = true};
