// The outage drill: a destination that refuses, hangs and resets in turn, under load, with the gateway killed in the middle.
// Afterwards everything arrives without help, at the allowed rate, and a healthy destination beside it has noticed nothing.
// FAIRLEAD_LONG=1: a minute of it, at a thousand a second.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mostWithin } from '../e2e/arrivals.mjs';
import { PROGRAM, startGateway, until } from '../e2e/gateway.mjs';

const LONG = process.env.FAIRLEAD_LONG === '1';
const RATE = LONG ? 1000 : 200, LIMIT = RATE * 2, PHASE_MS = LONG ? 20000 : 2500;
const HEALTHY_RATE = 20, PROMPT_MS = 3000;
const MOST_MORE_BYTES = 160 * 1024 * 1024; // than before the outage; what waits is on disk
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// Always on the same port. `become`: 'up', 'refuse', 'hang' or 'reset'. Whatever was open before ends with the mode.
async function startDrillSink() {
  const arrivals = [], seen = new Set(), sockets = new Set();
  let server, port = 0, mode = 'up';
  const open = () => new Promise((resolve) => {
    server = createServer((incoming, reply) => {
      const at = performance.now(), chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('end', () => {
        const { number } = JSON.parse(Buffer.concat(chunks));
        arrivals.push({ at, number });
        if (mode === 'reset') incoming.socket.resetAndDestroy();
        if (mode !== 'up') return;
        seen.add(number);
        reply.end();
      });
    });
    server.on('connection', (socket) => { sockets.add(socket); socket.on('error', () => {}); socket.on('close', () => sockets.delete(socket)); });
    server.listen(port, '127.0.0.1', () => { port = server.address().port; resolve(); });
  });
  const close = () => new Promise((resolve) => { server.close(resolve); for (const socket of sockets) socket.destroy(); });
  await open();
  return {
    url: `http://127.0.0.1:${port}`, arrivals, seen,
    async become(next) {
      if (mode !== 'refuse') await close();
      mode = next;
      if (mode !== 'refuse') await open();
    },
    stop: close,
  };
}

// Posts to the gateway that is there now, each number until it is acknowledged; notes when that was.
function startSender(agent, target, rate) {
  const acknowledged = new Map();
  let next = 0, running = true, open = 0;
  const post = (number, path) => new Promise((resolve) => {
    const body = JSON.stringify({ number });
    const outgoing = request(target.url + path, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': body.length } },
      (reply) => { reply.resume(); reply.on('end', () => resolve(reply.statusCode)); reply.on('error', () => resolve(0)); });
    outgoing.on('error', () => resolve(0));
    outgoing.end(body);
  });
  const sendOne = async (number, path) => {
    open++;
    while (await post(number, path) !== 200) await sleep(100);
    acknowledged.set(number, performance.now());
    open--;
  };
  return {
    acknowledged,
    start(path) {
      const began = performance.now();
      const timer = setInterval(() => {
        const due = Math.floor((performance.now() - began) * rate / 1000);
        while (running && next < due && open < 256) sendOne(next++, path);
        if (!running) clearInterval(timer);
      }, 5);
    },
    async stop() {
      running = false;
      await until('all acknowledged', () => open === 0, { tries: 1200 });
    },
  };
}

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;

test(`${(3 * PHASE_MS) / 1000} s of refusing, hanging and resetting under ${RATE} a second, with a kill`, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-outage-'));
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const sick = await startDrillSink(), healthy = await startDrillSink();
  let gateway = await startGateway({ dir });
  const connect = async (name, config) => (await gateway.api('POST', '/connections', { name, source: { name: `${name}-in` },
    destination: { name: `${name}-out`, config }, rules: [{ type: 'retry', strategy: 'linear', interval: 1000, count: 50 }] })).body;
  const sickly = await connect('sick', { url: sick.url, rate_limit: LIMIT, circuit_breaker: { failures: 20 } });
  const sound = await connect('healthy', { url: healthy.url });
  const target = { url: gateway.url }, toSick = startSender(agent, target, RATE), toHealthy = startSender(agent, target, HEALTHY_RATE);
  let failed = 0, most = 0, restartAt = 0;
  const countFailed = async () => Number(/^fairlead_attempts_failed_total (\d+)/m.exec(await (await fetch(`${gateway.url}/metrics`)).text())[1]);
  const outage = async () => (await gateway.api('GET', `/destinations/${sickly.destination.id}`)).body.outage;
  const watch = setInterval(() => { try { most = Math.max(most, residentBytes(gateway.child.pid)); } catch { /* it is being restarted */ } }, 100);

  toSick.start(new URL(sickly.source.url).pathname);
  toHealthy.start(new URL(sound.source.url).pathname);
  await until('some', () => sick.seen.size > RATE && healthy.seen.size > HEALTHY_RATE);
  const before = most;
  await sick.become('refuse');
  await until('the outage is seen', outage, { tries: 400 });
  await sleep(PHASE_MS);
  await sick.become('hang');
  await sleep(PHASE_MS / 2);
  failed += await countFailed();
  restartAt = performance.now();
  await gateway.stop({ signal: 'SIGKILL' });
  gateway = await startGateway({ dir });
  target.url = gateway.url;
  assert.ok(await outage(), 'it is known after the restart');
  await sleep(PHASE_MS / 2);
  await sick.become('reset');
  await sleep(PHASE_MS);
  failed += await countFailed();
  await sick.become('up');
  await Promise.all([toSick.stop(), toHealthy.stop()]);
  const waiting = toSick.acknowledged.size - sick.seen.size, began = performance.now();
  await until('everything arrived', () => [...toSick.acknowledged.keys()].every((number) => sick.seen.has(number)), { every: 500, tries: 600 });
  t.diagnostic(`${toSick.acknowledged.size} webhooks, ${waiting} waited at the end of it and were there ${Math.round(performance.now() - began)} ms later`);
  clearInterval(watch);

  assert.ok(mostWithin(sick.arrivals, 1000) <= LIMIT, `${mostWithin(sick.arrivals, 1000)} in one second, of ${LIMIT}`);
  t.diagnostic(`${failed} attempts failed`);
  assert.ok(failed < 600, `${failed} attempts failed: the others waited`);
  await until('the healthy one has all', () => [...toHealthy.acknowledged.keys()].every((number) => healthy.seen.has(number)));
  const late = healthy.arrivals.filter(({ at, number }) => {
    const acknowledged = toHealthy.acknowledged.get(number);
    return at - acknowledged > PROMPT_MS && !(acknowledged < restartAt && at > restartAt);
  });
  assert.deepEqual(late, [], 'the healthy one got its webhooks at once');
  t.diagnostic(`${Math.round(before / 1048576)} MiB before, at most ${Math.round(most / 1048576)} MiB`);
  if (!/asan|tsan/.test(PROGRAM)) assert.ok(most - before < MOST_MORE_BYTES, `${most} bytes, ${before} before`);
  await until('the outage is over', async () => await outage() === null, { tries: 600 });
  const issues = (await gateway.api('GET', '/issues?type=backpressure')).body.models;
  assert.deepEqual(issues.map(({ status, aggregation_keys: { delay } }) => [status, ...delay]), [['RESOLVED', 0]]);
  await gateway.stop();
  agent.destroy();
  await Promise.all([sick.stop(), healthy.stop()]);
  rmSync(dir, { recursive: true, force: true });
});
