// An order survives failures, retries and kill -9: per key every event arrives, and none before the one before it ended.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';

const KEYS = 50, EACH = 200, KILLS = [3000, 6000];
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Refuses some; tells what is wrong about the order of what it takes.
async function startOrderSink() {
  const taken = new Map(), wrong = [];
  let refusals = 0, total = 0;
  const server = createServer((incoming, reply) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const { key, number } = JSON.parse(Buffer.concat(chunks)), last = taken.get(key) ?? 0;
      if (number !== last && number !== last + 1) wrong.push(`${key}: ${number} after ${last}`);
      const refuse = Math.random() < 0.04;
      if (refuse) refusals++;
      else if (number > last) { taken.set(key, number); total++; }
      reply.writeHead(refuse ? 500 : 200);
      reply.end();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}`, wrong, refusals: () => refusals, total: () => total,
    stop: () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); }),
  };
}

function post(agent, url, body) {
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': body.length } },
      (reply) => { reply.resume(); reply.on('end', () => resolve(reply.statusCode)); reply.on('error', () => resolve(0)); });
    outgoing.on('error', () => resolve(0));
    outgoing.end(body);
  });
}

for (const by of ['group', 'connection']) {
  test(`in order by ${by}: ${KEYS * EACH} events, ${KEYS} keys, two kills`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-order-'));
    const sink = await startOrderSink(), agent = new Agent({ keepAlive: true });
    let gateway = await startGateway({ dir }), senders, over = false;
    try {
      const groups = { delivery_policy: { groups: { key: 'body.key' } } };
      const destination = (await gateway.api('POST', '/destinations', { name: 'out', type: 'HTTP',
        config: { url: sink.url, ...(by === 'group' ? groups : {}), delivery_order: { by } } })).body;
      const paths = [];
      for (let key = 0; key < (by === 'group' ? 1 : KEYS); key++) {
        const made = await gateway.api('POST', '/connections', { name: `c${key}`, source: { name: `in${key}` }, destination_id: destination.id,
          rules: [{ type: 'retry', strategy: 'linear', interval: 100, count: 50 }] });
        assert.equal(made.status, 200);
        paths.push(new URL(made.body.source.url).pathname);
      }
      senders = Promise.all(Array.from({ length: KEYS }, async (_, key) => {
        for (let number = 1; number <= EACH && !over;) {
          const status = await post(agent, gateway.url + paths[key % paths.length], JSON.stringify({ key, number }));
          if (status === 200) number++;
          else await sleep(20);
        }
      }));
      for (const count of KILLS) {
        await until('more', () => sink.total() >= count || sink.wrong.length > 0, { tries: 4000 });
        await gateway.stop({ signal: 'SIGKILL' });
        gateway = await startGateway({ dir });
      }
      await senders;
      await until('all', () => sink.total() === KEYS * EACH || sink.wrong.length > 0, { tries: 4000 });
      await sleep(200);
      assert.deepEqual(sink.wrong.slice(0, 5), []);
      assert.ok(sink.refusals() > KEYS);
      await gateway.stop();
    } finally { // also when it fails, or what still runs would keep it from ending
      over = true;
      await gateway.stop({ signal: 'SIGKILL' });
      await senders;
      agent.destroy();
      await sink.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });
}
