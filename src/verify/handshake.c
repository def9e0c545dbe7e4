/*
 * Handshakes: is a request one, and what is the answer?
 *
 * `when` of a row is words, all of which must hold:
 *
 *   GET             the method
 *   h:Name          it is there and not empty (any place of reading.h)
 *   j:type=text     it is that text; "[]" is an empty array
 *   !j:event        it is not there
 *   word(q:name)    it is a word, see verifier.h
 *   own(q:name,x)   it is the source's config.auth.x, when the source has one
 *   empty           there is no body
 *
 * A row that wants a signature is met by an unsigned request only while the source checks nothing.
 */
#include "verify/verifier.h"

enum { WORD_MOST = 256, ANSWER_MOST = 8192 };

/* ---- reading the rows ---- */

static bool read_own(struct verifier *verifier, struct text inside, const json_t *auth, struct condition *condition)
{
    struct text rest = inside, place, member;
    if (!text_split(&rest, ',', &place) || !text_split(&rest, ',', &member) || !place_read(place, &condition->place))
        return false;
    struct text value = json_member_text(auth, arena_copy_string(&verifier->arena, member));
    if (value.data == NULL)
        condition->place.kind = PLACE_NONE; /* then there is nothing to compare with */
    else
        condition->equal_to = arena_copy_text(&verifier->arena, value);
    return true;
}

static bool is_method(struct text word)
{
    return text_equal(word, TEXT("GET")) || text_equal(word, TEXT("POST")) || text_equal(word, TEXT("HEAD"));
}

static bool read_condition(struct verifier *verifier, struct text word, const json_t *auth,
                           struct condition *condition)
{
    struct text inside = text_slice(word, 0, word.size - 1);
    ptrdiff_t open = text_find_byte(word, '('), equals = text_find_byte(word, '=');
    if (is_method(word)) {
        condition->method = word;
        return true;
    }
    if (text_equal(word, TEXT("empty")))
        return condition->empty_body = true;
    if (open >= 0) {
        inside = text_slice(inside, (size_t)open + 1, inside.size);
        condition->word = text_starts_with(word, TEXT("word("));
        verifier->signs_words |= condition->word;
        return condition->word ? place_read(inside, &condition->place) : read_own(verifier, inside, auth, condition);
    }
    condition->absent = word.data[0] == '!';
    if (condition->absent)
        word = text_slice(word, 1, word.size);
    if (equals >= 0) {
        condition->equal_to = text_slice(word, (size_t)equals + 1, word.size);
        word = text_slice(word, 0, (size_t)equals);
    }
    if (!place_read(word, &condition->place))
        return false;
    if (condition->place.kind == PLACE_CONFIG) {
        struct text value = json_member_text(auth, arena_copy_string(&verifier->arena, condition->place.name));
        condition->place.name = value.data != NULL ? arena_copy_text(&verifier->arena, value) : TEXT_NONE;
    }
    return true;
}

static bool read_row(struct verifier *verifier, const struct handshake *row, const json_t *auth,
                     struct ready_handshake *ready)
{
    struct text rest = text_of(row->when), word;
    ready->row = row;
    while (text_split(&rest, ' ', &word)) {
        if (ready->condition_count == CONDITIONS_MOST ||
            !read_condition(verifier, word, auth, &ready->conditions[ready->condition_count++]))
            return false;
    }
    if (row->body != NULL && !template_read(&verifier->arena, row->body, auth, &ready->body))
        return false;
    if (row->header == NULL)
        return true;
    const char *colon = strstr(row->header, ": ");
    ready->header_name = (struct text){row->header, colon != NULL ? (size_t)(colon - row->header) : 0};
    return colon != NULL && template_read(&verifier->arena, colon + 2, auth, &ready->header_value);
}

bool handshakes_read(struct verifier *verifier, const json_t *auth)
{
    const struct handshake *rows = verifier->scheme->handshakes;
    size_t count = 0;
    while (rows != NULL && rows[count].when != NULL)
        count++;
    verifier->handshakes = ARENA_ARRAY(&verifier->arena, struct ready_handshake, count);
    for (size_t i = 0; i < count; i++) {
        if (!read_row(verifier, &rows[i], auth, &verifier->handshakes[i]))
            return false;
    }
    verifier->handshake_count = count;
    return true;
}

/* ---- answering ---- */

bool is_handshake_word(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && strchr("-_.~+/=", c) == NULL)
            return false;
    }
    return text.size <= WORD_MOST && text_find_byte(text, 0) < 0;
}

static bool is_met(const struct condition *condition, struct reading *reading)
{
    struct text value;
    if (condition->method.data != NULL)
        return text_equal(condition->method, reading->input->method);
    if (condition->empty_body)
        return reading->input->body.size == 0;
    if (condition->place.kind == PLACE_NONE)
        return true;
    if (!reading_value(reading, condition->place, &value))
        return false;
    if (condition->absent)
        return value.data == NULL;
    if (condition->equal_to.data != NULL)
        return text_equal_constant_time(value, condition->equal_to);
    return condition->word ? is_handshake_word(value) && value.size > 0 : value.size > 0;
}

static bool is_answered(const struct ready_handshake *ready, const struct verifier *verifier,
                        const struct verify_input *input, struct reading *reading)
{
    for (size_t i = 0; i < ready->condition_count; i++) {
        if (!is_met(&ready->conditions[i], reading))
            return false;
    }
    /* a reading of its own: the bodies of readings are parsed by the same reader */
    bool answered = !ready->row->is_signed || verify_request(verifier, input) != VERDICT_FAILED;
    reading->is_json_read = false;
    reading->json = (struct json_view){0};
    return answered;
}

static bool write_text(const struct template *template, struct reading *reading, struct arena *arena, struct text *text)
{
    struct buffer out = {0};
    bool done = template_append(template, reading, &out) && out.size <= ANSWER_MOST;
    if (done)
        *text = arena_copy_text(arena, buffer_text(&out));
    buffer_free(&out);
    return done;
}

static bool answer(const struct ready_handshake *ready, struct reading *reading, struct arena *arena,
                   struct handshake_reply *reply)
{
    *reply = (struct handshake_reply){.status = ready->row->status, .type = ready->row->type, .body = TEXT("")};
    reply->header.name = ready->header_name;
    return write_text(&ready->body, reading, arena, &reply->body) &&
           (ready->header_name.data == NULL ||
            write_text(&ready->header_value, reading, arena, &reply->header.value));
}

bool verify_handshake(const struct verifier *verifier, const struct verify_input *input, struct arena *arena,
                      struct handshake_reply *reply)
{
    if (verifier->handshake_count == 0)
        return false;
    struct reading reading = {.input = input};
    bool answered = false;
    reading.secret = verifier->key_count > 0 ? verifier->keys[0].bytes : TEXT_NONE; /* the newest */
    for (size_t i = 0; i < verifier->handshake_count && !answered; i++)
        answered = is_answered(&verifier->handshakes[i], verifier, input, &reading) &&
                   answer(&verifier->handshakes[i], &reading, arena, reply);
    reading_end(&reading);
    return answered;
}
