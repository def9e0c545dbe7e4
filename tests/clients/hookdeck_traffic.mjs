// Events of every outcome, for the commands that look for them: one request to a source with connections of several kinds,
// and another to a second source.
import { createServer } from 'node:net';
import { startSink, until } from '../e2e/gateway.mjs';

const closedPort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// Everything's events by the name of their connection; ids and moments to look for them by.
export async function makeTraffic(gateway) {
  const sink = await startSink(({ url }) => ({ status: url.startsWith('/bad') ? 503 : 200 }));
  const call = async (...args) => (await gateway.api(...args)).body;
  const connect = (name, source, config) => call('PUT', '/connections', { name, source: { name: source }, destination: { name, type: 'HTTP', config } });
  const links = {
    good: await connect('good', 'orders', { url: `${sink.url}/good` }),
    bad: await connect('bad', 'orders', { url: `${sink.url}/bad` }),
    dead: await connect('dead', 'orders', { url: `http://127.0.0.1:${await closedPort()}` }),
    held: await connect('held', 'orders', { url: `${sink.url}/held` }),
    other: await connect('other', 'others', { url: `${sink.url}/other` }),
  };
  await call('PUT', `/connections/${links.held.id}/pause`);
  const post = (source, path, body) => fetch(`${source.url}${path}`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-kind': body.kind }, body: JSON.stringify(body),
  });
  const before = new Date().toISOString();
  await post(links.good.source, '/new?page=1', { kind: 'order', total: 5 });
  const between = new Date(Date.now() + 2).toISOString();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await post(links.other.source, '/else', { kind: 'other' });
  const events = await until('all outcomes', async () => {
    const { models } = await call('GET', '/events');
    const settled = models.length === 5 && models.every(({ status }) => ['SUCCESSFUL', 'FAILED', 'HOLD'].includes(status));
    return settled && Object.fromEntries(Object.entries(links).map(([name, { id }]) => [name, models.find(({ webhook_id }) => webhook_id === id)]));
  });
  const names = (models) => models.map(({ id }) => Object.keys(events).find((name) => events[name].id === id) ?? 'unknown').sort();
  return { sink, links, events, before, between, after: new Date(Date.now() + 60000).toISOString(), names };
}

// [flags, the names of the events that they find], among those of both requests.
export const eventFilters = ({ links, before, between, after }) => [
  [{ 'connection-id': links.bad.id }, ['bad']],
  [{ 'source-id': links.other.source.id }, ['other']],
  [{ 'destination-id': links.held.destination.id }, ['held']],
  [{ status: 'FAILED' }, ['bad', 'dead']],
  [{ status: 'hold' }, ['held']],
  [{ attempts: '0' }, ['held']],
  [{ attempts: '{"gte":1,"lte":5}', status: 'FAILED' }, ['bad', 'dead']],
  [{ 'response-status': '503' }, ['bad']],
  [{ 'error-code': 'CONNECTION_REFUSED' }, ['dead']],
  [{ 'cli-id': 'cli_1' }, []],
  [{ 'issue-id': 'iss_1' }, []],
  [{ 'delivery-group': 'group' }, []],
  [{ path: '/else' }, ['other']],
  [{ body: '{"kind":"order","total":{"$gt":4}}' }, ['bad', 'dead', 'good', 'held']],
  [{ headers: '{"x-kind":"other"}' }, ['other']],
  [{ 'parsed-query': '{"page":"1"}', body: '{"total":5}', status: 'HOLD' }, ['held']],
  [{ 'created-after': before, 'created-before': between }, ['bad', 'dead', 'good', 'held']],
  [{ 'created-after': between }, ['other']],
  [{ 'successful-at-after': before, 'successful-at-before': after }, ['good', 'other']],
  [{ 'last-attempt-at-after': before, 'last-attempt-at-before': after, status: 'FAILED' }, ['bad', 'dead']],
  [{ 'last-attempt-at-before': before }, []],
  [{ 'order-by': 'created_at', dir: 'asc', status: 'SUCCESSFUL' }, ['good', 'other']],
];
