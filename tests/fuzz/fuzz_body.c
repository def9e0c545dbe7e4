/* The body of an API call: the first byte picks the operation. */
#include "fuzz.h"

#include "api/nouns.h"
#include "api/validate.h"

static void check_inside(struct call *call)
{
    json_t *rules = json_member(call->body, "rules"), *config = json_member(call->body, "config");
    struct text type = json_member_text(call->body, "type");
    if (json_is_array(rules))
        rules_check(call, rules);
    if (json_is_object(config)) {
        auth_check_source(call, type.data != NULL ? type : TEXT("WEBHOOK"), config);
        auth_check_destination(call, config);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    struct http_exchange exchange = {.body = {(const char *)bytes + 1, size - 1}};
    struct call call = {
        .exchange = &exchange, .arena = &exchange.arena, .operation = operation_at(bytes[0] % operation_count())};
    bool good = validate_body(&call);
    if (good && call.body != NULL) {
        check_inside(&call);
        good = call_check(&call);
    }
    MUST(good || ((call.status == 400 || call.status == 422) && json_is_object(call.reply)));
    json_decref(call.reply);
    json_decref(call.body);
    json_decref(call.problems);
    arena_free(&exchange.arena);
    return 0;
}
