/*
 * worker_memory.h - the engine's memory, and how it is laid back to what it was.
 *
 * There are two states to go back to: the base, in which the engine knows the prelude, and one that is kept beyond it,
 * in which it has loaded some code. Going back costs as much as was changed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Takes the memory as it is for the base. False without memory. */
bool memory_take_base(uint32_t memory_bytes);
/* Keeps the memory as it is now, beside the base. False, and nothing is kept, when it is too different from that. */
bool memory_keep(void);
/* Lays back what is kept, or the base. */
void memory_lay_back(void);
/* Lays back the base, and keeps nothing beside. `everything`: it is not sure what was changed. */
void memory_lay_back_base(bool everything);
