/* Forms in the body of a request (application/x-www-form-urlencoded), and what Twilio signs of them. */
#include "verify/reading.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "verify/hasher.h"

enum { FORM_FIELDS_MOST = 1000 };

static struct text decode(struct reading *reading, struct text raw)
{
    size_t before = reading->decoded.size;
    percent_decode(&reading->decoded, raw, true);
    return (struct text){reading->decoded.data + before, reading->decoded.size - before};
}

static void read_field(struct reading *reading, struct text part)
{
    ptrdiff_t equals = text_find_byte(part, '=');
    struct text name = equals < 0 ? part : text_slice(part, 0, (size_t)equals);
    struct text value = equals < 0 ? TEXT("") : text_slice(part, (size_t)equals + 1, part.size);
    struct signature_part *field = &reading->fields[reading->field_count++];
    field->name = decode(reading, name);
    field->value = decode(reading, value);
}

/* False: there are too many fields, or there is no memory for them. */
static bool read_form(struct reading *reading)
{
    struct text rest = reading->input->body, part;
    if (reading->is_form_read)
        return reading->is_form;
    reading->is_form_read = true;
    reading->fields = ARENA_ARRAY(&reading->arena, struct signature_part, FORM_FIELDS_MOST);
    if (!buffer_reserve(&reading->decoded, rest.size + 1)) /* room for all, so that it does not move */
        return false;
    while (text_split(&rest, '&', &part)) {
        if (part.size > 0 && reading->field_count == FORM_FIELDS_MOST)
            return false;
        if (part.size > 0)
            read_field(reading, part);
    }
    return reading->is_form = true;
}

bool reading_form_field(struct reading *reading, struct text name, struct text *value)
{
    if (!read_form(reading))
        return false;
    for (size_t i = 0; i < reading->field_count; i++) {
        if (!text_equal(reading->fields[i].name, name))
            continue;
        if (value->data != NULL)
            return false;
        *value = reading->fields[i].value;
    }
    return true;
}

static int compare_texts(struct text a, struct text b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_fields(const void *left, const void *right)
{
    const struct signature_part *a = left, *b = right;
    int order = compare_texts(a->name, b->name);
    return order != 0 ? order : compare_texts(a->value, b->value);
}

static bool is_form(const struct reading *reading)
{
    struct text type = http_headers_get(reading->input->headers, TEXT("content-type"));
    struct text form = TEXT("application/x-www-form-urlencoded");
    return text_equal_ignoring_case(text_slice(type, 0, form.size), form);
}

/* A body that is no form is not in the signed text itself: the signed URL has its digest. */
static bool body_is_bound(struct reading *reading)
{
    unsigned char bytes[DIGEST_BYTES_MOST];
    struct text given;
    struct hasher hasher = hasher_of_digest(DIGEST_SHA256);
    hasher_add(&hasher, reading->input->body);
    size_t size = hasher_end(&hasher, bytes);
    if (!reading_value(reading, (struct place){PLACE_QUERY, TEXT("bodySHA256")}, &given) || given.data == NULL)
        return reading->input->body.size == 0;
    struct buffer decoded = {0};
    bool equal = size > 0 && given.size == 2 * size && hex_decode(&decoded, given) &&
                 text_equal_constant_time(buffer_text(&decoded), (struct text){(const char *)bytes, size});
    buffer_free(&decoded);
    return equal;
}

bool reading_form_sorted(struct reading *reading, struct text *value)
{
    *value = TEXT("");
    if (!is_form(reading))
        return body_is_bound(reading);
    if (!read_form(reading))
        return false;
    struct buffer *sorted = &reading->built;
    struct signature_part *fields = reading->fields;
    qsort(fields, reading->field_count, sizeof fields[0], compare_fields);
    buffer_clear(sorted);
    for (size_t i = 0; i < reading->field_count; i++) {
        if (i > 0 && compare_fields(&fields[i - 1], &fields[i]) == 0)
            continue; /* the same once more is signed once */
        buffer_append_text(sorted, fields[i].name);
        buffer_append_text(sorted, fields[i].value);
    }
    *value = buffer_text(sorted);
    return !sorted->failed;
}
