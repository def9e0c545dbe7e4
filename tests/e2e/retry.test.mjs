// Retries as a destination sees them: when, after which statuses, how often, and over a restart.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';

const SLOW_MS = 140, LATE_MS = 3000; // an attempt is never early; a busy machine may see one this late
const dir = mkdtempSync(join(tmpdir(), 'fairlead-retry-'));
let gateway, sink, ok, counter = 0;
const answers = new Map(); // by the first part of the path: (attempt) => { status, headers }

before(async () => {
  gateway = await startGateway({ dir });
  sink = await startSink((entry) => {
    const name = entry.url.slice(1);
    return answers.get(name)(received(name).length);
  });
  ({ ok } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const received = (name) => sink.received.filter(({ url }) => url === `/${name}`);

// One webhook to a connection with that retry rule (null: none); gives its event.
async function deliver(rule, answer) {
  const name = `r${++counter}`;
  answers.set(name, answer);
  const connection = await ok('PUT', '/connections', {
    name, source: { name }, destination: { name, type: 'HTTP', config: { url: `${sink.url}/${name}` } },
    rules: rule ? [{ type: 'retry', ...rule }] : [],
  });
  const reply = await fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const { request_id } = await reply.json();
  const event = () => ok('GET', `/events?request_id=${request_id}`).then(({ models }) => models[0]);
  // No attempt is under way or planned any more.
  const ended = () => until(`the end of ${name}`, async () => {
    const now = await event();
    return now?.attempts > 0 && now.next_attempt_at === null && now.status !== 'QUEUED' && now;
  }, { tries: 600 });
  return { name, event, ended, attempts: async () => (await ok('GET', `/attempts?event_id=${(await event()).id}&order_by=created_at&dir=asc`)).models };
}

// By the gateway's own record exactly, at the sink as far as a busy machine lets it see.
async function assertWaits({ name, attempts }, expected) {
  const began = (await attempts()).map(({ delivered_at }) => Date.parse(delivered_at));
  const came = received(name).map(({ at }) => at);
  assert.deepEqual([began.length, came.length], [expected.length + 1, expected.length + 1], name);
  expected.forEach((ms, i) => {
    const waited = [began[i + 1] - began[i], came[i + 1] - came[i]];
    assert.ok(waited[0] >= ms && waited[1] > ms - SLOW_MS && waited[1] < ms + LATE_MS, `${name}: wait ${i + 1} took ${waited} ms instead of ${ms}`);
  });
}
const always = (status, headers) => () => ({ status, headers });

test('linear: the same wait before each, as often as the rule says', async () => {
  const sent = await deliver({ strategy: 'linear', interval: 300, count: 3 }, always(500));
  const { name, ended, attempts } = sent;
  const event = await ended();
  assert.deepEqual([event.status, event.attempts, event.response_status], ['FAILED', 4, 500]);
  await assertWaits(sent, [300, 300, 300]);
  assert.deepEqual((await attempts()).map(({ trigger, attempt_number }) => [trigger, attempt_number]),
    [['INITIAL', 1], ['AUTOMATIC', 2], ['AUTOMATIC', 3], ['AUTOMATIC', 4]]);
  const heads = received(name).map(({ headers }) => [headers['x-hookdeck-attempt-count'], headers['x-hookdeck-attempt-trigger']]);
  assert.deepEqual(heads, [['1', 'INITIAL'], ['2', 'AUTOMATIC'], ['3', 'AUTOMATIC'], ['4', 'AUTOMATIC']]);
});

test('exponential: each wait is twice the one before', async () => {
  const sent = await deliver({ strategy: 'exponential', interval: 150, count: 4 }, always(503));
  assert.equal((await sent.ended()).attempts, 5);
  await assertWaits(sent, [150, 300, 600, 1200]);
});

test('a success ends it', async () => {
  const { name, ended } = await deliver({ strategy: 'linear', interval: 100, count: 10 }, (attempt) => ({ status: attempt < 3 ? 500 : 204 }));
  const event = await ended();
  assert.deepEqual([event.status, event.attempts, event.response_status, received(name).length], ['SUCCESSFUL', 3, 204, 3]);
});

const STATUSES = [
  // [expressions, status, is it retried?]
  [['500'], 500, true], [['500'], 501, false], [['500-599'], 599, true], [['500-599'], 404, false], [['>400'], 401, true],
  [['>400'], 400, false], [['>=500'], 500, true], [['>=500'], 499, false], [['<500'], 404, true], [['<500'], 500, false],
  [['<=404'], 404, true], [['<=404'], 405, false], [['!404'], 404, false], [['!404'], 405, true], [['500-599', '!503'], 503, false],
  [['500-599', '!503'], 502, true], [['404', '409'], 409, true],
];
test('status expressions', async () => {
  await Promise.all(STATUSES.map(async ([response_status_codes, status, retried]) => {
    const { name, ended } = await deliver({ strategy: 'linear', interval: 100, count: 1, response_status_codes }, always(status));
    const event = await ended();
    assert.deepEqual([event.attempts, event.response_status], [retried ? 2 : 1, status], `${response_status_codes} on ${status}`);
    assert.equal(received(name).length, retried ? 2 : 1);
  }));
});

test('without a reply it is retried whatever the statuses', async () => {
  const closed = await startSink();
  await closed.stop();
  const connection = await ok('PUT', '/connections', {
    name: 'closed', source: { name: 'closed' }, destination: { name: 'closed', type: 'HTTP', config: { url: closed.url } },
    rules: [{ type: 'retry', strategy: 'linear', interval: 100, count: 2, response_status_codes: ['503'] }],
  });
  await fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const event = await until('three attempts', async () =>
    (await ok('GET', `/events?webhook_id=${connection.id}`)).models.find((model) => model.attempts === 3));
  assert.deepEqual([event.status, event.error_code], ['FAILED', 'CONNECTION_REFUSED']);
});

test('Retry-After in seconds and as a date wins over the interval, and makes for a retry without a rule', async () => {
  const seconds = await deliver({ strategy: 'linear', interval: 60000, count: 2 }, (attempt) => ({ status: attempt < 2 ? 503 : 200, headers: { 'retry-after': '1' } }));
  const date = await deliver({ strategy: 'linear', interval: 60000, count: 2 }, (attempt) => ({
    status: attempt < 2 ? 429 : 200, headers: { 'retry-after': new Date(Date.now() + 2000).toUTCString() } }));
  const without = await deliver(null, (attempt) => ({ status: attempt < 2 ? 503 : 200, headers: { 'retry-after': '1' } }));
  for (const { ended, name } of [seconds, date, without]) {
    const event = await ended();
    assert.deepEqual([event.status, event.attempts], ['SUCCESSFUL', 2], name);
  }
  await assertWaits(seconds, [1000]);
  await assertWaits(without, [1000]);
  const [first, second] = received(date.name);
  assert.ok(second.at - first.at >= 1000 - SLOW_MS && second.at - first.at < 2000 + LATE_MS);
});

test('Retry-After -1 ends the automatic retries; no rule and no header: one attempt', async () => {
  const stopped = await deliver({ strategy: 'linear', interval: 100, count: 5 }, always(503, { 'retry-after': '-1' }));
  const none = await deliver(null, always(500));
  for (const { ended, name } of [stopped, none]) {
    assert.deepEqual([(await ended()).status, received(name).length], ['FAILED', 1]);
  }
});

test('a changed rule counts from the next attempt on', async () => {
  const { name, event, ended } = await deliver({ strategy: 'linear', interval: 400, count: 50 }, always(500));
  await until('the first attempt', async () => (await event())?.attempts >= 1);
  const { webhook_id } = await event();
  await ok('PUT', `/connections/${webhook_id}`, { rules: [] });
  await ended();
  assert.ok(received(name).length <= 2, `${received(name).length} attempts`);
});

test('the schedule survives a restart', async () => {
  const rule = { strategy: 'linear', interval: 2500, count: 1 };
  const planned = await deliver(rule, always(500));
  const overdue = await deliver({ ...rule, interval: 500 }, always(500));
  for (const { event } of [planned, overdue]) await until('a plan', async () => (await event())?.next_attempt_at);
  const [first] = received(planned.name);
  await gateway.stop();
  await new Promise((resolve) => setTimeout(resolve, 600)); // one of them is due meanwhile
  gateway = await startGateway({ dir });
  ({ ok } = callsOf(gateway));
  await until('both retries', () => received(planned.name).length === 2 && received(overdue.name).length === 2, { tries: 400 });
  const waited = received(planned.name)[1].at - first.at;
  assert.ok(waited >= 2500 - SLOW_MS && waited < 2500 + LATE_MS, `${waited} ms`);
});
