/* Seals the secrets that lie in the store (sealing.h). */
#include "store/sqlite/schema.h"
#include "store/sqlite/sealing.h"

/* With secure_delete what lay there before is overwritten; schema_apply sets it back, and empties the log. */
const char schema_seal[] =
    "PRAGMA secure_delete = ON;"
    "CREATE TABLE storage_key(id TEXT PRIMARY KEY, known TEXT NOT NULL) WITHOUT ROWID;"
    NOTE_STORAGE_KEY
    "UPDATE project SET signing_secret = seal(signing_secret, 'project.signing_secret', id),"
    " previous_secret = seal(previous_secret, 'project.previous_secret', id);"
    "UPDATE source SET config = seal_config(config, 'source', id);"
    "UPDATE destination SET config = seal_config(config, 'destination', id);"
    "UPDATE transformation SET env = seal(env, 'transformation.env', id);"
    "UPDATE integration SET configs = seal(configs, 'integration.configs', id);"
    "UPDATE refresh_token SET given = seal(given, 'refresh_token.given', destination_id),"
    " current = seal(current, 'refresh_token.current', destination_id);";
