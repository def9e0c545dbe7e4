#include "deliver/token_request.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/json.h"

enum { ASSERTION_LIFETIME_S = 3600, HEADERS = 3, SHOWN_BYTES = 200 };

/* ---- asking ---- */

static void append_field(struct buffer *form, const char *name, struct text value)
{
    buffer_printf(form, "%s%s=", form->size > 0 ? "&" : "", name);
    percent_encode(form, value);
}

/* RFC 6749, 2.3.1: both are form-encoded before they are joined. */
static struct text basic(struct arena *arena, const struct token_settings *token)
{
    struct buffer pair = {0}, out = {0};
    percent_encode(&pair, token->client_id);
    buffer_append_byte(&pair, ':');
    percent_encode(&pair, token->client_secret);
    buffer_append_string(&out, "Basic ");
    base64_encode(&out, buffer_text(&pair));
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&pair);
    buffer_free(&out);
    return text;
}

/* The client tells who it is, in a header (TEXT_NONE: not so) or in the form. */
static struct text authenticate(struct arena *arena, const struct token_settings *token, struct buffer *form)
{
    switch (token->authentication) {
    case CLIENT_BASIC:
        return basic(arena, token);
    case CLIENT_BEARER:
        append_field(form, "client_id", token->client_id);
        return text_of(arena_printf(arena, "Bearer %.*s", TEXT_ARGS(token->client_secret)));
    case CLIENT_FORM:
        append_field(form, "client_id", token->client_id);
        append_field(form, "client_secret", token->client_secret);
        break;
    }
    return TEXT_NONE;
}

static void append_part(struct buffer *out, const json_t *part)
{
    char *text = json_to_string(part);
    base64url_encode(out, text_of(text));
    free(text);
}

static bool sign_rs256(struct text key_pem, struct buffer *token)
{
    BIO *memory = BIO_new_mem_buf(key_pem.data ? key_pem.data : "", (int)key_pem.size);
    EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, "") : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = key ? (size_t)EVP_PKEY_get_size(key) : 0;
    unsigned char *signature = malloc(size + 1);
    bool done = key != NULL && context != NULL && signature != NULL &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &size, (const unsigned char *)token->data, token->size) == 1;
    if (done) {
        buffer_append_byte(token, '.');
        base64url_encode(token, (struct text){(const char *)signature, size});
    }
    free(signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(memory);
    ERR_clear_error();
    return done;
}

static bool append_assertion(struct buffer *form, const struct token_settings *token, int64_t now, struct error *error)
{
    json_int_t at = (json_int_t)(now / 1000);
    json_t *header = json_pack("{s:s, s:s}", "alg", "RS256", "typ", "JWT");
    json_t *claims = json_pack("{s:o, s:o, s:o, s:I, s:I}", "iss", json_text(token->client_id), "scope",
                               json_text(token->scope), "aud", json_text(token->server), "iat", at, "exp",
                               at + ASSERTION_LIFETIME_S);
    struct buffer jwt = {0};
    if (token->key_id.size > 0)
        json_object_set_new(header, "kid", json_text(token->key_id));
    append_part(&jwt, header);
    buffer_append_byte(&jwt, '.');
    append_part(&jwt, claims);
    bool done = sign_rs256(token->client_secret, &jwt) ||
                error_set(error, ERROR_INVALID, "the service account's key cannot sign");
    append_field(form, "assertion", buffer_text(&jwt));
    buffer_free(&jwt);
    json_decref(header);
    json_decref(claims);
    return done;
}

