#include "transform/worker_console.h"

#include <stdbool.h>
#include <string.h>

static const char MORE[] = "more was printed than is kept";

static struct lines {
    uint32_t size;
    bool full;
    char bytes[FRAME_CONSOLE_BYTES];
} console, kept;

void console_clear(void)
{
    console.size = 0;
    console.full = false;
}

static void copy(struct lines *to, const struct lines *from)
{
    to->size = from->size;
    to->full = from->full;
    memcpy(to->bytes, from->bytes, from->size);
}

void console_keep(void)
{
    copy(&kept, &console);
}

void console_lay_back(void)
{
    copy(&console, &kept);
}

static void append(enum frame_level level, struct span text)
{
    char *at = console.bytes + console.size;
    at[0] = (char)level;
    memcpy(at + 1, &text.size, sizeof text.size);
    memcpy(at + FRAME_LINE_HEAD, text.data, text.size);
    console.size += FRAME_LINE_HEAD + text.size;
}

void console_line(enum frame_level level, struct span text)
{
    const uint32_t reserved = FRAME_LINE_HEAD + sizeof MORE;
    uint32_t room = FRAME_CONSOLE_BYTES - console.size;
    if (console.full)
        return;
    if (text.size > FRAME_LINE_BYTES)
        text.size = FRAME_LINE_BYTES;
    if (FRAME_LINE_HEAD + text.size + reserved > room) {
        console.full = true;
        append(FRAME_WARN, (struct span){MORE, sizeof MORE - 1});
        return;
    }
    append(level, text);
}

struct span console_lines(void)
{
    return (struct span){console.bytes, console.size};
}
