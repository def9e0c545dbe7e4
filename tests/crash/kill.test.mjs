// kill -9 at random moments under load, with restarts on the same directory: what was acknowledged is delivered.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';

const ROUNDS = process.env.FAIRLEAD_LONG ? 100 : 8;
const PER_SECOND = 500;

function post(url, agent, body) {
  return new Promise((resolve) => {
    const call = httpRequest(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode)).on('error', () => resolve(0));
    });
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

async function sendFor(milliseconds, url, agent, state) {
  const calls = [];
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    for (let i = 0; i < PER_SECOND / 50; i++) {
      const number = state.next++;
      calls.push(post(url, agent, JSON.stringify({ number })).then((status) => {
        if (status === 200) state.acked.add(number);
      }));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return calls;
}

test(`${ROUNDS} times kill -9 under ${PER_SECOND} webhooks a second lose nothing that was acknowledged`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-crash-'));
  const sink = await startSink();
  const state = { next: 0, acked: new Set() };
  const delivered = () => new Set(sink.received.map((entry) => JSON.parse(entry.body).number));
  const calls = [];
  let path;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const gateway = await startGateway({ dir });
      if (!path) {
        const made = await gateway.api('POST', '/connections', {
          name: 'crash', source: { name: 'crash' }, destination: { name: 'crash', type: 'HTTP', config: { url: sink.url } },
          rules: [{ type: 'retry', strategy: 'linear', interval: 500, count: 50 }],
        });
        assert.equal(made.status, 200);
        path = new URL(made.body.source.url).pathname;
      }
      const agent = new Agent({ keepAlive: true, maxSockets: 32 });
      calls.push(...await sendFor(200 + Math.random() * 600, gateway.url + path, agent, state));
      await gateway.stop({ signal: 'SIGKILL' });
      await Promise.all(calls.splice(0));
      agent.destroy();
    }
    const gateway = await startGateway({ dir });
    await until('the delivery of all that was acknowledged', () => {
      const there = delivered();
      return [...state.acked].every((number) => there.has(number));
    });
    await gateway.stop();
    assert.ok(state.acked.size > 50 * ROUNDS, `only ${state.acked.size} were acknowledged`);
  } finally {
    await sink.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('SIGTERM under load: nothing acknowledged is lost and nothing comes twice', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-stop-'));
  const sink = await startSink(() => ({ delay: 20 }));
  const state = { next: 0, acked: new Set() };
  let path;
  try {
    for (let round = 0; round < 3; round++) {
      const gateway = await startGateway({ dir });
      path ??= new URL((await gateway.api('POST', '/connections', {
        name: 'stop', source: { name: 'stop' }, destination: { name: 'stop', type: 'HTTP', config: { url: sink.url } },
      })).body.source.url).pathname;
      const agent = new Agent({ keepAlive: true, maxSockets: 32 });
      const calls = await sendFor(500, gateway.url + path, agent, state);
      await gateway.stop();
      await Promise.all(calls);
      agent.destroy();
    }
    const gateway = await startGateway({ dir });
    const numbers = () => sink.received.map((entry) => JSON.parse(entry.body).number);
    await until('the delivery of the rest', () => {
      const there = new Set(numbers());
      return [...state.acked].every((number) => there.has(number));
    });
    await gateway.stop();
    assert.equal(new Set(numbers()).size, numbers().length, 'a webhook was delivered twice');
  } finally {
    await sink.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
