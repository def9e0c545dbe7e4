/*
 * gather.h - writes the log in one piece for each commit. Internal to store/.
 *
 * SQLite writes a frame of its log with two system calls, and a commit has dozens of frames, one behind the other. A
 * VFS between it and the system's keeps what it writes to the log in memory until the sync that ends a commit, or until
 * anything else is wanted of the file. Nobody else looks at frames before that: a commit is told to readers only after
 * its sync (synchronous = FULL). A failed write is told by that sync, and fails the commit as a failed write would.
 */
#pragma once

#include "base/error.h"

/* For sqlite3_open_v2. */
#define GATHER_VFS "gather"

/* Registers it, in front of the VFS that is the default by now. */
bool gather_prepare(struct error *error);