static bool append_grant(struct buffer *form, const struct destination_settings *settings, struct text refresh_token,
                         int64_t now, struct error *error)
{
    const struct token_settings *token = &settings->token;
    if (settings->auth == DESTINATION_AUTH_GCP) {
        append_field(form, "grant_type", TEXT("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        return append_assertion(form, token, now, error);
    }
    bool by_refresh = settings->auth == DESTINATION_AUTH_OAUTH2_CODE;
    append_field(form, "grant_type", by_refresh ? TEXT("refresh_token") : TEXT("client_credentials"));
    if (by_refresh)
        append_field(form, "refresh_token", refresh_token);
    if (token->scope.size > 0)
        append_field(form, "scope", token->scope);
    return true;
}

bool token_request_write(struct arena *arena, const struct destination_settings *settings, struct text refresh_token,
                         int64_t now, struct http_call *call, struct error *error)
{
    const struct token_settings *token = &settings->token;
    struct http_header *headers = ARENA_ARRAY(arena, struct http_header, HEADERS);
    struct buffer form = {0};
    bool done = append_grant(&form, settings, refresh_token, now, error);
    struct text authorization =
        settings->auth == DESTINATION_AUTH_GCP ? TEXT_NONE : authenticate(arena, token, &form);
    headers[0] = (struct http_header){TEXT("accept"), TEXT("application/json")};
    headers[1] = (struct http_header){TEXT("content-type"), TEXT("application/x-www-form-urlencoded")};
    headers[2] = (struct http_header){TEXT("authorization"), authorization};
    call->method = "POST";
    call->url = arena_copy_string(arena, token->server);
    call->headers = headers;
    call->header_count = authorization.data != NULL ? HEADERS : HEADERS - 1;
    call->body = arena_copy_text(arena, buffer_text(&form));
    call->has_body = true;
    buffer_free(&form);
    return done;
}

/* ---- the reply ---- */

/* What a stranger wrote, for an error's sentence: short, and in one line. */
static const char *shown(struct text text, char out[SHOWN_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < text.size && used < SHOWN_BYTES - 1; i++)
        out[used++] = text.data[i] >= ' ' && text.data[i] < 127 ? text.data[i] : '?';
    out[used] = '\0';
    return out;
}

/* Servers may repeat what they were sent: then it is not shown. */
static struct text without_secrets(struct text words, const struct token_question *question)
{
    const struct text secrets[] = {question->settings->client_secret, question->refresh_token};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (secrets[i].size > 0 && text_find(words, secrets[i]) >= 0)
            return TEXT("(it repeats a secret)");
    }
    return words;
}

static bool refuse(const struct token_question *question, int status, const json_t *object, struct error *error)
{
    char code[SHOWN_BYTES], description[SHOWN_BYTES];
    struct text why = without_secrets(json_member_text(object, "error"), question);
    struct text more = without_secrets(json_member_text(object, "error_description"), question);
    shown(why, code);
    shown(more, description);
    return error_set(error, ERROR_REFUSED, "the authorization server answered %d%s%s%s%s", status,
                     why.size > 0 ? ": " : "", code, more.size > 0 ? ": " : "", description);
}

/* It becomes part of a header. */
static bool is_sendable(struct text token)
{
    bool good = token.size > 0;
    for (size_t i = 0; i < token.size; i++)
        good &= token.data[i] > ' ' && token.data[i] < 127;
    return good;
}

static int64_t read_lifetime(const json_t *object)
{
    const json_t *member = json_member(object, "expires_in");
    int64_t seconds;
    if (json_is_integer(member) && json_integer_value(member) >= 0)
        return json_integer_value(member);
    if (json_is_real(member) && json_real_value(member) >= 0 && json_real_value(member) < 1e15)
        return (int64_t)json_real_value(member);
    return text_to_integer(json_member_text(object, "expires_in"), &seconds) && seconds >= 0 ? seconds : -1;
}

static bool read_object(struct arena *arena, const struct http_call *call, const struct token_question *question,
                        const json_t *object, struct token_reply *reply, struct error *error)
{
    struct text token = json_member_text(object, "access_token"), type = json_member_text(object, "token_type");
    struct text refresh = json_member_text(object, "refresh_token");
    if (call->status < 200 || call->status > 299)
        return refuse(question, call->status, object, error);
    if (!is_sendable(token))
        return error_set(error, ERROR_INVALID, "the authorization server's answer holds no access_token that can be sent");
    if (type.size > 0 && !text_equal_ignoring_case(type, TEXT("bearer"))) {
        char name[SHOWN_BYTES];
        return error_set(error, ERROR_INVALID, "the authorization server gave a token of the type %s, not bearer",
                         shown(without_secrets(type, question), name));
    }
    *reply = (struct token_reply){arena_copy_text(arena, token),
                                  refresh.size > 0 ? arena_copy_text(arena, refresh) : TEXT_NONE,
                                  read_lifetime(object)};
    return true;
}

bool token_reply_read(struct arena *arena, const struct http_call *call, const struct token_question *question,
                      struct token_reply *reply, struct error *error)
{
    if (call->status == 0)
        return error_set(error, ERROR_UNREACHABLE, "no answer from the authorization server: %s", call->failure_text);
    json_t *object = call->response_cut ? NULL : json_parse(call->response_body, NULL);
    bool done = read_object(arena, call, question, object, reply, error);
    json_decref(object);
    return done;
}
