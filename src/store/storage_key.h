/*
 * storage_key.h - the key that the secrets in the store are sealed with; see store.h for the rules that all of it follows.
 */
#pragma once

#include "store/store.h"

struct storage_rotation {
    char key[16];      /* the id of the key that is in use now */
    int64_t sealed;    /* rows that were sealed anew */
    bool was_finished; /* no new key was made: a rotation before had been interrupted, and is whole now */
};

/*
 * Makes a new key, seals everything with it, and takes the ones before out of the key file. In slices, each a job, while
 * the store is used; a process that ends between leaves a store that opens, and the next call finishes it. ERROR_CONFLICT
 * while another rotation is under way. Blocks; not on an event loop.
 */
bool store_rotate_key(struct store *store, struct storage_rotation *rotation, struct error *error);
