// Events and their attempts.
const delivered = async (world) => ({ ids: [(await world.delivered()).event.id] });
const held = async (world) => ({ ids: [(await world.held()).event.id], body: {} });

export const calls = {
  getEvents: async (world) => {
    await world.delivered();
    return { query: { include: 'data', limit: '3' } };
  },
  getEvent: delivered,
  getEventRawBody: delivered,
  retryEvent: async (world) => ({ ...await delivered(world), body: {} }),
  cancelEvent: held,
  cancelEvent_mute: held,
  getAttempts: async (world) => ({ query: { event_id: (await world.delivered()).event.id } }),
  getAttempt: async (world) => ({ ids: [(await world.delivered()).attempt.id] }),
};
