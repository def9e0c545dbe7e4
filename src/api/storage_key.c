/* The key that the secrets in the store are sealed with. */
#include "store/storage_key.h"

#include "api/contract_rows.h"
#include "api/nouns.h"

static bool storage_key_rotate(struct call *call)
{
    struct error error = {0};
    struct storage_rotation rotation;
    if (!call->access.key.is_operator)
        return call_fail(call, 403, NULL, "only the operator's key may rotate the storage key");
    if (!store_rotate_key(call->store, &rotation, &error))
        return call_fail_error(call, &error);
    return call_reply(call, json_pack("{s:s, s:I, s:b}", "key_id", rotation.key, "sealed_count",
                                      (json_int_t)rotation.sealed, "was_finished", rotation.was_finished));
}

/* ---- the contract ----------------------------------------------------------------------------------- */

static const struct field_row rotation_shape[] = {
    {.name = "key_id", VALUE_TEXT, .required = true}, {.name = "sealed_count", VALUE_INTEGER, .required = true},
    {.name = "was_finished", VALUE_BOOLEAN, .required = true}, END,
};
static const struct shape shapes[] = {{"StorageKeyRotation", rotation_shape}, END};

static const struct operation operations[] = {
    {"PUT", "/storage_key/rotate", "rotateStorageKey", "Seal the secrets in the store with a new key", storage_key_rotate,
     NULL, NULL, "StorageKeyRotation"},
};
OPERATIONS(storage_key_operations, operations, shapes);
