#include "rules/field_path.h"

static const struct {
    const char *name;
    enum content_part part;
} PARTS[] = {
    {"headers", CONTENT_HEADERS}, {"body", CONTENT_BODY}, {"query", CONTENT_QUERY}, {"path", CONTENT_PATH},
};

static size_t name_size(struct text text)
{
    size_t size = 0;
    while (size < text.size && text.data[size] != '.' && text.data[size] != '[' && text.data[size] != ']')
        size++;
    return size;
}

static bool take_part(struct text *rest, enum content_part *part)
{
    struct text name = text_slice(*rest, 0, name_size(*rest));
    *rest = text_slice(*rest, name.size, rest->size);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        *part = PARTS[i].part;
        if (text_equal(name, text_of(PARTS[i].name)))
            return true;
    }
    return false;
}

/* "[*]" or "[0]" at the start of *rest. */
static bool take_bracket(struct text *rest, struct field_step *step)
{
    ptrdiff_t end = text_find_byte(*rest, ']');
    int64_t index = 0;
    if (end < 0)
        return false;
    struct text inside = text_slice(*rest, 1, (size_t)end - 1);
    bool each = text_equal(inside, TEXT("*"));
    if (!each && (!text_to_integer(inside, &index) || inside.data[0] == '-'))
        return false;
    *step = (struct field_step){.kind = each ? PATH_EACH : PATH_ITEM, .index = (size_t)index};
    *rest = text_slice(*rest, (size_t)end + 1, rest->size);
    return true;
}

/* ".name" at the start of *rest. */
static bool take_name(struct arena *arena, struct text *rest, bool any_case, struct field_step *step)
{
    struct text behind = text_slice(*rest, 1, rest->size);
    struct text name = text_slice(behind, 0, name_size(behind));
    if (rest->data[0] != '.' || name.size == 0)
        return false;
    char *copy = arena_copy_string(arena, name);
    for (size_t i = 0; any_case && i < name.size; i++)
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] + 'a' - 'A') : copy[i];
    *step = (struct field_step){.kind = PATH_NAME, .name = {copy, name.size}};
    *rest = text_slice(behind, name.size, behind.size);
    return true;
}

bool field_path_parse(struct arena *arena, struct text text, struct field_path *path, struct error *error)
{
    struct text rest = text;
    *path = (struct field_path){.steps = ARENA_ARRAY(arena, struct field_step, FIELD_PATH_STEPS)};
    if (text.size > FIELD_PATH_SIZE)
        return error_set(error, ERROR_INVALID, "must have at most %d bytes", FIELD_PATH_SIZE);
    if (!take_part(&rest, &path->part))
        return error_set(error, ERROR_INVALID, "must begin with headers, body, query or path");
    while (rest.size > 0) {
        if (path->count == FIELD_PATH_STEPS)
            return error_set(error, ERROR_INVALID, "must have at most %d steps", FIELD_PATH_STEPS);
        struct field_step *step = &path->steps[path->count++];
        if (!(rest.data[0] == '[' ? take_bracket(&rest, step)
                                  : take_name(arena, &rest, path->part == CONTENT_HEADERS, step)))
            return error_set(error, ERROR_INVALID, "is not a path like body.user.id or body.items[*].sku");
    }
    if (path->count == 0)
        return true;
    /* Where there never is anything all requests would be alike. */
    if (path->part == CONTENT_PATH)
        return error_set(error, ERROR_INVALID, "the path is one text, without fields");
    if (path->part != CONTENT_BODY && path->steps[0].kind != PATH_NAME)
        return error_set(error, ERROR_INVALID, "only arrays have [*] and [n]: write a name");
    return path->steps[path->count - 1].kind == PATH_NAME ||
           error_set(error, ERROR_INVALID, "[*] and [n] must be followed by a name");
}

bool field_path_holds(const struct field_path *outer, const struct field_path *inner)
{
    if (outer->part != inner->part || outer->count > inner->count)
        return false;
    for (size_t i = 0; i < outer->count; i++) {
        const struct field_step *a = &outer->steps[i], *b = &inner->steps[i];
        if (a->kind != b->kind || a->index != b->index || !text_equal(a->name, b->name))
            return false;
    }
    return true;
}
