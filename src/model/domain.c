#include "model/domain.h"

enum { LABEL_BYTES = 63 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_label(struct text label, bool *all_digits)
{
    *all_digits = true;
    if (label.size == 0 || label.size > LABEL_BYTES || label.data[0] == '-' || label.data[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++) {
        char c = label.data[i];
        *all_digits &= is_digit(c);
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-')
            return false;
    }
    return true;
}

bool domain_read(struct text hostname, char out[DOMAIN_NAME_BYTES + 1])
{
    size_t labels = 0;
    bool all_digits = false;
    if (hostname.size > DOMAIN_NAME_BYTES)
        return false;
    for (size_t i = 0; i < hostname.size; i++) {
        char c = hostname.data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    out[hostname.size] = 0;
    struct text rest = {out, hostname.size}, label;
    while (text_split(&rest, '.', &label)) {
        if (!is_label(label, &all_digits))
            return false;
        labels++;
    }
    return labels >= 2 && !all_digits;
}
