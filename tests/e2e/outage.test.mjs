// Destinations that do not take what they are sent: circuit breakers, Retry-After, and what goes out when they are back.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach } from './resource.mjs';

const QUICK = ['--set', 'breaker_probe_ms=200', '--set', 'breaker_probe_most_ms=400', '--set', 'breaker_recovery_ms=1500'];
let gateway, ok, refused;
before(async () => { gateway = await startGateway({ args: QUICK }); ({ ok, refused } = callsOf(gateway)); });
after(() => gateway?.stop());

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const RETRY = [{ type: 'retry', strategy: 'linear', interval: 300, count: 50 }];
let counter = 0;
async function connect(config, { rules = RETRY, at = { ok } } = {}) {
  const name = `outage-${++counter}`;
  return at.ok('POST', '/connections', { name, source: { name: `${name}-in` }, destination: { name: `${name}-out`, config }, rules });
}
async function send(url, count, from = 0) {
  for (let i = 0; i < count; i++) {
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ i: from + i }) });
    await reply.arrayBuffer();
    assert.equal(reply.status, 200);
  }
}
const shown = async (connection, at = { ok }) => (await at.ok('GET', `/destinations/${connection.destination.id}`)).outage;
const isState = (connection, ...states) => until(`the state ${states}`, async () => states.includes((await shown(connection))?.state), { every: 10, tries: 1500 });
const isOver = (connection, at) => until('the end of the outage', async () => (await shown(connection, at)) === null, { tries: 400 });
const issuesOf = async (connection, at = { ok }) => (await at.ok('GET', `/issues?type=backpressure&aggregation_keys[destination_id]=${connection.destination.id}`)).models;
const number = ({ body }) => JSON.parse(body).i;

test('it opens, events wait without attempts, an issue says so, and a probe that is answered ends it', async () => {
  let down = true;
  const sink = await startSink(() => ({ status: down ? 500 : 200 }));
  const connection = await connect({ url: sink.url, circuit_breaker: { failures: 5 } });
  assert.equal(await shown(connection), null);
  assert.deepEqual(await issuesOf(connection), []);
  await send(connection.source.url, 5);
  await isState(connection, 'open', 'probing');
  await send(connection.source.url, 60, 5);
  const before = sink.received.length;
  await sleep(1200);
  const probes = sink.received.length - before;
  assert.ok(probes >= 1 && probes <= 6, `${probes} probes in 1.2 seconds`);
  const { models } = await ok('GET', `/events?webhook_id=${connection.id}&status=QUEUED&limit=100`);
  assert.ok(models.length > 50, `${models.length} are queued`);
  assert.ok(models.every(({ attempts }) => attempts === 0));
  const outage = await shown(connection);
  assert.match(outage.since, /^2\d{3}-.*Z$/);
  assert.ok(outage.failures >= 5);
  assert.ok(outage.next_attempt_at === null || Date.parse(outage.next_attempt_at) < Date.now() + 1000);
  const issue = await until('an issue', async () => (await issuesOf(connection))[0]);
  assert.deepEqual([issue.status, issue.type, issue.reference, issue.aggregation_keys],
    ['OPENED', 'backpressure', { destination_id: connection.destination.id }, { destination_id: [connection.destination.id], delay: [0] }]);
  const list = (await ok('GET', `/destinations?name=${connection.destination.name}`)).models;
  assert.ok(list[0].outage);
  assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /^fairlead_destination_outages 1$/m);
  down = false;
  await until('all', () => new Set(sink.received.slice(before).map(number)).size === 65);
  await isOver(connection);
  await until('the issue resolved', async () => (await issuesOf(connection))[0].status === 'RESOLVED');
  assert.ok((await issuesOf(connection))[0].auto_resolved_at);
  const ended = await until('all successful', async () => { const all = (await ok('GET', `/events?webhook_id=${connection.id}&limit=100`)).models;
    return all.every(({ status }) => status === 'SUCCESSFUL') && all; });
  assert.equal(ended.length, 65);
  await sink.stop();
});

