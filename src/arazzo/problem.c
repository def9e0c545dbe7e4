#include "arazzo/problem.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"

void place_write(struct buffer *out, const struct place *place)
{
    if (place == NULL || (place->above == NULL && place->name == NULL)) {
        buffer_append_string(out, "the document");
        return;
    }
    if (place->above != NULL && (place->above->above != NULL || place->above->name != NULL)) {
        place_write(out, place->above);
        if (place->name != NULL)
            buffer_append_byte(out, '.');
    }
    if (place->name != NULL)
        buffer_append_string(out, place->name);
    else
        buffer_printf(out, "[%zu]", place->index);
}

/* What is wrong in a reusable part is found again wherever it is used. */
static bool is_known(const struct problems *problems, int line, const char *sentence)
{
    for (size_t i = problems->count; i > 0 && line > 0; i--) {
        if (problems->items[i - 1].line == line && strcmp(problems->items[i - 1].sentence, sentence) == 0)
            return true;
    }
    return false;
}

static bool keep(struct problems *problems, bool is_error, int line, const struct place *place, const struct rule *rule,
                 const char *hint, struct buffer *sentence)
{
    struct buffer place_text = {0};
    bool known = is_known(problems, line, buffer_string(sentence));
    problems->errors += is_error && !known;
    if (problems->count < PROBLEMS_MOST && !known) {
        if (problems->count == problems->capacity) {
            problems->capacity = problems->capacity ? problems->capacity * 2 : 8;
            problems->items = memory_resize(problems->items, problems->capacity * sizeof *problems->items);
        }
        place_write(&place_text, place);
        problems->items[problems->count++] =
            (struct problem){is_error, line, memory_copy_string(buffer_string(&place_text)),
                             memory_copy_string(buffer_string(sentence)), rule,
                             memory_copy_string(hint ? hint : rule->hint)};
    }
    buffer_free(&place_text);
    buffer_free(sentence);
    return !is_error;
}

bool problem_add(struct problems *problems, bool is_error, int line, const struct place *place, const char *format, ...)
{
    struct buffer sentence = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sentence, format, arguments);
    va_end(arguments);
    return keep(problems, is_error, line, place, rule_at(place, NULL), NULL, &sentence);
}

bool problem_add_by(struct problems *problems, bool is_error, int line, const struct place *place,
                    const struct rule *rule, const char *hint, const char *format, ...)
{
    struct buffer sentence = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sentence, format, arguments);
    va_end(arguments);
    return keep(problems, is_error, line, place, rule, hint, &sentence);
}

/* At most PROBLEMS_MOST, nearly in order: insertion is quick enough and keeps equals in order. */
void problems_sort(struct problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        struct problem moved = problems->items[i];
        size_t at = i;
        for (; at > 0 && problems->items[at - 1].line > moved.line; at--)
            problems->items[at] = problems->items[at - 1];
        problems->items[at] = moved;
    }
}

void problems_free(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].place);
        free(problems->items[i].sentence);
        free(problems->items[i].hint);
    }
    free(problems->items);
    *problems = (struct problems){0};
}
