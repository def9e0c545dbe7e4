/* From a call's path and headers to its operation's handler. */
#include "api/dispatch.h"

#include "api/api.h"
#include "api/query.h"
#include "api/sign_in.h"
#include "api/validate.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/limits.h"

/* ---- the path ------------------------------------------------------------------------------------ */

/* Takes "/YYYY-MM-DD" off; what is left begins with "/" or is empty. */
static bool take_version(struct text *path)
{
    static const char form[] = "0000-00-00";
    size_t start = 0;
    while (start < path->size && path->data[start] == '/')
        start++;
    if (start == 0 || path->size < start + sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = path->data[start + i];
        if (form[i] == '-' ? c != '-' : c < '0' || c > '9')
            return false;
    }
    *path = text_slice(*path, start + sizeof form - 1, path->size);
    return path->size == 0 || path->data[0] == '/';
}

bool api_wants(struct text path)
{
    return sign_in_page_wants(path) || take_version(&path);
}

static struct text collapse_slashes(struct arena *arena, struct text path)
{
    char *out = arena_allocate(arena, path.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] != '/' || size == 0 || out[size - 1] != '/')
            out[size++] = path.data[i];
    }
    if (size > 1 && out[size - 1] == '/')
        size--;
    return (struct text){out, size};
}

static struct text decode_id(struct arena *arena, struct text id)
{
    struct buffer out = {0};
    percent_decode(&out, id, false);
    struct text copy = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return copy;
}

/* The path behind the version. */
static struct text own_path(const struct call *call)
{
    struct text path = call->exchange->path;
    take_version(&path);
    return collapse_slashes(call->arena, path);
}

static void find_operation(struct call *call, char allow[OPERATION_ALLOW_SIZE])
{
    struct path_ids ids = {0};
    call->operation = operation_find(call->exchange->method, own_path(call), &ids, allow);
    call->id = ids.count > 0 ? decode_id(call->arena, ids.items[0]) : TEXT_NONE;
    call->second_id = ids.count > 1 ? decode_id(call->arena, ids.items[1]) : TEXT_NONE;
}

static bool has_operation(struct call *call, const char *allow)
{
    if (call->operation != NULL)
        return true;
    struct text path = text_slice(own_path(call), 0, 200);
    if (allow[0] == 0)
        return call_fail(call, 404, NULL, "there is nothing at %.*s", TEXT_ARGS(path.size ? path : TEXT("/")));
    call->allow = arena_copy_string(call->arena, text_of(allow));
    return call_fail(call, 405, NULL, "%.*s takes %s only", TEXT_ARGS(path), call->allow);
}

/* ---- who calls ----------------------------------------------------------------------------------- */

static bool find_access(struct call *call)
{
    struct error error = {0};
    if (!access_find(call->reader, call->arena, &call->exchange->headers, &call->access, &error))
        return call_fail_error(call, &error);
    call->project_id = call->access.project_id;
    return true;
}

static bool count_call(struct call *call, struct rate *rate)
{
    const struct api_key *key = &call->access.key;
    int64_t limit = key->rate_limit != 0 ? key->rate_limit : limits.api_rate_limit;
    return rate_take(rate, key->id, limit, clock_monotonic_us(), &call->rate) ||
           call_fail(call, 429, NULL, "the API key may make %lld calls a minute: try again in %lld ms",
                     (long long)limit, (long long)call->rate.wait_ms);
}

/* Whoever has no key does not learn which paths there are, but for those that are open. */
static bool may_call(struct call *call, struct rate *rate)
{
    return (call->operation != NULL && operation_is_open(call->operation)) ||
           (find_access(call) && count_call(call, rate));
}

/* ---- the call ------------------------------------------------------------------------------------ */

static bool handle(struct call *call)
{
    if (!query_read(call) || !validate_body(call))
        return false;
    return call->operation->handle(call) || call->status != 0 ||
           call_fail(call, 500, NULL, "%s failed without a reason", call->operation->id);
}

enum dispatch_kind dispatch_kind_of(struct http_exchange *exchange)
{
    struct call call = {.exchange = exchange, .arena = &exchange->arena};
    char allow[OPERATION_ALLOW_SIZE];
    find_operation(&call, allow);
    if (call.operation == NULL)
        return DISPATCH_QUICK;
    if (strcmp(call.operation->id, "testTransformation") == 0)
        return DISPATCH_CODE;
    bool reads = call.operation->reply != NULL &&
                 (text_ends_with(text_of(call.operation->reply), TEXT("PaginatedResult")) ||
                  text_starts_with(text_of(call.operation->path), TEXT("/metrics/")));
    return reads && strcmp(call.operation->method, "GET") == 0 ? DISPATCH_READS : DISPATCH_QUICK;
}

void dispatch(struct call *call, struct rate *rate)
{
    char allow[OPERATION_ALLOW_SIZE];
    find_operation(call, allow);
    if (may_call(call, rate) && has_operation(call, allow))
        handle(call);
}

void dispatch_granted(struct call *call)
{
    char allow[OPERATION_ALLOW_SIZE];
    find_operation(call, allow);
    if (has_operation(call, allow))
        handle(call);
}
