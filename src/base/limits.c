#include "base/limits.h"

#include <inttypes.h>

#define LIMIT_VALUE(name, value, least, most, unit, meaning) .name = value,
struct limits limits = {LIMITS(LIMIT_VALUE)};

#define LIMIT_ROW(name, value, least, most, unit, meaning)                                              \
    {#name, value, least, most, unit, meaning, offsetof(struct limits, name)},
const struct limit_row limit_rows[] = {LIMITS(LIMIT_ROW)};

const size_t limit_row_count = sizeof limit_rows / sizeof limit_rows[0];

bool limits_set(struct text name, struct text value, struct error *error)
{
    for (size_t i = 0; i < limit_row_count; i++) {
        const struct limit_row *row = &limit_rows[i];
        if (!text_equal(name, text_of(row->name)))
            continue;
        int64_t number;
        if (!text_to_integer(value, &number) || number < row->least || number > row->most)
            return error_set(error, ERROR_INVALID,
                             "%s is \"%.*s\", but must be a whole number from %" PRId64 " to %" PRId64 " (%s)",
                             row->name, TEXT_ARGS(value), row->least, row->most, row->unit);
        *(int64_t *)((char *)&limits + row->offset) = number;
        return true;
    }
    return error_set(error, ERROR_NOT_FOUND, "there is no setting \"%.*s\"", TEXT_ARGS(name));
}
