// Bookmarks.
const body = async (world) => {
  const { event } = await world.delivered();
  return { event_data_id: event.event_data_id, webhook_id: event.webhook_id, label: 'l', name: world.name('mark') };
};
const fresh = async (world) => ({ ids: [(await world.api('POST', '/bookmarks', await body(world))).id] });

export const calls = {
  getBookmarks: async (world) => {
    await fresh(world);
    return {};
  },
  createBookmark: async (world) => ({ body: await body(world) }),
  getBookmark: fresh,
  updateBookmark: async (world) => ({ ...await fresh(world), body: { label: 'other' } }),
  deleteBookmark: fresh,
  getBookmarkRawBody: fresh,
  triggerBookmark: async (world) => ({ ...await fresh(world), body: {} }),
};
