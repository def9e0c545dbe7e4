// Connections.
const RULES = [
  { type: 'retry', strategy: 'linear', interval: 1000, count: 3, response_status_codes: ['500-599', '!501'] }, { type: 'delay', delay: 1000 },
  { type: 'deduplicate', window: 60000, include_fields: ['body.id', 'headers.x-id'] }, { type: 'deduplicate', window: 1000, exclude_fields: ['body.items[*].at'] },
  { type: 'filter', body: { a: { $gt: 1 } }, headers: 'text', query: 1, path: true },
  { type: 'transform', transformation: { name: 'conform', code: 'addHandler("transform", (request) => request);', env: { A: '1' } } },
];
const fresh = async (world) => ({ ids: [(await world.connection({ rules: RULES })).id] });
const change = async (world) => ({ ...await fresh(world), body: {} });
const inline = (world) => ({
  name: world.name('link'), description: 'd', rules: RULES, source: { name: world.name('in') },
  destination: { name: world.name('out'), type: 'HTTP', config: { url: 'http://127.0.0.1:1/' } },
});

export const calls = {
  getConnections: async (world) => ({ query: { name: (await world.connection({ rules: RULES })).name } }),
  countConnections: () => ({}),
  createConnection: (world) => ({ body: inline(world) }),
  upsertConnection: async (world) => ({
    body: { name: null, source_id: (await world.source()).id, destination_id: (await world.destination()).id },
  }),
  getConnection: fresh,
  updateConnection: async (world) => ({ ...await fresh(world), body: { name: world.name('link'), description: null, rules: [] } }),
  deleteConnection: fresh,
  disableConnection: change,
  disableConnection_archive: change,
  enableConnection: change,
  enableConnection_unarchive: change,
  pauseConnection: change,
  unpauseConnection: change,
};
