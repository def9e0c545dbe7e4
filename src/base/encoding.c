#include "base/encoding.h"

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char HEX[] = "0123456789abcdef";
static const char UPPER_HEX[] = "0123456789ABCDEF";

static void encode64(struct buffer *out, struct text bytes, const char *alphabet, bool padding)
{
    buffer_reserve(out, (bytes.size + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t have = bytes.size - i < 3 ? bytes.size - i : 3;
        unsigned group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < have ? (unsigned char)bytes.data[i + k] : 0);
        for (size_t k = 0; k <= have; k++)
            buffer_append_byte(out, alphabet[group >> (18 - 6 * k) & 63]);
        for (size_t k = have; padding && k < 3; k++)
            buffer_append_byte(out, '=');
    }
}

void base64_encode(struct buffer *out, struct text bytes)
{
    encode64(out, bytes, STANDARD, true);
}

void base64url_encode(struct buffer *out, struct text bytes)
{
    encode64(out, bytes, URL_SAFE, false);
}

static int value64(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+' || digit == '-')
        return 62;
    return digit == '/' || digit == '_' ? 63 : -1;
}

bool base64_decode(struct buffer *out, struct text text)
{
    size_t whole = text.size;
    while (whole - text.size < 2 && text.size > 0 && text.data[text.size - 1] == '=')
        text.size--;
    if (text.size % 4 == 1 || (text.size < whole && whole % 4 != 0))
        return false;
    unsigned group = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = value64(text.data[i]);
        if (value < 0)
            return false;
        group = group << 6 | (unsigned)value;
        if (i % 4 != 0)
            buffer_append_byte(out, (char)(group >> (6 - i % 4 * 2)));
    }
    return !out->failed;
}

void hex_encode(struct buffer *out, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        buffer_append_byte(out, HEX[(unsigned char)bytes.data[i] >> 4]);
        buffer_append_byte(out, HEX[(unsigned char)bytes.data[i] & 15]);
    }
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool hex_decode(struct buffer *out, struct text text)
{
    if (text.size % 2 != 0)
        return false;
    for (size_t i = 0; i < text.size; i += 2) {
        int high = hex_value(text.data[i]), low = hex_value(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        buffer_append_byte(out, (char)(high << 4 | low));
    }
    return !out->failed;
}

static bool is_unreserved(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void percent_encode(struct buffer *out, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (is_unreserved(bytes.data[i])) {
            buffer_append_byte(out, bytes.data[i]);
        } else {
            char escape[3] = {'%', UPPER_HEX[byte >> 4], UPPER_HEX[byte & 15]};
            buffer_append(out, escape, sizeof escape);
        }
    }
}

void percent_decode(struct buffer *out, struct text text, bool plus_is_space)
{
    buffer_reserve(out, text.size);
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        if (byte == '%' && i + 2 < text.size) {
            int high = hex_value(text.data[i + 1]), low = hex_value(text.data[i + 2]);
            if (high >= 0 && low >= 0) {
                buffer_append_byte(out, (char)(high << 4 | low));
                i += 2;
                continue;
            }
        }
        buffer_append_byte(out, byte == '+' && plus_is_space ? ' ' : byte);
    }
}
