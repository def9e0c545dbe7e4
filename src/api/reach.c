/* URLs that the egress policy refuses before anything is looked up are refused where they are given. */
#include "api/nouns.h"

#include "http/egress.h"
#include "http/url.h"

static void check(struct call *call, const char *field, struct text url)
{
    char reason[EGRESS_REASON];
    const struct egress *egress = call->deliver != NULL ? deliver_egress(call->deliver) : NULL;
    if (url.size > 0 && http_url_is_valid(url) &&
        !egress_name_is_allowed(egress, arena_copy_string(call->arena, url), reason))
        call_problem(call, "%s: %s", field, reason);
}

void reach_check_destination(struct call *call, const json_t *given)
{
    const json_t *auth = json_member(given, "auth");
    json_t *account = json_parse(json_member_text(auth, "service_account_key"), NULL);
    check(call, "config.url", json_member_text(given, "url"));
    check(call, "config.auth.auth_server", json_member_text(auth, "auth_server"));
    check(call, "config.auth.service_account_key: its token_uri", json_member_text(account, "token_uri"));
    json_decref(account);
}
