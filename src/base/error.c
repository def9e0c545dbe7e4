#include "base/error.h"

#include <stdio.h>
#include <string.h>

bool error_set(struct error *error, enum error_code code, const char *format, ...)
{
    if (error == NULL)
        return false;
    error->code = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return false;
    char old[sizeof error->message];
    memcpy(old, error->message, sizeof old);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof error->message)
        return false;
    snprintf(error->message + length, sizeof error->message - (size_t)length, ": %.*s",
             (int)(sizeof error->message) - length - 3, old);
    return false;
}

const char *error_code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_NONE] = "none",
        [ERROR_INVALID] = "invalid",
        [ERROR_UNAUTHORIZED] = "unauthorized",
        [ERROR_NOT_FOUND] = "not_found",
        [ERROR_GONE] = "gone",
        [ERROR_CONFLICT] = "conflict",
        [ERROR_REFUSED] = "refused",
        [ERROR_TOO_LARGE] = "too_large",
        [ERROR_BUSY] = "busy",
        [ERROR_STORE_FULL] = "store_full",
        [ERROR_STORE_IO] = "store_io",
        [ERROR_UNREACHABLE] = "unreachable",
        [ERROR_INTERNAL] = "internal",
        [ERROR_FORBIDDEN] = "forbidden",
    };
    if ((size_t)code >= sizeof names / sizeof names[0])
        return "unknown";
    return names[code];
}
