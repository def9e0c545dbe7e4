// kill -9 while webhooks go through rules: each distinct one makes exactly one event, and what was acknowledged is
// transformed once. FAIRLEAD_LONG=1 for the full number of webhooks.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../e2e/database.mjs';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';

const LONG = Boolean(process.env.FAIRLEAD_LONG);
const SENDERS = 64;

// One call; false when it was not acknowledged.
function post(url, agent, body) {
  return new Promise((resolve) => {
    const call = httpRequest(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(reply.statusCode === 200));
      reply.on('error', () => resolve(false));
    });
    call.on('error', () => resolve(false));
    call.end(JSON.stringify(body));
  });
}

// Sends all bodies, each until it is acknowledged, as senders do; the gateway is killed and started again in between.
async function sendThroughKills(dir, rules, bodies, kills) {
  const sink = await startSink();
  const places = Array.from({ length: kills }, (_, i) => Math.floor(((i + 0.5) / kills) * bodies.length));
  let gateway = await startGateway({ dir });
  const made = await gateway.api('PUT', '/connections', {
    name: 'crash', source: { name: 'crash' }, destination: { name: 'crash', type: 'HTTP', config: { url: sink.url } },
    rules: [...rules, { type: 'retry', strategy: 'linear', interval: 500, count: 50 }],
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { pathname } = new URL(made.body.source.url);
  let next = 0, restarting = null;
  const restart = async () => {
    await gateway.stop({ signal: 'SIGKILL' });
    gateway = await startGateway({ dir });
    restarting = null;
  };
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const send = async () => {
    for (let i = next++; i < bodies.length; i = next++) {
      if (i >= places[0]) {
        places.shift();
        restarting = sleep(5 * Math.random()).then(restart);
      }
      while (!(await post(gateway.url + pathname, agent, bodies[i]))) await (restarting ?? sleep(5));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  await restarting;
  agent.destroy();
  return { gateway: () => gateway, sink };
}

// How many events there are once nothing is under way any more.
async function eventsAtTheEnd(dir) {
  const count = (from) => runSql(dir, `SELECT count(*) AS n FROM ${from}`)[0].n;
  await until('the end of all passages', () => count('passage') === 0, { tries: 600, every: 200 });
  await until('the end of all events', () => count('event WHERE status <> 4') === 0, { tries: 600, every: 200 });
  return count('event');
}

test('duplicates over kill -9: exactly the distinct webhooks make events', async (context) => {
  const count = LONG ? 100_000 : 5_000;
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-duplicates-'));
  // Each tenth is one that was sent some time before.
  const bodies = Array.from({ length: count }, (_, i) => ({ id: i % 10 === 9 ? Math.max(0, i - 1 - (i % 700)) : i, sent: i }));
  const distinct = new Set(bodies.map(({ id }) => id));
  const rule = { type: 'deduplicate', window: 3_600_000, include_fields: ['body.id'] };
  const { gateway, sink } = await sendThroughKills(dir, [rule], bodies, 3);
  try {
    const events = await eventsAtTheEnd(dir);
    const seen = new Set(sink.received.map(({ body }) => JSON.parse(body).id));
    await gateway().stop();
    context.diagnostic(`${count} sent, ${distinct.size} distinct, ${events} events, ${sink.received.length} deliveries`);
    assert.equal(events, distinct.size);
    assert.equal(seen.size, distinct.size);
  } finally {
    await sink.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('transformations over kill -9: each acknowledged webhook is transformed, and makes one event', async (context) => {
  const count = LONG ? 20_000 : 2_000;
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-passages-'));
  const bodies = Array.from({ length: count }, (_, id) => ({ id }));
  const code = 'addHandler("transform", (request) => { request.body.made = request.body.id * 2; return request; });';
  const rules = [
    { type: 'deduplicate', window: 3_600_000, include_fields: ['body.id'] },
    { type: 'transform', transformation: { name: 'double', code } },
  ];
  const { gateway, sink } = await sendThroughKills(dir, rules, bodies, 4);
  try {
    const events = await eventsAtTheEnd(dir);
    const received = sink.received.map(({ body }) => JSON.parse(body));
    await gateway().stop();
    context.diagnostic(`${count} sent, ${events} events, ${received.length} deliveries`);
    assert.equal(events, count);
    assert.equal(new Set(received.map(({ id }) => id)).size, count);
    assert.ok(received.every(({ id, made }) => made === id * 2));
  } finally {
    await sink.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
