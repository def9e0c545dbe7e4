// Requests and what came of them.
const of = (more) => async (world) => {
  const { request, connection } = await world.delivered();
  return { ids: [request.id], ...more?.(connection) };
};

export const calls = {
  getRequests: async (world) => {
    await world.delivered();
    await world.refused();
    return { query: { include: 'data', limit: '20' } };
  },
  getRequest: of(),
  getRequestRawBody: of(),
  getRequestEvents: of(() => ({ query: { include: 'data' } })),
  retryRequest: of((connection) => ({ body: { webhook_ids: [connection.id] } })),
  getRequestIgnoredEvents: async (world) => {
    const connection = await world.connection();
    await world.api('PUT', `/connections/${connection.id}/disable`, {});
    const request = await world.sent(connection);
    return { ids: [request.id] };
  },
};