for (const [what, open] of [[400, false], [404, false], [410, false], [429, true], [500, true], [503, true], ['refused', true], ['no TLS', true], ['timeout', true]]) {
  test(`${what} ${open ? 'is a failure of the destination' : 'is one of the event'}`, async () => {
    const own = what === 'timeout' ? await startGateway({ args: [...QUICK, '--set', 'delivery_timeout_ms=200'] }) : gateway;
    const at = callsOf(own);
    const sink = await startSink(() => ({ status: typeof what === 'number' ? what : 200, delay: what === 'timeout' ? 1000 : 0 }));
    if (what === 'refused') await sink.stop();
    const url = what === 'no TLS' ? sink.url.replace('http:', 'https:') : sink.url;
    const connection = await connect({ url, circuit_breaker: { failures: 3 } }, { at, rules: [] });
    await send(connection.source.url.replace(/^http:\/\/[^/]+/, own.url), 12);
    const events = async () => (await at.ok('GET', `/events?webhook_id=${connection.id}&limit=20`)).models;
    if (open) {
      await until('it is open', async () => (await shown(connection, at)) !== null);
    } else {
      await until('all failed', async () => (await events()).filter(({ status }) => status === 'FAILED').length === 12);
      assert.equal(await shown(connection, at), null);
    }
    if (own !== gateway) await own.stop();
    if (what !== 'refused') await sink.stop();
  });
}

test('it needs failures in a row, and for as long as the config says', async () => {
  let count = 0;
  const sink = await startSink(() => ({ status: ++count % 4 === 0 ? 200 : 500 }));
  const mixed = await connect({ url: sink.url, circuit_breaker: { failures: 4 } }, { rules: [] });
  await send(mixed.source.url, 20);
  await until('all', () => sink.received.length === 20);
  assert.equal(await shown(mixed), null);
  await sink.stop();
  const dead = await startSink(() => ({ status: 500 }));
  const lasting = await connect({ url: dead.url, circuit_breaker: { failures: 2, lasting_ms: 1500 } }, { rules: [] });
  const began = Date.now();
  await send(lasting.source.url, 10);
  await until('all', () => dead.received.length === 10);
  if (Date.now() - began < 1400) assert.equal(await shown(lasting), null);
  await until('it is open', async () => { await send(lasting.source.url, 1); return shown(lasting); });
  assert.ok(Date.now() - began >= 1400);
  const off = await connect({ url: dead.url, circuit_breaker: { failures: 0 } }, { rules: [] });
  const before = dead.received.length;
  await send(off.source.url, 40);
  await until('all were tried', () => dead.received.length >= before + 40);
  assert.equal(await shown(off), null);
  await dead.stop();
});

test('without a word about it in the config it is for those who want retries', async () => {
  const own = await startGateway({ args: ['--set', 'breaker_failures=3', '--set', 'breaker_lasting_ms=0'] }), at = callsOf(own);
  const dead = await startSink(() => ({ status: 500 }));
  for (const rules of [[], RETRY]) {
    const connection = await connect({ url: dead.url }, { at, rules }), before = dead.received.length;
    await send(connection.source.url.replace(/^http:\/\/[^/]+/, own.url), 20);
    if (rules.length > 0) await until('it is open', async () => (await shown(connection, at)) !== null);
    else await until('all were tried', () => dead.received.length === before + 20);
    if (rules.length === 0) assert.equal(await shown(connection, at), null);
  }
  await own.stop();
  await dead.stop();
});

test('what waited goes out a little at first', async () => {
  let down = true, open = 0;
  const most = [];
  const sink = await startSink(({ at }) => {
    if (down) return { status: 503 };
    most.push({ at, open: ++open });
    setTimeout(() => { open--; }, 100);
    return { delay: 100 };
  });
  const connection = await connect({ url: sink.url, circuit_breaker: { failures: 3 } });
  await send(connection.source.url, 3);
  await isState(connection, 'open', 'probing');
  await send(connection.source.url, 120, 3);
  down = false;
  await until('all', () => most.length === 123, { tries: 600 });
  const began = most[0].at, within = (ms) => Math.max(...most.filter(({ at }) => at < began + ms).map((entry) => entry.open));
  assert.equal(most[0].open, 1);
  assert.ok(within(500) <= 2, `${within(500)} at one time in the first half second`);
  assert.ok(within(60000) > within(500), 'more later');
  await isOver(connection);
  await sink.stop();
});

test('a relapse opens it again, after fewer failures, and the issue stays open', async () => {
  let down = true;
  const sink = await startSink(() => ({ status: down ? 500 : 200 }));
  const connection = await connect({ url: sink.url, circuit_breaker: { failures: 20 } });
  await send(connection.source.url, 20);
  await isState(connection, 'open', 'probing');
  down = false;
  await isState(connection, 'recovering');
  down = true;
  await send(connection.source.url, 8);
  await isState(connection, 'open', 'probing');
  assert.ok((await issuesOf(connection)).every(({ status }) => status === 'OPENED'));
  down = false;
  await isOver(connection);
  await sink.stop();
});

