#include "arazzo/object_reader.h"

#include <stdarg.h>

#include "arazzo/nearest.h"

static void add_problem(const struct object_reader *reader, bool is_error, const char *member, const char *format,
                        va_list arguments) __attribute__((format(printf, 4, 0)));

static void add_problem(const struct object_reader *reader, bool is_error, const char *member, const char *format,
                        va_list arguments)
{
    struct buffer sentence = {0};
    struct place place = {reader->place, member, 0};
    int line = member ? yaml_tree_line_of_member(&reader->document->yaml, reader->object, member) : 0;
    buffer_vprintf(&sentence, format, arguments);
    problem_add(&reader->document->problems, is_error, line > 0 ? line : object_line(reader),
                member ? &place : reader->place, "%s", buffer_string(&sentence));
    buffer_free(&sentence);
}

void object_error(const struct object_reader *reader, const char *member, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(reader, true, member, format, arguments);
    va_end(arguments);
}

void object_warning(const struct object_reader *reader, const char *member, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(reader, false, member, format, arguments);
    va_end(arguments);
}

int object_line(const struct object_reader *reader)
{
    return reader->object ? yaml_tree_line(&reader->document->yaml, reader->object) : 0;
}

static bool is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0)
            return true;
    }
    return false;
}

static void warn_unknown(const struct object_reader *reader, const char *key, const char *const *members)
{
    struct place place = {reader->place, key, 0};
    char hint[96];
    problem_add_by(&reader->document->problems, false,
                   yaml_tree_line_of_member(&reader->document->yaml, reader->object, key), &place,
                   rule_named("unknown-field"), nearest_hint(hint, sizeof hint, nearest_name(key, members)),
                   "the specification knows no such field here; it is ignored");
}

struct object_reader object_begin(struct document *document, const json_t *value, const struct place *place,
                                  const char *const *members)
{
    struct object_reader reader = {document, json_is_object(value) ? value : NULL, place};
    const char *key;
    json_t *member;
    if (reader.object == NULL) {
        problem_add(&document->problems, true, value ? yaml_tree_line(&document->yaml, value) : 0, place,
                    "an object belongs here, not %s", value ? json_type_name(value) : "nothing");
        return reader;
    }
    json_object_foreach((json_t *)value, key, member) {
        if (strncmp(key, "x-", 2) == 0)
            continue;
        if (!is_among(key, members))
            warn_unknown(&reader, key, members);
        else if ((strcmp(key, "description") == 0 || strcmp(key, "summary") == 0) && !json_is_string(member))
            object_error(&reader, key, "a text belongs here, not %s", json_type_name(member));
    }
    return reader;
}

/* The member, with an error when it is missing though required. */
static const json_t *member_of(const struct object_reader *reader, const char *member, bool required)
{
    const json_t *value = reader->object ? json_object_get(reader->object, member) : NULL;
    if (value == NULL && required && reader->object != NULL)
        problem_add_by(&reader->document->problems, true, object_line(reader), reader->place,
                       rule_at(reader->place, member), NULL, "\"%s\" is missing", member);
    return value;
}

static void refuse_type(const struct object_reader *reader, const char *member, const char *wanted,
                        const json_t *value)
{
    object_error(reader, member, "%s belongs here, not %s", wanted, json_type_name(value));
}

const char *object_text(const struct object_reader *reader, const char *member, bool required)
{
    const json_t *value = member_of(reader, member, required);
    if (value == NULL)
        return NULL;
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value) &&
        (!required || json_string_length(value) > 0))
        return json_string_value(value);
    if (json_is_string(value))
        object_error(reader, member, "the text is empty or has a NUL in it");
    else
        refuse_type(reader, member, "a text", value);
    return NULL;
}

int object_choice(const struct object_reader *reader, const char *member, bool required, const char *const *names)
{
    const char *text = object_text(reader, member, required);
    struct buffer known = {0};
    if (text == NULL)
        return -1;
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    for (int i = 0; names[i] != NULL; i++)
        buffer_printf(&known, "%s%s", i > 0 ? ", " : "", names[i]);
    object_error(reader, member, "\"%s\" is none of: %s", text, buffer_string(&known));
    buffer_free(&known);
    return -1;
}

const json_t *object_list(const struct object_reader *reader, const char *member, bool required)
{
    const json_t *value = member_of(reader, member, required);
    if (value == NULL || json_is_array(value)) {
        if (value != NULL && required && json_array_size(value) == 0)
            object_error(reader, member, "the list must not be empty");
        return value;
    }
    refuse_type(reader, member, "a list", value);
    return NULL;
}

const json_t *object_object(const struct object_reader *reader, const char *member)
{
    const json_t *value = member_of(reader, member, false);
    if (value == NULL || json_is_object(value))
        return value;
    refuse_type(reader, member, "an object", value);
    return NULL;
}

double object_number(const struct object_reader *reader, const char *member, double otherwise)
{
    const json_t *value = member_of(reader, member, false);
    if (value == NULL)
        return otherwise;
    if (json_is_number(value) && json_number_value(value) >= 0)
        return json_number_value(value);
    object_error(reader, member, "a number not below 0 belongs here");
    return otherwise;
}
