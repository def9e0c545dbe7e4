#include "verify/signature.h"

#include "base/encoding.h"
#include "base/limits.h"
#include "verify/hasher.h"

static bool add(struct candidates *candidates, struct text text)
{
    if (text.size == 0)
        return true;
    if (candidates->count == CANDIDATES_MOST)
        return false;
    candidates->items[candidates->count++] = text;
    return true;
}

/* Without the prefix; what lacks it is another kind of signature, and none of ours. */
static bool add_behind_prefix(struct candidates *candidates, const struct signature_form *form, struct text text)
{
    struct text prefix = text_of(form->prefix);
    if (prefix.size > 0 && text_starts_with(text, prefix))
        return add(candidates, text_slice(text, prefix.size, text.size));
    return prefix.size > 0 && !form->prefix_optional ? true : add(candidates, text);
}

/* The same part twice is well if it says the same twice: who reads the first and who reads the last agree. */
static bool add_part(struct reading *reading, struct text name, struct text value)
{
    for (size_t i = 0; i < reading->part_count; i++) {
        if (text_equal(reading->parts[i].name, name))
            return text_equal(reading->parts[i].value, value);
    }
    if (reading->part_count == SIGNATURE_PARTS_MOST)
        return false;
    reading->parts[reading->part_count++] = (struct signature_part){name, value};
    return true;
}

static bool add_named(const struct signature_form *form, struct text part, struct reading *reading,
                      struct candidates *candidates)
{
    ptrdiff_t equals = text_find_byte(part, '=');
    if (equals < 0)
        return part.size == 0; /* between ", " are empty parts */
    struct text name = text_slice(part, 0, (size_t)equals), value = text_slice(part, (size_t)equals + 1, part.size);
    return text_equal(name, text_of(form->named)) ? add(candidates, value) : add_part(reading, name, value);
}

/* The part before the next separator, whichever it is. */
static bool next_part(struct text *rest, const char *separators, struct text *part)
{
    if (rest->data == NULL)
        return false;
    size_t end = 0;
    while (end < rest->size && (separators == NULL || strchr(separators, rest->data[end]) == NULL))
        end++;
    *part = text_trim(text_slice(*rest, 0, end));
    *rest = end < rest->size ? text_slice(*rest, end + 1, rest->size) : TEXT_NONE;
    return true;
}

static bool undo_percent(struct reading *reading, struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        struct buffer decoded = {0};
        percent_decode(&decoded, candidates->items[i], false);
        candidates->items[i] = arena_copy_text(&reading->arena, buffer_text(&decoded));
        buffer_free(&decoded);
    }
    return true;
}

/* The members' texts are the parts; others are none. */
static bool read_object(const struct signature_form *form, struct text value, struct reading *reading,
                        struct candidates *candidates)
{
    struct buffer decoded = {0};
    struct json_reader *reader = thread_json_reader();
    struct json_view root = {0}, member;
    struct text name;
    const char *reason;
    bool good = reader != NULL && base64_decode(&decoded, value) &&
                json_reader_parse(reader, decoded.data, decoded.size, (size_t)limits.json_depth, &root, &reason) &&
                root.type == JSON_VIEW_OBJECT;
    struct json_walk walk = json_view_walk(root);
    while (good && json_walk_next(&walk, &name, &member)) {
        struct text own = arena_copy_text(&reading->arena, member.text);
        if (member.type != JSON_VIEW_TEXT)
            continue;
        good = text_equal(name, text_of(form->named)) ? add(candidates, own)
                                                      : add_part(reading, arena_copy_text(&reading->arena, name), own);
    }
    buffer_free(&decoded);
    return good && candidates->count > 0;
}

bool signature_read(const struct signature_form *form, struct text value, struct reading *reading,
                    struct candidates *candidates)
{
    struct text rest = value, part;
    bool good = true;
    if (value.size > SIGNATURE_MOST || memchr(value.data != NULL ? value.data : "", 0, value.size) != NULL)
        return false;
    if (form->base64_json)
        return read_object(form, value, reading, candidates);
    for (size_t i = 0; good && next_part(&rest, form->separators, &part); i++) {
        if (form->named != NULL)
            good = add_named(form, part, reading, candidates);
        else if (form->first_is_other && i == 0)
            good = add_part(reading, TEXT("0"), part);
        else
            good = add_behind_prefix(candidates, form, part);
    }
    return good && candidates->count > 0 && (!form->percent_encoded || undo_percent(reading, candidates));
}

bool signature_read_numbered(struct text name, struct reading *reading, struct candidates *candidates)
{
    const struct http_headers *headers = reading->input->headers;
    for (size_t i = 0; i < headers->count; i++) {
        struct text own = headers->items[i].name;
        if (own.size <= name.size || !text_equal_ignoring_case(text_slice(own, 0, name.size), name))
            continue;
        for (size_t k = 0; k < i; k++) {
            if (text_equal_ignoring_case(headers->items[k].name, own))
                return false;
        }
        if (headers->items[i].value.size > SIGNATURE_MOST || !add(candidates, text_trim(headers->items[i].value)))
            return false;
    }
    return candidates->count > 0;
}

/* A buffer over the caller's bytes: the decoders never write more than its capacity, which is looked at before. */
static struct buffer over(unsigned char *bytes)
{
    return (struct buffer){.data = (char *)bytes, .capacity = SIGNATURE_BYTES_MOST};
}

bool signature_decode(enum signature_encoding encoding, struct text text, unsigned char out[SIGNATURE_BYTES_MOST],
                      size_t *size)
{
    unsigned char hexadecimal[SIGNATURE_BYTES_MOST];
    struct buffer decoded = over(encoding == ENCODING_BASE64_OF_HEX ? hexadecimal : out);
    if (text.size > SIGNATURE_BYTES_MOST) /* either decoder makes less of it */
        return false;
    if (!(encoding == ENCODING_HEX ? hex_decode(&decoded, text) : base64_decode(&decoded, text)))
        return false;
    if (encoding == ENCODING_BASE64_OF_HEX) {
        struct text inner = buffer_text(&decoded);
        decoded = over(out);
        if (!hex_decode(&decoded, inner))
            return false;
    }
    *size = decoded.size;
    return decoded.size > 0;
}