test('a change of the destination is tried at once', async () => {
  const own = await startGateway({ args: ['--set', 'breaker_probe_ms=600000', '--set', 'breaker_probe_most_ms=600000'] });
  const at = callsOf(own), dead = await startSink(() => ({ status: 500 })), sink = await startSink();
  const connection = await connect({ url: dead.url, circuit_breaker: { failures: 3 } }, { at });
  const url = connection.source.url.replace(/^http:\/\/[^/]+/, own.url);
  await send(url, 10);
  await until('it is open', async () => (await shown(connection, at))?.state === 'open');
  await at.ok('PUT', `/destinations/${connection.destination.id}`, { config: { url: sink.url } });
  await until('all', () => new Set(sink.received.map(number)).size === 10);
  await at.ok('PUT', `/destinations/${connection.destination.id}`, { config: { url: dead.url } });
  await send(url, 10, 10);
  await until('it is open', async () => (await shown(connection, at))?.state === 'open');
  await at.ok('PUT', `/destinations/${connection.destination.id}`, { config: { circuit_breaker: { failures: 0 } } });
  await isOver(connection, at);
  await until('the issue resolved', async () => (await issuesOf(connection, at))[0].status === 'RESOLVED');
  await own.stop();
  await sink.stop();
  await dead.stop();
});

test('a destination that is disabled or deleted has no outage any more', async () => {
  const dead = await startSink(() => ({ status: 500 }));
  for (const [method, end] of [['PUT', '/disable'], ['DELETE', '']]) {
    const connection = await connect({ url: dead.url, circuit_breaker: { failures: 3 } });
    await send(connection.source.url, 10);
    await isState(connection, 'open', 'probing');
    await until('an issue', async () => (await issuesOf(connection))[0]);
    await ok(method, `/destinations/${connection.destination.id}${end}`);
    await until('the issue resolved', async () => (await issuesOf(connection))[0].status === 'RESOLVED');
    if (method === 'PUT') assert.equal(await shown(connection), null);
  }
  await dead.stop();
});

test('an open one is open after a restart, and is probed at once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-outage-')), args = ['--set', 'breaker_probe_ms=600000', '--set', 'breaker_probe_most_ms=600000'];
  let down = true, own = await startGateway({ dir, args });
  const sink = await startSink(() => ({ status: down ? 500 : 200 }));
  const connection = await connect({ url: sink.url, circuit_breaker: { failures: 3 } }, { at: callsOf(own) });
  await send(connection.source.url.replace(/^http:\/\/[^/]+/, own.url), 30);
  await until('an issue', async () => (await issuesOf(connection, callsOf(own)))[0]);
  const { since } = await shown(connection, callsOf(own));
  for (const signal of ['SIGKILL', 'SIGTERM']) {
    await own.stop({ signal });
    await sleep(200); // what was under way has arrived
    const before = sink.received.length;
    own = await startGateway({ dir, args });
    const outage = await shown(connection, callsOf(own));
    assert.ok(['open', 'probing'].includes(outage.state));
    assert.equal(outage.since, since);
    await until('a probe', () => sink.received.length > before);
    await sleep(500);
    assert.equal(sink.received.length, before + 1);
  }
  down = false;
  await own.stop();
  own = await startGateway({ dir, args: ['--set', 'breaker_recovery_ms=100'] });
  await until('all', () => sink.received.length >= 30);
  await isOver(connection, callsOf(own));
  assert.deepEqual((await issuesOf(connection, callsOf(own))).map(({ status }) => status), ['RESOLVED']);
  await own.stop();
  await sink.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('an order stays one', async () => {
  let down = true;
  const taken = [];
  const sink = await startSink((entry) => { if (!down) taken.push(number(entry)); return { status: down ? 500 : 200 }; });
  const connection = await connect({ url: sink.url, delivery_order: { by: 'connection' }, circuit_breaker: { failures: 2 } });
  await send(connection.source.url, 40);
  await isState(connection, 'open', 'probing');
  assert.ok(sink.received.every((entry) => number(entry) === 0));
  down = false;
  await until('all', () => taken.length >= 40);
  assert.deepEqual(taken, Array.from({ length: 40 }, (_, i) => i));
  await isOver(connection);
  await sink.stop();
});

