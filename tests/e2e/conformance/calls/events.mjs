// Events and their attempts.
const delivered = async (world) => ({ ids: [(await world.delivered()).event.id] });
const held = async (world) => ({ ids: [(await world.held()).event.id], body: {} });

export const calls = {
  getEvents: async (world) => {
    await world.delivered();
    await world.refused();
    return { query: { include: 'data', limit: '20' } };
  },
  getEvent: delivered,
  getEventRawBody: delivered,
  retryEvent: async (world) => ({ ...await delivered(world), body: {} }),
  cancelEvent: held,
  cancelEvent_mute: held,
  getAttempts: async (world) => {
    const [one, other] = [await world.delivered(), await world.refused()];
    return { query: { event_id: [one.event.id, other.event.id] } };
  },
  getAttempt: async (world) => ({ ids: [(await world.delivered()).attempt.id] }),
};
