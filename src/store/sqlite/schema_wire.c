/* What came back over the wire. */
#include "store/sqlite/schema.h"

const char schema_wire[] = "ALTER TABLE attempt ADD COLUMN response_headers BLOB;";
