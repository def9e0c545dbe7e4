// One source with a hundred connections: each of its webhooks is a hundred deliveries, and the answer promises all of them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { startRaw } from './wire_servers.mjs';

const MANY = 100;

// Connections 0 to 99 of one source; `urlOf` says where the destination of each is.
async function fanOut(gateway, urlOf) {
  const { ok } = callsOf(gateway);
  const source = await ok('POST', '/sources', { name: 'in' });
  for (let i = 0; i < MANY; i += 10)
    await Promise.all(Array.from({ length: 10 }, (_, j) => ok('POST', '/connections', { name: `c${i + j}`, source_id: source.id,
      destination: { name: `c${i + j}`, type: 'HTTP', config: { url: urlOf(i + j) } } })));
  return async (body) => {
    const reply = await fetch(gateway.url + new URL(source.url).pathname, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    assert.equal(reply.status, 200);
  };
}

// How often each connection's destination has seen each webhook.
const tally = (received) => {
  const counts = new Map();
  for (const { url, body } of received) counts.set(`${url} ${body}`, (counts.get(`${url} ${body}`) ?? 0) + 1);
  return counts;
};

test('each destination gets each webhook once, and a slow one delays no other', async () => {
  const slow = [];
  const silent = await startRaw((socket) => slow.push(socket));
  const sink = await startSink();
  const gateway = await startGateway();
  try {
    const send = await fanOut(gateway, (i) => (i === 50 ? silent.url : `${sink.url}/${i}`));
    for (let i = 0; i < 20; i++) await send(JSON.stringify({ i }));
    await until('all but the slow', () => sink.received.length >= 20 * (MANY - 1));
    const counts = tally(sink.received);
    assert.equal(counts.size, 20 * (MANY - 1));
    assert.ok([...counts.values()].every((count) => count === 1));
    assert.ok(slow.length > 0, 'the slow one was called as well, and has not answered');
  } finally {
    await silent.stop();
    await gateway.stop();
    await sink.stop();
  }
});

test('after the answer all of them outlive a kill', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-fan-'));
  let delay = 5000; // nothing is answered before the kill, so that all come again
  const sink = await startSink(() => ({ delay }));
  let gateway = await startGateway({ dir });
  try {
    const send = await fanOut(gateway, (i) => `${sink.url}/${i}`);
    for (let i = 0; i < 5; i++) await send(JSON.stringify({ i }));
    await gateway.stop({ signal: 'SIGKILL' });
    sink.received.length = delay = 0;
    gateway = await startGateway({ dir });
    await until('all', () => tally(sink.received).size === 5 * MANY);
  } finally {
    await gateway.stop();
    await sink.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a large webhook is in memory once, whatever waits for it', async () => {
  const SIZE = 5_000_000;
  const silent = await startRaw((socket) => socket.pause());
  const gateway = await startGateway();
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))[1]) * 1024;
  try {
    const send = await fanOut(gateway, () => silent.url);
    const before = memory();
    await send(JSON.stringify({ a: 'x'.repeat(SIZE) }));
    await until('a hundred deliveries under way', () => silent.sockets.size === MANY);
    assert.ok(memory() - before < 20 * SIZE, // a copy for each would be 100
      `${Math.round((memory() - before) / 1e6)} MB more`);
  } finally {
    await silent.stop();
    await gateway.stop();
  }
});
