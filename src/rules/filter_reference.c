/* $ref: a path into the value that is filtered. */
#include "rules/filter_node.h"

#include <string.h>

static size_t count_steps(struct text text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '.' || text.data[i] == '[';
    return count;
}

/* "[0]", "[$index]", "['a b']" or "[\"a b\"]" at the start of *rest. */
static bool bracket_step(struct text *rest, struct reference_step *step)
{
    char quote = rest->size > 1 ? rest->data[1] : '\0';
    bool quoted = quote == '\'' || quote == '"';
    struct text inside = text_slice(*rest, quoted ? 2 : 1, rest->size);
    ptrdiff_t end = text_find_byte(inside, quoted ? quote : ']');
    int64_t index;
    if (end < 0)
        return false;
    struct text content = text_slice(inside, 0, (size_t)end), after = text_slice(inside, (size_t)end + 1, inside.size);
    if (quoted && !text_starts_with(after, TEXT("]")))
        return false;
    *rest = quoted ? text_slice(after, 1, after.size) : after;
    *step = (struct reference_step){.key = quoted ? content : TEXT_NONE};
    if (quoted)
        return true;
    step->loop = text_equal(content, TEXT("$index"));
    if (!step->loop && (!text_to_integer(content, &index) || index < 0))
        return false;
    step->index = step->loop ? 0 : (size_t)index;
    return true;
}

static bool key_step(struct text *rest, struct reference_step *step)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] != '.' && rest->data[size] != '[' && rest->data[size] != ']')
        size++;
    *step = (struct reference_step){.key = text_slice(*rest, 0, size)};
    *rest = text_slice(*rest, size, rest->size);
    return size > 0;
}

bool reference_parse(struct arena *arena, struct text text, struct reference *reference, struct error *error)
{
    struct text rest = arena_copy_text(arena, text);
    *reference = (struct reference){.steps = ARENA_ARRAY(arena, struct reference_step, count_steps(text))};
    bool good = true, dot = false;
    if (text_starts_with(rest, TEXT("$")) && (rest.size == 1 || rest.data[1] == '.' || rest.data[1] == '['))
        rest = text_slice(rest, 1, rest.size);
    else
        dot = true; /* without "$." the first key stands as if behind it */
    while (good && rest.size > 0) {
        struct reference_step *step = &reference->steps[reference->count++];
        bool bracket = rest.data[0] == '[';
        if (!bracket && !dot) {
            good = rest.data[0] == '.';
            rest = text_slice(rest, 1, rest.size);
        }
        good = good && (bracket ? bracket_step(&rest, step) : key_step(&rest, step));
        dot = false;
    }
    return (good && text.size > 0) ||
           error_set(error, ERROR_INVALID, "is not a path like $.a.b[0] or items[$index].id");
}

static struct json_view item_at(struct json_view array, size_t index)
{
    struct json_walk walk = json_view_walk(array);
    struct json_view value = {0};
    struct text key;
    bool more = array.type == JSON_VIEW_ARRAY && json_walk_next(&walk, &key, &value);
    for (size_t i = 0; more && i < index; i++)
        more = json_walk_next(&walk, &key, &value);
    return more ? value : (struct json_view){0};
}

struct json_view reference_find(const struct reference *reference, struct json_view root, const size_t *positions,
                                size_t position_count)
{
    struct json_view at = root;
    size_t loops = 0;
    for (size_t i = 0; i < reference->count && at.type != JSON_VIEW_ABSENT; i++) {
        const struct reference_step *step = &reference->steps[i];
        if (step->key.data != NULL)
            at = json_view_find(at, step->key);
        else if (!step->loop)
            at = item_at(at, step->index);
        else
            at = loops < position_count ? item_at(at, positions[loops++]) : (struct json_view){0};
    }
    return at.type == JSON_VIEW_ABSENT ? (struct json_view){.type = JSON_VIEW_NULL} : at;
}
