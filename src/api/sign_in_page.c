/* The page on which somebody confirms that a CLI may sign in: HTML with a form, no script. */
#include "api/sign_in.h"

#include "api/nouns.h"
#include "base/encoding.h"
#include "store/project.h"

static const struct text PREFIX = {"/sign-in/", 9};

bool sign_in_page_wants(struct text path)
{
    return text_starts_with(path, PREFIX);
}

const char *sign_in_page_url(struct call *call, const struct sign_in *sign_in)
{
    return arena_printf(call->arena, "%s%.*s%s", call->public_url, TEXT_ARGS(PREFIX), sign_in->page_token);
}

/* ---- the page ------------------------------------------------------------------------------------- */

static void escape(struct buffer *out, const char *text)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '<': buffer_append_string(out, "&lt;"); break;
        case '>': buffer_append_string(out, "&gt;"); break;
        case '&': buffer_append_string(out, "&amp;"); break;
        case '"': buffer_append_string(out, "&quot;"); break;
        case '\'': buffer_append_string(out, "&#39;"); break;
        default: buffer_append_byte(out, *text);
        }
    }
}

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>fairlead: sign in</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>body{font:16px/1.5 sans-serif;max-width:34em;"
    "margin:3em auto;padding:0 1em}input{font:inherit;width:100%;box-sizing:border-box;padding:.4em}"
    "button{font:inherit;margin-top:1em;padding:.4em 1.2em}.bad{color:#a00}</style></head><body>\n"
    "<h1>Sign in</h1>\n";
static const char TAIL[] = "</body></html>\n";

static void reply_html(struct http_exchange *exchange, int status, struct buffer *body)
{
    static const struct http_header headers[] = {
        {TEXT("content-security-policy"), TEXT("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                                               "frame-ancestors 'none'; base-uri 'none'")},
        {TEXT("cache-control"), TEXT("no-store")},
        {TEXT("referrer-policy"), TEXT("no-referrer")},
        {TEXT("x-content-type-options"), TEXT("nosniff")},
        {TEXT("allow"), TEXT("GET, HEAD, POST")},
    };
    size_t count = sizeof headers / sizeof headers[0];
    buffer_append_string(body, TAIL);
    http_reply(exchange, &(struct http_reply){.status = status, .content_type = "text/html; charset=utf-8",
                                              .body = buffer_text(body), .headers = headers,
                                              .header_count = status == 405 ? count : count - 1});
    buffer_free(body);
}

static void reply_sentence(struct call *call, int status, const char *sentence)
{
    struct buffer body = {0};
    buffer_append_string(&body, HEAD);
    buffer_append_string(&body, "<p>");
    escape(&body, sentence);
    buffer_append_string(&body, "</p>\n");
    reply_html(call->exchange, status, &body);
}

static void reply_form(struct call *call, int status, const struct sign_in *sign_in, const char *problem)
{
    struct buffer body = {0};
    buffer_append_string(&body, HEAD);
    buffer_append_string(&body, "<p>A command line tool");
    if (sign_in->device_name[0] != 0) {
        buffer_append_string(&body, " on <b>");
        escape(&body, sign_in->device_name);
        buffer_append_string(&body, "</b>");
    }
    buffer_append_string(&body, ", calling from ");
    escape(&body, sign_in->peer);
    buffer_append_string(&body, ", asks to sign in. It gets an API key of its own for the project of your key.</p>\n"
                                "<p><b>Go on only if you have started it yourself.</b></p>\n");
    if (problem != NULL) {
        buffer_append_string(&body, "<p class=\"bad\">");
        escape(&body, problem);
        buffer_append_string(&body, "</p>\n");
    }
    buffer_append_string(&body, "<form method=\"post\"><label for=\"key\">An API key of the project</label>"
                                "<input id=\"key\" name=\"key\" type=\"password\" autocomplete=\"off\" required "
                                "autofocus>"
                                "<button>Let it sign in</button></form>\n");
    reply_html(call->exchange, status, &body);
}

/* ---- the form ------------------------------------------------------------------------------------- */

static struct text form_key(struct call *call)
{
    struct text rest = call->exchange->body, pair, key = TEXT_NONE;
    while (text_split(&rest, '&', &pair)) {
        if (!text_starts_with(pair, TEXT("key=")))
            continue;
        struct buffer decoded = {0};
        percent_decode(&decoded, text_slice(pair, 4, pair.size), true);
        key = arena_copy_text(call->arena, text_trim(buffer_text(&decoded)));
        buffer_free(&decoded);
    }
    return key;
}

struct confirmation {
    struct text device_name;
    struct api_key confirming; /* the new key may do no more than this one */
    struct text key_text;      /* of the new key */
};

static bool change_add_key(struct call *call)
{
    struct confirmation *confirmation = call->user;
    struct api_key key;
    return key_insert(call, confirmation->confirming.project_id, confirmation->device_name,
                      confirmation->confirming.rate_limit, &key, &confirmation->key_text);
}

static bool change_drop_key(struct call *call)
{
    struct error error = {0};
    return store_delete_api_key(call->transaction, call->changed_id, &error) || call_fail_error(call, &error);
}

static void confirm(struct call *call, const struct sign_in *sign_in)
{
    struct error error = {0};
    struct confirmation confirmation = {
        .device_name = sign_in->device_name[0] != 0 ? text_of(sign_in->device_name) : TEXT("command line")};
    call->user = &confirmation;
    if (!access_find_key(call->reader, call->arena, form_key(call), &confirmation.confirming, &error)) {
        reply_form(call, error.code == ERROR_UNAUTHORIZED ? 401 : 503, sign_in, error.message);
    } else if (!call_write(call, change_add_key)) {
        reply_form(call, call->status, sign_in, json_string_value(json_member(call->reply, "message")));
    } else if (!sign_ins_confirm(call->sign_ins, text_of(sign_in->page_token), confirmation.key_text)) {
        call_write(call, change_drop_key); /* another confirmation was faster */
        reply_sentence(call, 409, "This sign-in was confirmed before, or its time is over.");
    } else {
        reply_sentence(call, 200, "Done: the command line tool is signed in. You may close this page.");
    }
}

void sign_in_page(struct call *call)
{
    struct sign_in sign_in;
    struct text method = call->exchange->method;
    struct text token = text_slice(call->exchange->path, PREFIX.size, call->exchange->path.size);
    bool posts = text_equal(method, TEXT("POST"));
    if (!posts && !text_equal(method, TEXT("GET")) && !text_equal(method, TEXT("HEAD")))
        reply_sentence(call, 405, "This page is read, or its form is sent.");
    else if (!sign_ins_find_shown(call->sign_ins, token, &sign_in))
        reply_sentence(call, 404, "There is no sign-in at this address, or its time is over. Start it again.");
    else if (sign_in.key[0] != 0)
        reply_sentence(call, 200, "This sign-in is confirmed. You may close this page.");
    else if (posts)
        confirm(call, &sign_in);
    else
        reply_form(call, 200, &sign_in, NULL);
    call_release(call);
}
