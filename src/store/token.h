/*
 * token.h - refresh tokens that authorization servers gave in place of those in destinations' settings; see store.h for
 * the rules that all of it follows.
 */
#pragma once

#include "store/store.h"

struct refresh_token {
    int64_t destination_id;
    struct text given;   /* what the settings named when it was got; with other settings this one is worth nothing */
    struct text current;
    int64_t updated_at;
};

/* Inserts or replaces that of the destination; those of deleted destinations go. */
bool store_put_refresh_token(struct store_transaction *, const struct refresh_token *, struct error *);
/* Those of live destinations. */
bool store_read_refresh_tokens(struct store_reader *, struct arena *, struct refresh_token **tokens, size_t *count,
                               struct error *);
