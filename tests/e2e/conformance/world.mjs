// A gateway in which every kind of thing exists, for the valid calls of calls/: each maker gives one that is there, or a fresh
// one that a call may spoil.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from '../database.mjs';
import { startGateway, startSink, until } from '../gateway.mjs';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
// The store's number of a public id, and back.
const keyOf = (id) => [...id.split('_')[1]].reduce((key, digit) => key * 62n + BigInt(DIGITS.indexOf(digit)), 0n);
const idOf = (prefix, key) => {
  let text = '';
  for (let i = 0, rest = key; i < 11; i++, rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return `${prefix}_${text}`;
};

export async function startWorld() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-conformance-'));
  const gateway = await startGateway({ dir, args: ['--set', 'bulk_slice=1', '--set', 'bulk_pause_ms=1000'] }); // as calls/bulk.mjs needs it
  const sink = await startSink();
  let counter = 0;

  async function api(method, path, body) {
    const reply = await gateway.api(method, path, body);
    assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }
  const once = (make) => {
    let made;
    return () => (made ??= make());
  };

  const world = {
    gateway, sink, dir, api, keyOf, idOf,
    sql: (text) => runSql(dir, text),
    name: (what = 'name') => `${what}-${++counter}`,
    source: (more = {}) => api('POST', '/sources', { name: world.name('in'), ...more }),
    destination: (more = {}) => api('POST', '/destinations', { name: world.name('out'), type: 'MOCK_API', ...more }),
    connection: (more = {}) => api('POST', '/connections', {
      name: world.name('link'), source: { name: world.name('in') }, destination: { name: world.name('out'), type: 'MOCK_API' }, ...more,
    }),
    transformation: () => api('POST', '/transformations', { name: world.name('change'), code: 'addHandler("transform", (request) => request);' }),
    // A webhook to the connection's source: its request.
    async sent(connection, body = { a: 1 }) {
      const reply = await fetch(`${connection.source.url}/path?q=1`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
      });
      assert.equal(reply.status, 200);
      return (await api('GET', `/requests?source_id=${connection.source_id}&limit=1`)).models[0];
    },
    // One that was delivered to the sink, with its request and its attempt.
    delivered: once(async () => {
      const connection = await world.connection({ destination: { name: world.name('sink'), type: 'HTTP', config: { url: sink.url } } });
      const request = await world.sent(connection);
      const event = await until('a delivery', async () => (await api('GET', `/events?request_id=${request.id}&status=SUCCESSFUL`)).models[0]);
      const attempt = (await api('GET', `/attempts?event_id=${event.id}`)).models[0];
      return { connection, request, event, attempt };
    }),
    // One that could not be delivered, and a request that was rejected: what they have no value for is told as null.
    refused: once(async () => {
      const connection = await world.connection({ destination: { name: world.name('none'), type: 'HTTP', config: { url: 'http://127.0.0.1:1/' } } });
      const request = await world.sent(connection);
      const event = await until('a failure', async () => (await api('GET', `/events?request_id=${request.id}&status=FAILED`)).models[0]);
      const source = await world.source({ config: { auth_type: 'API_KEY', auth: { header_key: 'x-key', api_key: 'k' } } });
      assert.equal((await fetch(source.url, { method: 'POST', body: 'x' })).status, 401);
      return { connection, request, event };
    }),
    // One that waits, as its connection is paused.
    async held() {
      const connection = await world.connection();
      await api('PUT', `/connections/${connection.id}/pause`, {});
      const request = await world.sent(connection);
      return { connection, request, event: (await api('GET', `/events?request_id=${request.id}`)).models[0] };
    },
    async stop() {
      await gateway.stop();
      await sink.stop();
      rmSync(dir, { recursive: true, force: true });
      assert.doesNotMatch(gateway.log(), /runtime error|Sanitizer/);
    },
  };
  return world;
}
