#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t clock, int64_t per_second)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * per_second + (int64_t)now.tv_nsec / (1000000000 / per_second);
}

int64_t clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME, 1000);
}

int64_t clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000);
}

void clock_format(int64_t moment_ms, char out[CLOCK_TEXT_SIZE])
{
    const int64_t first = -62167219200000, last = 253402300799999;
    if (moment_ms < first)
        moment_ms = first;
    if (moment_ms > last)
        moment_ms = last;
    int64_t seconds = moment_ms / 1000, milliseconds = moment_ms % 1000;
    if (milliseconds < 0) {
        milliseconds += 1000;
        seconds--;
    }
    time_t when = (time_t)seconds;
    struct tm parts;
    gmtime_r(&when, &parts);
    char text[64]; /* wider than needed so that the compiler sees no cut */
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
             (int)milliseconds);
    memcpy(out, text, CLOCK_TEXT_SIZE - 1);
    out[CLOCK_TEXT_SIZE - 1] = '\0';
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct text *rest, size_t digits, int *value)
{
    if (rest->size < digits)
        return false;
    int result = 0;
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        result = result * 10 + (rest->data[i] - '0');
    }
    *rest = text_slice(*rest, digits, rest->size);
    *value = result;
    return true;
}

static bool take_byte(struct text *rest, char byte)
{
    if (rest->size == 0 || rest->data[0] != byte)
        return false;
    *rest = text_slice(*rest, 1, rest->size);
    return true;
}

static bool moment_of(struct tm *parts, int64_t *moment_ms)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (parts->tm_mon < 0 || parts->tm_mon > 11 || parts->tm_hour > 23 || parts->tm_min > 59 ||
        parts->tm_sec > 60)
        return false;
    int year = parts->tm_year + 1900;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int longest = days[parts->tm_mon] + (leap && parts->tm_mon == 1 ? 1 : 0);
    if (parts->tm_mday < 1 || parts->tm_mday > longest)
        return false;
    *moment_ms = (int64_t)timegm(parts) * 1000;
    return true;
}

/* ".123" or more digits: the first three are milliseconds. */
static bool take_fraction(struct text *rest, int64_t *milliseconds)
{
    *milliseconds = 0;
    if (!take_byte(rest, '.'))
        return true;
    size_t digits = 0;
    int64_t scale = 100;
    while (rest->size > 0 && rest->data[0] >= '0' && rest->data[0] <= '9' && digits < 9) {
        *milliseconds += scale * (rest->data[0] - '0');
        scale /= 10;
        digits++;
        *rest = text_slice(*rest, 1, rest->size);
    }
    return digits > 0;
}

static bool take_offset(struct text *rest, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (take_byte(rest, 'Z') || take_byte(rest, 'z'))
        return true;
    int sign = take_byte(rest, '+') ? 1 : take_byte(rest, '-') ? -1 : 0;
    int hours, minutes;
    if (sign == 0 || !take_number(rest, 2, &hours) || !take_byte(rest, ':') ||
        !take_number(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
    return true;
}

bool clock_parse(struct text text, int64_t *moment_ms)
{
    struct tm parts = {0};
    int year, month;
    if (!take_number(&text, 4, &year) || !take_byte(&text, '-') || !take_number(&text, 2, &month) ||
        !take_byte(&text, '-') || !take_number(&text, 2, &parts.tm_mday))
        return false;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    if (text.size == 0)
        return moment_of(&parts, moment_ms);
    int64_t fraction, offset, whole;
    if (!take_byte(&text, 'T') && !take_byte(&text, 't') && !take_byte(&text, ' '))
        return false;
    if (!take_number(&text, 2, &parts.tm_hour) || !take_byte(&text, ':') ||
        !take_number(&text, 2, &parts.tm_min) || !take_byte(&text, ':') ||
        !take_number(&text, 2, &parts.tm_sec) || !take_fraction(&text, &fraction) ||
        !take_offset(&text, &offset) || text.size != 0 || !moment_of(&parts, &whole))
        return false;
    *moment_ms = whole + fraction - offset;
    return true;
}

bool clock_parse_http_date(struct text text, int64_t *moment_ms)
{
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
        "%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
        "%a %b %e %H:%M:%S %Y",      /* asctime */
    };
    char copy[64];
    if (text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data ? text.data : "", text.size);
    copy[text.size] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm parts = {0};
        const char *end = strptime(copy, forms[i], &parts);
        if (end != NULL && *end == '\0')
            return moment_of(&parts, moment_ms);
    }
    return false;
}
