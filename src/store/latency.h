/*
 * latency.h - counts of latencies by steps, from which percentiles are told.
 *
 * Up to 16 ms each millisecond is a step of its own; from there on each doubling has 8, so that a percentile is at most
 * 7 % off. Counts are stored as pairs of variable-length integers, how many steps are left out and how many latencies
 * the step has, 7 bits a byte with the lowest first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { LATENCY_STEPS = 240, LATENCY_BYTES = LATENCY_STEPS * 12 };

/* The step of a latency; those beyond the last one are in the last. */
size_t latency_step(int64_t latency_ms);
/* The middle of a step. */
int64_t latency_of_step(size_t step);
/* The latency that so many percent do not exceed; 0 when none is counted. */
int64_t latency_percentile(const int64_t counts[LATENCY_STEPS], int64_t percent);

/* Writes the steps that have any; returns the size. */
size_t latency_pack(const int64_t counts[LATENCY_STEPS], unsigned char out[LATENCY_BYTES]);
/* Adds what is stored to the counts. What is malformed is left out. */
void latency_add_packed(int64_t counts[LATENCY_STEPS], struct text stored);