test('Retry-After holds back all that waits, also when it was another event that was told so', async () => {
  for (const status of [429, 503]) {
    let told;
    const sink = await startSink((entry) => {
      if (told !== undefined) return {};
      told = entry.at;
      return { status, headers: { 'retry-after': '2' } };
    });
    const connection = await connect({ url: sink.url }, { rules: [] });
    await send(connection.source.url, 1);
    await isState(connection, 'slowed');
    const { next_attempt_at: next } = await shown(connection);
    assert.ok(Date.parse(next) > told + 1500 && Date.parse(next) < told + 3000, next);
    await send(connection.source.url, 20, 1);
    await until('all', () => sink.received.length === 22);
    assert.ok(sink.received[1].at >= told + 1950, `${sink.received[1].at - told} ms later`);
    await isOver(connection);
    await sink.stop();
  }
});

test('a Retry-After of another status is of its event only; one without end is bounded', async () => {
  let first = true;
  const other = await startSink(() => { const status = first ? 500 : 200; first = false; return { status, headers: { 'retry-after': '3600' } }; });
  const connection = await connect({ url: other.url }, { rules: [] });
  await send(connection.source.url, 1);
  await until('the first', () => other.received.length === 1);
  await send(connection.source.url, 3, 1);
  await until('the others', () => other.received.length === 4);
  assert.equal(await shown(connection), null);
  await other.stop();
  const own = await startGateway({ args: ['--set', 'retry_after_most_ms=1000'] }), at = callsOf(own);
  let told = false;
  const sink = await startSink(() => { const status = told ? 200 : 429; told = true; return { status, headers: { 'retry-after': '86400' } }; });
  const bounded = await connect({ url: sink.url }, { at, rules: [] });
  const url = bounded.source.url.replace(/^http:\/\/[^/]+/, own.url);
  await send(url, 1);
  await until('it is slowed', async () => (await shown(bounded, at))?.state === 'slowed', { every: 10 });
  await send(url, 3, 1);
  await until('the others', () => sink.received.length === 4);
  await own.stop();
  await sink.stop();
});

test('retries are spread when they are to be', async () => {
  const own = await startGateway({ args: ['--set', 'retry_jitter_percent=50'] }), at = callsOf(own);
  const sink = await startSink(() => ({ status: 500 }));
  const waits = async (calls, url) => {
    const connection = await connect({ url: sink.url }, { at: calls, rules: [{ type: 'retry', strategy: 'linear', interval: 100000, count: 5 }] });
    await send(connection.source.url.replace(/^http:\/\/[^/]+/, url), 20);
    const events = await until('all failed', async () => {
      const { models } = await calls.ok('GET', `/events?webhook_id=${connection.id}`);
      return models.filter(({ status }) => status === 'FAILED').length === 20 && models;
    });
    return events.map((event) => Date.parse(event.next_attempt_at) - Date.parse(event.last_attempt_at));
  };
  const spread = await waits(at, own.url);
  assert.ok(Math.min(...spread) >= 100000 && Math.max(...spread) <= 150000, `${spread}`);
  assert.ok(Math.max(...spread) - Math.min(...spread) > 15000, `${spread}`);
  assert.ok(new Set(await waits({ ok }, gateway.url)).size === 1);
  await own.stop();
  await sink.stop();
});

test('what is no circuit breaker is refused, and the field named', async () => {
  const breaker = (circuit_breaker) => ({ name: 'refused', type: 'HTTP', config: { url: 'http://127.0.0.1:1/', circuit_breaker } });
  await refusesEach(refused, 'POST', '/destinations', [
    [breaker({}), /circuit_breaker\.failures: is required/], [breaker({ failures: -1 }), /circuit_breaker\.failures: /], [breaker({ failures: '5' }), /circuit_breaker\.failures: /],
    [breaker({ failures: 1, lasting_ms: -1 }), /circuit_breaker\.lasting_ms: /], [breaker({ failures: 1, lasting: 1 }), /circuit_breaker\.lasting: is not a field/], [breaker(5), /config\.circuit_breaker: must be an object/],
  ]);
  const made = await ok('POST', '/destinations', breaker({ failures: 7, lasting_ms: 100 }).config && { ...breaker({ failures: 7, lasting_ms: 100 }), name: 'breaker' });
  assert.deepEqual([made.config.circuit_breaker, made.outage], [{ failures: 7, lasting_ms: 100 }, null]);
  assert.equal((await ok('PUT', `/destinations/${made.id}`, { config: { circuit_breaker: null } })).config.circuit_breaker, undefined);
});
