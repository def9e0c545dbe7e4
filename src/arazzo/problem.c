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

bool problem_add(struct problems *problems, bool is_error, int line, const struct place *place, const char *format, ...)
{
    struct buffer place_text = {0}, sentence = {0};
    problems->errors += is_error;
    if (problems->count == PROBLEMS_MOST)
        return !is_error;
    if (problems->count == problems->capacity) {
        problems->capacity = problems->capacity ? problems->capacity * 2 : 8;
        problems->items = memory_resize(problems->items, problems->capacity * sizeof *problems->items);
    }
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&sentence, format, arguments);
    va_end(arguments);
    place_write(&place_text, place);
    problems->items[problems->count++] =
        (struct problem){is_error, line, memory_copy_string(buffer_string(&place_text)),
                         memory_copy_string(buffer_string(&sentence))};
    buffer_free(&place_text);
    buffer_free(&sentence);
    return !is_error;
}

void problems_free(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].place);
        free(problems->items[i].sentence);
    }
    free(problems->items);
    *problems = (struct problems){0};
}
