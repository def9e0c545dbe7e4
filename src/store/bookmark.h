/* bookmark.h - bookmarks in the store; the rules of store.h hold. */
#pragma once

#include "model/bookmark.h"
#include "store/store.h"

/* Inserts (when the id is new) or replaces the whole record. ERROR_CONFLICT when the name is taken. */
bool store_put_bookmark(struct store_transaction *, const struct bookmark *, struct error *);
bool store_delete_bookmark(struct store_transaction *, int64_t id, struct error *);

bool store_read_bookmark(struct store_reader *, struct arena *, int64_t project_id, int64_t id, struct bookmark *,
                         struct error *);
bool store_read_bookmark_by_name(struct store_reader *, struct arena *, int64_t project_id, struct text name,
                                 struct bookmark *, struct error *);
bool store_list_bookmarks(struct store_reader *, struct arena *, const struct store_list *, struct bookmark **,
                          struct store_page *, struct error *);
