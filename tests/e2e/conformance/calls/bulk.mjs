// Bulk operations.
const KINDS = {
  EventBulkRetry: ['/bulk/events/retry', 1, 'EventBulkRetries', () => ({ query: { status: 'HOLD', search_term: 'nothing like it' } })],
  EventBulkCancel: ['/bulk/events/cancel', 2, 'EventBulkCancels', () => ({ query: { status: 'HOLD', search_term: 'nothing like it' } })],
  IgnoredEventBulkRetry: ['/bulk/ignored-events/retry', 3, 'IgnoredEventBulkRetries', () => ({ query: { cause: 'FILTERED' } })],
  RequestBulkRetry: ['/bulk/requests/retry', 4, 'RequestBulkRetries', () => ({ query: { search_term: 'nothing like it' } })],
  RequestBulkReplay: ['/bulk/requests/replay', 5, 'RequestBulkReplays', () => ({ query: { search_term: 'nothing like it' } })],
};
let counter = 0;
// No query twice: the one before may still be in progress.
const body = (make) => {
  const { query } = make();
  return { query: query.search_term ? { ...query, search_term: `${query.search_term} ${++counter}` } : { ...query, webhook_id: `web_${++counter}` } };
};
// One that is open: the worker has not been told of it.
function open(world, project, kind) {
  const key = world.keyOf(project) + BigInt(1000 + ++counter);
  world.sql('INSERT INTO bulk(id, project_id, kind, created_at, updated_at, cancelled_at, completed_at, estimated_count, processed_batch,'
    + ' completed_count, failed_count, position, bound, query)'
    + ` VALUES(${key}, ${world.keyOf(project)}, ${kind}, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, '{"id":"${counter}"}')`);
  return world.idOf('bch', key);
}

export const calls = {};
for (const [name, [path, kind, names, make]] of Object.entries(KINDS)) {
  const fresh = async (world) => world.api('POST', path, body(make));
  calls[`get${names}`] = async (world) => {
    await fresh(world);
    return {};
  };
  calls[`create${name}`] = async () => ({ body: body(make) });
  calls[`generate${name}Plan`] = async () => ({ body: {} });
  calls[`get${name}`] = async (world) => ({ ids: [(await fresh(world)).id] });
  if (name !== 'EventBulkCancel')
    calls[`cancel${name}`] = async (world) => ({ ids: [open(world, (await fresh(world)).team_id, kind)], body: {} });
}
