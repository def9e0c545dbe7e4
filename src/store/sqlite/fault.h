/*
 * fault.h - disk faults on purpose, for tests: see the end of store.h. Internal to store/.
 *
 * A VFS in front of the system's counts and breaks writes, syncs and truncations. It is only there when
 * FAIRLEAD_FAULT_STORE is set.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Reads the environment and registers the VFS as the default. ERROR_INVALID for a malformed switch. */
bool fault_prepare(struct error *error);
/* Writes the number of operations where the switch asks for it. */
void fault_report(void);
