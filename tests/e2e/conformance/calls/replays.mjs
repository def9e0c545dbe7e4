// What goes its way again.
export const calls = {
  replayRequest: async (world) => {
    const { request, connection } = await world.delivered();
    return { ids: [request.id], body: { source_id: connection.source_id, webhook_ids: [connection.id] } };
  },
  replayEvent: async (world) => ({ ids: [(await world.delivered()).event.id], body: {} }),
};
