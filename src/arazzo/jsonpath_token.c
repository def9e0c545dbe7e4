/* Names, texts and numbers of JSONPath (RFC 9535, sections 2.3.1 and 2.3.3), and the steps of its parser. */
#include "arazzo/jsonpath_parser.h"

static const int64_t MOST_INTEGER = ((int64_t)1 << 53) - 1; /* what every JSON number holds exactly */

bool path_refuse(struct path_parser *parser, const char *reason)
{
    return error_set(parser->error, ERROR_INVALID, "JSONPath, character %zu: %s", parser->at + 1, reason);
}

char path_peek(const struct path_parser *parser)
{
    return parser->at < parser->text.size ? parser->text.data[parser->at] : '\0';
}

bool path_take(struct path_parser *parser, const char *token)
{
    struct text rest = text_slice(parser->text, parser->at, parser->text.size);
    if (!text_starts_with(rest, text_of(token)))
        return false;
    parser->at += strlen(token);
    return true;
}

void path_skip_blanks(struct path_parser *parser)
{
    while (path_peek(parser) != '\0' && strchr(" \t\n\r", path_peek(parser)) != NULL)
        parser->at++;
}

bool path_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- names, strings and numbers ---- */

bool path_is_name_first(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool parse_hex(struct path_parser *parser, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, parser->at++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        char byte = path_peek(parser);
        const char *digit = byte != '\0' ? strchr(digits, byte) : NULL;
        if (digit == NULL)
            return path_refuse(parser, "four hexadecimal digits must follow \\u");
        *code = *code * 16 + (unsigned)(digit - digits) % 16;
    }
    return true;
}

static void append_code(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (char)code);
    } else if (code < 0x800) {
        buffer_append_byte(out, (char)(0xC0 | code >> 6));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        buffer_append_byte(out, (char)(0xE0 | code >> 12));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    } else {
        buffer_append_byte(out, (char)(0xF0 | code >> 18));
        buffer_append_byte(out, (char)(0x80 | (code >> 12 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3F)));
    }
}

/* Behind "\u"; a high surrogate must be followed by a low one. */
static bool parse_unicode(struct path_parser *parser, struct buffer *out)
{
    unsigned code, low;
    if (!parse_hex(parser, &code))
        return false;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return path_refuse(parser, "a low surrogate without a high one");
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (!path_take(parser, "\\u"))
            return path_refuse(parser, "a high surrogate without a low one");
        if (!parse_hex(parser, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return path_refuse(parser, "a high surrogate without a low one");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_code(out, code);
    return true;
}

static bool parse_escape(struct path_parser *parser, char quote, struct buffer *out)
{
    static const char letters[] = "bfnrt/\\", meanings[] = "\b\f\n\r\t/\\";
    char byte = path_peek(parser);
    if (path_take(parser, "u"))
        return parse_unicode(parser, out);
    const char *letter = byte != '\0' ? strchr(letters, byte) : NULL;
    if (letter == NULL && byte != quote)
        return path_refuse(parser, "no such escape");
    parser->at++;
    return buffer_append_byte(out, letter ? meanings[letter - letters] : quote);
}

static bool parse_quoted(struct path_parser *parser, struct buffer *out)
{
    char quote = path_peek(parser);
    parser->at++;
    while (parser->at < parser->text.size) {
        char byte = parser->text.data[parser->at];
        if ((unsigned char)byte < 0x20)
            return path_refuse(parser, "a control character inside a text must be escaped");
        parser->at++;
        if (byte == quote)
            return true;
        if (byte != '\\')
            buffer_append_byte(out, byte);
        else if (!parse_escape(parser, quote, out))
            return false;
    }
    return path_refuse(parser, "the text does not end");
}

bool path_parse_text(struct path_parser *parser, struct text *name)
{
    struct buffer out = {0};
    bool good = parse_quoted(parser, &out);
    if (good)
        *name = arena_copy_text(&parser->path->arena, buffer_text(&out));
    buffer_free(&out);
    return good;
}

bool path_parse_integer(struct path_parser *parser, int64_t *value)
{
    size_t start = parser->at;
    path_take(parser, "-");
    size_t digits = parser->at;
    while (path_is_digit(path_peek(parser)))
        parser->at++;
    struct text text = text_slice(parser->text, start, parser->at - start);
    bool zero_first = parser->at > digits && parser->text.data[digits] == '0';
    if (parser->at == digits || (zero_first && text.size > 1))
        return path_refuse(parser, "an integer without leading zeros belongs here");
    if (!text_to_integer(text, value) || *value > MOST_INTEGER || *value < -MOST_INTEGER)
        return path_refuse(parser, "the integer is too large");
    return true;
}
