#include "verify/fetch.h"

#include "base/encoding.h"
#include "verify/verifier.h"

/* TEXT_NONE: there is nothing to write, or not all of it. */
static struct text write(const struct template *template, struct reading *reading, struct arena *arena)
{
    struct buffer out = {0};
    struct text text = TEXT_NONE;
    if (template->count > 0 && template_append(template, reading, &out))
        text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return text;
}

/* ---- reading the row ---- */

/* RFC 6749, 2.3.1; neither id nor secret holds what would have to be encoded. */
static struct text basic(struct arena *arena, struct text id, struct text secret)
{
    struct buffer pair = {0}, out = {0};
    buffer_append_text(&pair, id);
    buffer_append_byte(&pair, ':');
    buffer_append_text(&pair, secret);
    buffer_append_string(&out, "Basic ");
    base64_encode(&out, buffer_text(&pair));
    struct text text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&pair);
    buffer_free(&out);
    return text;
}

static const struct origin_url *url_for(const struct key_origin *origin, struct text environment)
{
    for (size_t i = 0; i < ORIGIN_URLS_MOST && origin->urls[i].url != NULL; i++) {
        const char *own = origin->urls[i].environment;
        if (own == NULL || text_equal(environment, text_of(own)))
            return &origin->urls[i];
    }
    return NULL;
}

static bool read_template(struct arena *arena, const char *text, const json_t *auth, struct template *template)
{
    return text == NULL || template_read(arena, text, auth, template);
}

/* What is made of the config alone is judged when it is entered. */
static struct text write_alone(const struct template *template, struct arena *arena)
{
    struct http_headers none = {0};
    struct verify_input input = {.headers = &none};
    struct reading reading = {.input = &input};
    struct text text = write(template, &reading, arena);
    reading_end(&reading);
    return text;
}

static bool is_sendable(struct text value)
{
    for (size_t i = 0; i < value.size; i++) {
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 127)
            return false;
    }
    return true;
}

/* Also what only narrows whose requests pass must be there: without it any customer of the provider would. */
static bool check_entered(struct verifier *verifier, const json_t *auth, struct error *error)
{
    const struct key_origin *origin = verifier->scheme->origin;
    struct arena *arena = &verifier->arena;
    for (const struct auth_field *field = verifier->scheme->fields; field->name != NULL; field++) {
        if (!field->optional && json_member_text(auth, field->name).size == 0)
            return error_set(error, ERROR_INVALID, "config.auth.%s: is required", field->name);
    }
    if (origin->url_member != NULL && !origin_takes(origin->locations, write_alone(&verifier->url, arena)))
        return error_set(error, ERROR_INVALID, "config.auth.%s: must be a URL of %s, without a slash at its end",
                         origin->url_member, verifier->scheme->name);
    return is_sendable(write_alone(&verifier->authorization, arena)) ||
           error_set(error, ERROR_INVALID, "config.auth: holds what cannot be sent in a header");
}

bool fetching_read(struct verifier *verifier, const json_t *auth, struct error *error)
{
    const struct key_origin *origin = verifier->scheme->origin;
    struct arena *arena = &verifier->arena;
    const struct origin_url *url = url_for(origin, json_member_text(auth, "environment"));
    if (url == NULL)
        return error_set(error, ERROR_INVALID, "config.auth.environment: is required");
    if (!read_template(arena, url->url, auth, &verifier->url) ||
        !read_template(arena, origin->other_url, auth, &verifier->other_url) ||
        !read_template(arena, origin->authorization, auth, &verifier->authorization) ||
        (origin->id != NULL && !place_read(text_of(origin->id), &verifier->key_id)))
        return error_set(error, ERROR_INTERNAL, "the table of %s is wrong: origin", verifier->scheme->type);
    verifier->token_url = text_of(url->token_url);
    if (url->token_url != NULL)
        verifier->token_authorization = basic(arena, json_member_text(auth, origin->token_id),
                                              json_member_text(auth, origin->token_secret));
    return check_entered(verifier, auth, error);
}

/* ---- what a request needs ---- */

/* What the request names is written first: it must not be looked for in a body that was parsed meanwhile. */
static bool names_key(const struct verifier *verifier, struct reading *reading, struct arena *arena, struct text *id)
{
    struct candidates candidates = {0};
    const char *place = verifier->scheme->origin->id;
    struct text named;
    *id = TEXT_NONE;
    if (verifier->scheme->method != METHOD_JWT)
        return verify_read_signature(verifier, reading, &candidates);
    if (!jwt_key_id(verifier, reading, &named))
        return false;
    if (place != NULL && (!reading_value(reading, verifier->key_id, &named) || named.data == NULL))
        return false;
    *id = arena_copy_text(arena, named);
    return id->size > 0;
}

bool verify_wants_key(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                      struct key_wanted *wanted)
{
    if (!verifier->fetches || !verifier->checks || verifier->broken)
        return false;
    const struct key_origin *origin = verifier->scheme->origin;
    struct reading reading = {.input = input};
    *wanted = (struct key_wanted){.origin = origin, .method = verifier->scheme->method};
    bool wants = names_key(verifier, &reading, arena, &wanted->id);
    if (wants) {
        wanted->url = write(&verifier->url, &reading, arena);
        wanted->other_url = write(&verifier->other_url, &reading, arena);
        wanted->authorization = write(&verifier->authorization, &reading, arena);
        wanted->token_url = verifier->token_url;
        wanted->token_authorization = verifier->token_authorization;
        wants = origin_takes(origin->locations, wanted->url) &&
                (wanted->other_url.data == NULL || origin_takes(origin->locations, wanted->other_url)) &&
                (wanted->token_url.data == NULL || origin_takes(origin->locations, wanted->token_url));
    }
    reading_end(&reading);
    return wants;
}

enum confirmation_wish verify_confirmation(const struct verifier *verifier, const struct verify_input *input,
                                           struct arena *arena, struct text *url)
{
    const struct subscription *subscription = verifier->scheme->subscription;
    struct reading reading = {.input = input};
    struct place at, where;
    struct text value;
    enum confirmation_wish wish = CONFIRMATION_NONE;
    if (subscription == NULL || !verifier->checks || !place_read(text_of(subscription->at), &at) ||
        !place_read(text_of(subscription->url), &where))
        return wish;
    if (reading_value(&reading, at, &value) && text_equal(value, text_of(subscription->equal_to))) {
        bool given = reading_value(&reading, where, &value) && value.data != NULL;
        *url = given ? arena_copy_text(arena, value) : TEXT("");
        wish = origin_takes(subscription->locations, *url) ? CONFIRMATION_WANTED : CONFIRMATION_ELSEWHERE;
    }
    reading_end(&reading);
    return wish;
}
