#include "base/id.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"

enum { NODE_BITS = 8, SEQUENCE_BITS = 14, TIME_SHIFT = NODE_BITS + SEQUENCE_BITS, DIGITS = 11 };

static const int64_t EPOCH_MS = 1704067200000; /* 2024-01-01T00:00:00Z */
static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char *const PREFIXES[] = {
    [ID_PROJECT] = "tm",    [ID_SOURCE] = "src",     [ID_DESTINATION] = "des",
    [ID_CONNECTION] = "web", [ID_REQUEST] = "req",    [ID_EVENT] = "evt",
    [ID_EVENT_DATA] = "edt", [ID_ATTEMPT] = "atm",    [ID_API_KEY] = "key",
    [ID_TRANSFORMATION] = "trs", [ID_EXECUTION] = "exe", [ID_BOOKMARK] = "bmk", [ID_INTEGRATION] = "int",
    [ID_ISSUE] = "iss", [ID_DOMAIN] = "dom", [ID_ISSUE_TRIGGER] = "it",
    [ID_NOTIFICATION] = "ntf",
    [ID_BULK] = "bch",
};

static atomic_uint node;
/* Time and sequence of the last key, without the node: time << SEQUENCE_BITS | sequence. */
static _Atomic int64_t last_tick;

void id_set_node(unsigned number)
{
    atomic_store(&node, number & ((1u << NODE_BITS) - 1));
}

static int64_t tick_to_key(int64_t tick)
{
    int64_t time = tick >> SEQUENCE_BITS, sequence = tick & ((1 << SEQUENCE_BITS) - 1);
    return time << TIME_SHIFT | (int64_t)atomic_load(&node) << SEQUENCE_BITS | sequence;
}

int64_t id_new(void)
{
    int64_t now = (clock_now_ms() - EPOCH_MS) << SEQUENCE_BITS;
    int64_t last = atomic_load_explicit(&last_tick, memory_order_relaxed);
    int64_t next;
    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&last_tick, &last, next));
    return tick_to_key(next);
}

void id_raise_above(int64_t key)
{
    int64_t tick = (key >> TIME_SHIFT) << SEQUENCE_BITS | (key & ((1 << SEQUENCE_BITS) - 1));
    int64_t last = atomic_load(&last_tick);
    while (tick > last && !atomic_compare_exchange_weak(&last_tick, &last, tick))
        ;
}

int64_t id_moment_ms(int64_t key)
{
    return (key >> TIME_SHIFT) + EPOCH_MS;
}

int64_t id_at_moment(int64_t moment_ms)
{
    const int64_t last = ((int64_t)1 << (63 - TIME_SHIFT)) - 1;
    int64_t time = moment_ms - EPOCH_MS;
    if (time < 0)
        time = 0;
    if (time > last)
        time = last;
    return time << TIME_SHIFT;
}

void id_format(enum id_kind kind, int64_t key, char out[ID_TEXT_SIZE])
{
    size_t prefix = strlen(PREFIXES[kind]);
    uint64_t rest = (uint64_t)key;
    memcpy(out, PREFIXES[kind], prefix);
    out[prefix] = '_';
    char *digits = out + prefix + 1;
    for (int i = DIGITS - 1; i >= 0; i--) {
        digits[i] = ALPHABET[rest % 62];
        rest /= 62;
    }
    digits[DIGITS] = '\0';
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A' + 10;
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 36;
    return -1;
}

bool id_parse(enum id_kind kind, struct text text, int64_t *key)
{
    struct text prefix = text_of(PREFIXES[kind]);
    if (kind == ID_CONNECTION && text_starts_with(text, TEXT("conn_")))
        prefix = TEXT("conn");
    if (text.size != prefix.size + 1 + DIGITS || !text_starts_with(text, prefix) ||
        text.data[prefix.size] != '_')
        return false;
    int64_t value = 0;
    for (size_t i = prefix.size + 1; i < text.size; i++) {
        int digit = digit_value(text.data[i]);
        if (digit < 0 || __builtin_mul_overflow(value, 62, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *key = value;
    return true;
}
