#include "verify/verifier.h"

bool requirements_read(struct arena *arena, const struct requirement *rows, bool is_claims, const json_t *auth,
                       struct ready_requirements *ready)
{
    size_t count = 0;
    while (rows != NULL && rows[count].at != NULL)
        count++;
    *ready = (struct ready_requirements){ARENA_ARRAY(arena, struct ready_requirement, count), count};
    for (size_t i = 0; i < count; i++) {
        struct ready_requirement *requirement = &ready->items[i];
        requirement->row = &rows[i];
        if (!is_claims && !place_read(text_of(rows[i].at), &requirement->place))
            return false;
        struct text value = rows[i].member != NULL ? json_member_text(auth, rows[i].member) : TEXT_NONE;
        if (value.data != NULL)
            requirement->equal_to = arena_copy_text(arena, value);
    }
    return true;
}

bool requirement_is_met(const struct ready_requirement *requirement, struct text value)
{
    const char *const *names = requirement->row->names;
    if (requirement->row->member != NULL)
        return requirement->equal_to.data == NULL || text_equal_constant_time(value, requirement->equal_to);
    while (*names != NULL && !text_equal(value, text_of(*names)))
        names++;
    return *names != NULL;
}
