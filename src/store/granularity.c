#include "store/granularity.h"

#include <stddef.h>

static const int64_t DAY_MS = 86400000;
static const int64_t FIRST_MONDAY_MS = 4 * 86400000; /* 1970-01-05 */
enum { ERA_YEARS = 400, ERA_DAYS = 146097, ERA_SHIFT_DAYS = 719468, MONTHS = 12, EPOCH_YEAR = 1970 };

static const struct unit {
    char name;
    int64_t ms; /* 0: months */
    int64_t most;
} UNITS[] = {{'s', 1000, 60}, {'m', 60000, 60}, {'h', 3600000, 24}, {'d', 86400000, 31}, {'w', 604800000, 4}, {'M', 0, 12}};

static const struct unit *unit_of(char name)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (UNITS[i].name == name)
            return &UNITS[i];
    }
    return NULL;
}

bool granularity_parse(struct text text, struct granularity *granularity)
{
    int64_t count;
    if (text.size < 2 || text.size >= GRANULARITY_TEXT_SIZE || text.data[0] < '0' || text.data[0] > '9')
        return false;
    const struct unit *unit = unit_of(text.data[text.size - 1]);
    if (unit == NULL || !text_to_integer(text_slice(text, 0, text.size - 1), &count) || count < 1 || count > unit->most)
        return false;
    *granularity = (struct granularity){count, unit->name};
    return true;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/*
 * The civil calendar by eras of 400 years that begin with March, so that the leap day comes last.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static int64_t month_of_day(int64_t day)
{
    int64_t shifted = day + ERA_SHIFT_DAYS, era = floor_divide(shifted, ERA_DAYS), in_era = shifted - era * ERA_DAYS;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t from_march = (5 * in_year + 2) / 153;
    return (year + era * ERA_YEARS - EPOCH_YEAR) * MONTHS + from_march + 2; /* from January 1970 */
}

static int64_t first_day_of_month(int64_t month)
{
    int64_t from_march = month - 2, years = floor_divide(from_march, MONTHS), year = years + EPOCH_YEAR;
    int64_t era = floor_divide(year, ERA_YEARS), in_era = year - era * ERA_YEARS;
    int64_t in_year = (153 * (from_march - years * MONTHS) + 2) / 5;
    return era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - ERA_SHIFT_DAYS;
}

int64_t granularity_bucket(struct granularity granularity, int64_t moment_ms)
{
    const struct unit *unit = unit_of(granularity.unit);
    if (unit == NULL)
        return 0;
    if (unit->ms == 0) {
        int64_t month = month_of_day(floor_divide(moment_ms, DAY_MS));
        return first_day_of_month(floor_divide(month, granularity.count) * granularity.count) * DAY_MS;
    }
    int64_t size = unit->ms * granularity.count, first = unit->name == 'w' ? FIRST_MONDAY_MS : 0;
    return floor_divide(moment_ms - first, size) * size + first;
}

bool granularity_holds(struct granularity granularity, int64_t span_ms)
{
    const struct unit *unit = unit_of(granularity.unit);
    return unit == NULL || unit->ms == 0 || unit->ms * granularity.count % span_ms == 0;
}

int64_t granularity_buckets(struct granularity granularity, int64_t start_ms, int64_t end_ms)
{
    const struct unit *unit = unit_of(granularity.unit);
    if (unit == NULL || start_ms >= end_ms)
        return 1;
    int64_t shortest = unit->ms > 0 ? unit->ms : 28 * DAY_MS;
    return (end_ms - start_ms) / (shortest * granularity.count) + 2;
}
