// Bulk operations, and replay. The world's gateway is slow at them (bulk_slice, bulk_pause_ms), so that one can be cancelled.
const MODELS = 4;

// A connection of its own that this many webhooks came to, delivered, held or ignored.
async function connectionWith(world, before) {
  const connection = await world.connection();
  if (before) await world.api('PUT', `/connections/${connection.id}/${before}`, {});
  for (let i = 0; i < MODELS; i++) await world.sent(connection);
  return connection;
}
const byConnection = (before) => async (world) => ({ webhook_id: (await connectionWith(world, before)).id });
const bySource = async (world) => ({ source_id: (await connectionWith(world)).source_id });

// [path, name in the operationIds, the same for several, what it goes through, can it be cancelled?]
const KINDS = [
  ['/bulk/events/retry', 'EventBulkRetry', 'EventBulkRetries', byConnection(), true],
  ['/bulk/events/cancel', 'EventBulkCancel', 'EventBulkCancels', byConnection('pause'), false],
  ['/bulk/ignored-events/retry', 'IgnoredEventBulkRetry', 'IgnoredEventBulkRetries', byConnection('disable'), true],
  ['/bulk/requests/retry', 'RequestBulkRetry', 'RequestBulkRetries', bySource, true],
  ['/bulk/requests/replay', 'RequestBulkReplay', 'RequestBulkReplays', bySource, true],
];

function callsOf([path, One, Several, query, cancellable]) {
  const fresh = async (world) => ({ ids: [(await world.api('POST', path, { query: await query(world) })).id] });
  return {
    [`get${Several}`]: async (world) => {
      await fresh(world);
      return {};
    },
    [`create${One}`]: async (world) => ({ body: { query: await query(world) } }),
    [`generate${One}Plan`]: async (world) => ({ query: { query: JSON.stringify(await query(world)) } }),
    [`get${One}`]: fresh,
    ...(cancellable ? { [`cancel${One}`]: async (world) => ({ ...await fresh(world), body: {} }) } : {}),
  };
}

export const calls = {
  ...Object.assign({}, ...KINDS.map(callsOf)),
  replayRequest: async (world) => ({ ids: [(await world.delivered()).request.id], body: {} }),
  replayEvent: async (world) => {
    const { event, connection } = await world.delivered();
    return { ids: [event.id], body: { webhook_ids: [connection.id] } };
  },
};
