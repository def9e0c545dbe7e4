#include "store/latency.h"

#include <stdbool.h>

enum { STEP_BITS = 3, STEPS_OF_DOUBLING = 1 << STEP_BITS, INTEGER_BITS = 63 };

size_t latency_step(int64_t latency_ms)
{
    uint64_t value = latency_ms > 0 ? (uint64_t)latency_ms : 0;
    if (value < STEPS_OF_DOUBLING)
        return (size_t)value;
    size_t power = (size_t)(INTEGER_BITS - __builtin_clzll(value)) - STEP_BITS;
    size_t step = (power + 1) * STEPS_OF_DOUBLING + (size_t)(value >> power) % STEPS_OF_DOUBLING;
    return step < LATENCY_STEPS ? step : LATENCY_STEPS - 1;
}

int64_t latency_of_step(size_t step)
{
    if (step < STEPS_OF_DOUBLING)
        return (int64_t)step;
    size_t power = step / STEPS_OF_DOUBLING - 1;
    int64_t low = (int64_t)(step % STEPS_OF_DOUBLING + STEPS_OF_DOUBLING) << power;
    return low + (((int64_t)1 << power) - 1) / 2;
}

int64_t latency_percentile(const int64_t counts[LATENCY_STEPS], int64_t percent)
{
    int64_t total = 0, reached = 0;
    for (size_t step = 0; step < LATENCY_STEPS; step++)
        total += counts[step];
    if (total == 0)
        return 0;
    int64_t rank = (total * percent + 99) / 100;
    size_t step = 0;
    while ((reached += counts[step]) < rank)
        step++;
    return latency_of_step(step);
}

static size_t pack_integer(uint64_t value, unsigned char *out)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out[size++] = (unsigned char)(value | 0x80);
    out[size++] = (unsigned char)value;
    return size;
}

size_t latency_pack(const int64_t counts[LATENCY_STEPS], unsigned char out[LATENCY_BYTES])
{
    size_t size = 0, left_out = 0;
    for (size_t step = 0; step < LATENCY_STEPS; step++, left_out++) {
        if (counts[step] <= 0)
            continue;
        size += pack_integer(left_out, out + size);
        size += pack_integer((uint64_t)counts[step], out + size);
        left_out = (size_t)-1;
    }
    return size;
}

static bool unpack_integer(struct text stored, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < stored.size && shift < INTEGER_BITS; shift += 7) {
        unsigned char byte = (unsigned char)stored.data[(*at)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

void latency_add_packed(int64_t counts[LATENCY_STEPS], struct text stored)
{
    uint64_t left_out, count, step = 0;
    size_t at = 0;
    while (unpack_integer(stored, &at, &left_out) && unpack_integer(stored, &at, &count)) {
        if (left_out >= LATENCY_STEPS || step + left_out >= LATENCY_STEPS)
            return;
        step += left_out;
        counts[step++] += (int64_t)count;
    }
}
