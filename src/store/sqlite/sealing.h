/*
 * sealing.h - the secrets in the store: what is sealed (base/seal.h), and with which keys. Internal to store/.
 *
 * SQL does it. Every connection knows, of a value, the column it belongs to and the row's key:
 *   seal(value, 'table.column', id), unseal(...)                a whole text
 *   seal_config(config, 'table', id), unseal_config(...)       the secret members of a config (model/settings.h) alone,
 *                                                               so that the others can be looked for
 * Null stays null, what is sealed already is sealed no second time, and what is not sealed is read as it is. What does not
 * open is told in the log and read in its sealed form: whoever needs the secret sees that (seal_is_sealed) and refuses.
 *
 * The table storage_key holds a known text sealed by each key that values may be sealed with. A store whose text does
 * not open is not started.
 */
#pragma once

#include "base/seal.h"
#include "store/sqlite/database.h"

enum { KEY_PATH_SIZE = 1100 };

/* A sealed text names its key behind "sealed1:". */
#define NOTE_STORAGE_KEY                                                                                \
    "INSERT OR IGNORE INTO storage_key(id, known) SELECT substr(text, 9, 8), text FROM"                 \
    " (SELECT seal('this key opens it', 'storage_key', 0) AS text);"

/* Reads the directory's key file, or makes it for a store that has nothing sealed, and gives the writer its functions. */
bool sealing_open(struct seal_ring *ring, const char *directory, struct store_reader *writer, struct error *error);
/* Once the schema stands: notes the current key. */
bool sealing_note_key(struct store_reader *writer, struct error *error);
/* Makes the functions known to the connection. The ring must outlive it. */
bool sealing_register(struct seal_ring *ring, struct store_reader *database, struct error *error);
